import { type Command, Option } from 'commander';
import { exitCodeOf } from '../../core/diff-report.ts';
import { type DiffFormat, diffFormats, renderDiff } from '../../core/report/diff-formats.ts';
import { loadItemTypes } from '../../features/inventory/item-type-files.ts';
import { loadPlan, readConfigText } from '../config-file.ts';
import { DIFF_EXIT_CODES } from '../exit-codes.ts';
import { packageVersion } from '../package-version.ts';
import type { Terminal } from '../terminal.ts';
import { keepYoungGenerationSmall } from '../young-generation.ts';
import { diffExports } from './offline-diff.ts';

interface DiffOptions {
  readonly format: DiffFormat;
  readonly plan?: string;
  readonly types?: string;
}

/** Adds `driftplane diff`. */
export function addDiff(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  program
    .command('diff')
    .description('compare two exports: folders, NDJSON files or JSON arrays, gzipped or not')
    .argument('<baseline>', 'the export to compare with')
    .argument('<current>', 'the export as it is now')
    .addOption(
      new Option('-f, --format <format>', 'how to say it').choices([...diffFormats]).default('table'),
    )
    .option('-p, --plan <file>', 'a plan (YAML): which drift counts and which changes are noise')
    .option('-t, --types <file>', 'item types of your own (YAML), before the built-in ones')
    .addHelpText('after', DIFF_EXIT_CODES)
    .action(async (baseline: string, current: string, options: DiffOptions) => {
      exitWith(await runDiff(baseline, current, options, terminal));
    });
}

/** Compares two exports, writes the report to stdout and returns the exit code. Throws DriftplaneError. */
async function runDiff(
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
