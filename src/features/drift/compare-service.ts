import type { TypeCoverage } from '../../core/coverage.ts';
import type { Finding } from '../../core/generate.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { UnprovenChanges } from '../executions/execution.ts';
import { generateDriftParts } from './drift-generator.ts';
import { DriftTally } from './drift-tally.ts';
import { resolvePlan } from './resolve-plan.ts';
import { loadRunPair, pairCoverage, requireIntervals } from './run-pair.ts';

/** What drifted between any two applied runs of a scope, for whoever asks; nothing is kept of it. */
export interface RunComparison {
  readonly counts: Readonly<Record<string, number>>;
  readonly coverage: readonly TypeCoverage[];
  readonly unproven: UnprovenChanges;
  /** The first of them, by item type, external id and drift type; `counts.findings` says how many there are. */
  readonly findings: readonly Finding[];
  readonly isTruncated: boolean;
  readonly findingsDigest: string;
}

/** Compares two runs, in either order, under the plan that is in force for their source. Throws `run_not_found` and `not_replayable`. */
export async function compareRuns(
  tx: WorkspaceTransaction,
  wanted: { readonly baselineRunId: string; readonly currentRunId: string; readonly limit: number },
  signal?: AbortSignal,
): Promise<RunComparison> {
  const pair = await loadRunPair(tx, wanted);
  await requireIntervals(tx, pair);
  const { plan } = await resolvePlan(tx, pair.observation);
  const tally = new DriftTally();
  const findings: Finding[] = [];
  for await (const parts of generateDriftParts(tx, { pair, plan, tally, signal })) {
    for (const part of parts) {
      if (part.kind !== 'drifted') continue;
      findings.push(...part.findings.slice(0, wanted.limit - findings.length));
    }
  }
  const counts = tally.counts();
  return {
    counts,
    coverage: pairCoverage(pair),
    unproven: tally.unproven(pair),
    findings,
    isTruncated: findings.length < (counts.findings ?? 0),
    findingsDigest: tally.findingsDigest(),
  };
}
