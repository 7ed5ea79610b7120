import type { Command } from 'commander';
import type { JsonValue } from '../core/json-value.ts';
import { printable } from '../core/report/printable.ts';
import { findingLines } from '../core/report/table-findings.ts';
import { terminalStyles } from '../core/report/terminal-style.ts';
import type { ComparisonResponse } from '../features/drift/drift-contract.ts';
import { openApiClient } from './api-client.ts';
import { parsePositive } from './parse-positive.ts';
import type { Terminal } from './terminal.ts';

/** Adds `compare` to `driftplane runs`: what drifted between any two runs of a scope, without keeping it. */
export function addCompare(runs: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  runs
    .command('compare')
    .description('compare any two applied runs of a scope; nothing is kept of it (exit code 1: drift)')
    .argument('<baseline>', 'the run to compare with (id)')
    .argument('<current>', 'the other one (id)')
    .option('--limit <count>', 'findings that are shown', parsePositive, 100)
    .option('--json', 'as JSON')
    .action(async (baselineRunId: string, currentRunId: string, options: { limit: number; json?: true }) => {
      const comparison = await openApiClient(process.env).call<ComparisonResponse>({
        method: 'POST',
        resource: 'executions',
        query: { limit: options.limit },
        body: { baselineRunId, currentRunId },
      });
      await terminal.write(
        options.json === true
          ? `${JSON.stringify(comparison, null, 2)}\n`
          : comparisonText(comparison, terminal),
      );
      exitWith(exitCodeOf(comparison));
    });
}

function exitCodeOf({ counts, coverage, unproven }: ComparisonResponse): 0 | 1 | 3 {
  if ((counts.findings ?? 0) > 0) return 1;
  const isProven = unproven.additions.count === 0 && unproven.removals.count === 0;
  const isComplete = coverage.every(({ status }) => status === 'complete');
  return isProven && isComplete ? 0 : 3;
}

function comparisonText(comparison: ComparisonResponse, { width, isColoured }: Terminal): string {
  const styles = terminalStyles(isColoured);
  const { counts, findings, unproven, isTruncated } = comparison;
  const blocks = findings.map((finding) =>
    findingLines(
      {
        ...finding,
        itemTypeTitle: finding.itemType,
        impact: 0,
        confidence: 1,
        score: 0,
        route: 'notify',
        path: '',
        changes: finding.changes.map((change) => ({
          ...change,
          before: change.before as JsonValue,
          after: change.after as JsonValue,
        })),
      },
      { width, styles },
    ).join('\n'),
  );
  const unprovenItems = [...unproven.additions.items, ...unproven.removals.items].map(
    (item) => `  ${printable(`${item.itemType} ${item.label} (${item.externalId})`)}`,
  );
  return `${[
    ...blocks,
    ...(unprovenItems.length === 0 ? [] : [`Seen or missing without proof:\n${unprovenItems.join('\n')}`]),
    `${counts.findings ?? 0} findings${isTruncated ? `, the first ${findings.length} shown` : ''}.`,
  ].join('\n\n')}\n`;
}
