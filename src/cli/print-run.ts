import { printable } from '../core/report/printable.ts';
import type { RunResponse } from '../features/inventory/sync-run-contract.ts';
import { printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

/** How many problems, items and types are shown; --json has all that the server lists. */
const MAX_SHOWN = 20;

/** Writes a run for people, or as JSON. */
export async function printRun(
  run: RunResponse,
  options: { readonly json?: true | undefined },
  terminal: Terminal,
): Promise<void> {
  const { counts } = run;
  await printRecord(
    run,
    [
      ['run', run.runId],
      ['status', run.status + (run.runSeq === null ? '' : `, number ${run.runSeq} of its scope`)],
      ['source', run.sourceId],
      ['scope', run.scopeId],
      ['requested', `${run.requestedAt} by ${run.requestedBy} (${run.trigger})`],
      ['finished', run.finishedAt],
      ['items', counts.items ?? null],
      ['changes', changesText(run)],
      ['read', `${counts.records ?? 0} objects, ${counts.same ?? 0} as they were byte for byte`],
      ['not proven', counts.unprovenRemovals ? `${counts.unprovenRemovals} items were not seen` : null],
      ['error', run.error === null ? null : `${run.error.message} [${run.error.code}]`],
      ['held', holdText(run)],
    ].filter(isKnown),
    options,
    terminal,
  );
  if (options.json === true) return;
  const incomplete = run.coverage.filter(({ status }) => status !== 'complete');
  await section(
    'Not enumerated completely',
    incomplete.map((entry) => `${nameOf(entry.itemType)}: ${entry.status}, ${entry.reason ?? ''}`),
  );
  await section(
    'Ambiguous, so not compared',
    run.ambiguous.map((item) => `${item.itemType} ${item.externalId}: ${item.paths.join(', ')}`),
  );
  await section(
    'Not seen, without proof that they are gone',
    run.unprovenRemovals.map((item) => `${item.itemType} ${item.label} (${item.externalId})`),
  );
  await section(
    'Problems',
    run.problems.map((problem) => `${problem.path}: ${problem.detail} [${problem.code}]`),
  );

  async function section(title: string, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const shown = lines.slice(0, MAX_SHOWN).map((line) => `  ${printable(line)}`);
    if (lines.length > MAX_SHOWN) shown.push(`  … and ${lines.length - MAX_SHOWN} more (--json)`);
    await terminal.write(`\n${title}:\n${shown.join('\n')}\n`);
  }
}

function isKnown(field: (string | number | null)[]): field is [string, string | number] {
  return field[1] !== null;
}

function nameOf(itemType: string): string {
  return itemType === '*' ? 'every other type' : itemType;
}

function changesText({ counts }: RunResponse): string | null {
  if (counts.added === undefined) return null;
  const renormalised = counts.renormalised ? `, ${counts.renormalised} under changed rules` : '';
  return `${counts.added} added, ${counts.removed} removed, ${counts.changed} changed${renormalised}`;
}

function holdText({ hold, heldUntil }: RunResponse): string | null {
  if (hold === null || heldUntil === null) return null;
  const types = hold.types.map(({ itemType, gone, live }) => `${gone} of ${live} ${itemType}`);
  return `${types.join(', ')} gone at once; waits until ${heldUntil} for driftplane runs confirm|reject`;
}
