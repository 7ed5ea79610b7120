import { readFileSync } from 'node:fs';
import type { InventoryCounts } from './generate-inventory.ts';
import { requireEqual } from './require-equal.ts';

/**
 * Throws BenchError unless `git diff --name-status` said what the generator changed. Git may take one that went and
 * one that came for a rename (R), though they have different ids.
 */
export function verifyNameStatus(path: string, counts: InventoryCounts): void {
  const { added, removed, changed, resaved } = counts;
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const count = (letter: string) => lines.filter((line) => line.startsWith(letter)).length;
  const renamed = count('R');
  requireEqual(
    'the name status of git',
    {
      lines: lines.length,
      added: count('A') + renamed,
      removed: count('D') + renamed,
      changed: count('M'),
    },
    {
      lines: added + removed + changed + resaved - renamed,
      added,
      removed,
      changed: changed + resaved,
    },
  );
}
