import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BenchReport } from '../../bench/bench-report.ts';

const script = join(import.meta.dirname, '..', '..', 'bench', 'bench.ts');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'driftplane-plans-test-'));
  // Run by root, the database belongs to another user, who has to pass through.
  chmodSync(folder, 0o711);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('bench plans: resolves, hashes and backtests beside its peer, checks every answer and leaves nothing', () => {
  const args = ['plans', '--items', '1000', '--runs', '1', '--dir', folder, '--json'];

  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

  expect({ status, stderr }).toMatchObject({ status: 0 });
  const report = JSON.parse(stdout) as BenchReport;
  expect(report.subject).toBe('100 plans; 10 pairs of runs with 1100 candidates');
  expect(report.sections?.map(({ data }) => data)).toMatchObject([
    { calls: 1000, ratio: expect.any(Number) },
    { median: expect.any(Number) },
    { pairs: 10, candidates: 1100, candidatesPerSecond: expect.any(Number) },
  ]);
  expect(report.goals).toHaveLength(3);
  expect(readdirSync(folder)).toEqual([]);
}, 300_000);
