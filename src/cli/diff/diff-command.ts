import { exitCodeOf } from '../../core/diff-report.ts';
import { type DiffFormat, renderDiff } from '../../core/report/diff-formats.ts';
import { loadItemTypes } from '../../features/inventory/item-type-files.ts';
import { loadPlan, readConfigText } from '../config-file.ts';
import { packageVersion } from '../package-version.ts';
import type { Terminal } from '../terminal.ts';
import { keepYoungGenerationSmall } from '../young-generation.ts';
import { diffExports } from './offline-diff.ts';

export interface DiffOptions {
  readonly format: DiffFormat;
  readonly plan?: string;
  readonly types?: string;
}

/** Compares two exports, writes the report to stdout and returns the exit code. Throws DriftplaneError. */
export async function runDiff(
  baselinePath: string,
  currentPath: string,
  options: DiffOptions,
  terminal: Terminal,
): Promise<number> {
  keepYoungGenerationSmall();
  const plan = loadPlan(options.plan);
  const { types } = options;
  const registry = loadItemTypes(types === undefined ? null : { path: types, text: readConfigText(types) });
  const { report, otherFileCount } = await diffExports({
    baselinePath,
    currentPath,
    registry,
    plan,
    onProgress: (side, count) => terminal.progress(`reading ${side}: ${count} items`),
  });
  terminal.progress(null);
  if (otherFileCount > 0) {
    terminal.say(
      `${otherFileCount} ${otherFileCount === 1 ? 'file' : 'files'} not read: not .json, .ndjson or .jsonl.`,
    );
  }
  const { width, isColoured } = terminal;
  await terminal.write(
    renderDiff(report, { format: options.format, width, isColoured, toolVersion: packageVersion() }),
  );
  return exitCodeOf(report);
}
