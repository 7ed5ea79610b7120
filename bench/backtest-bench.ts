import type { Database } from '../src/db/database.ts';
import { systemActor, withWorkspace } from '../src/db/workspace-transaction.ts';
import { runBacktestJob } from '../src/features/drift/backtest-runner.ts';
import { getBacktest, requestBacktest } from '../src/features/executions/backtest-service.ts';
import { type Spread, spreadOf } from './bench-report.ts';
import { formatTable } from './print-table.ts';
import { requireEqual } from './require-equal.ts';
import { seedHistory } from './seed-history.ts';

export interface BacktestBenchResult {
  readonly pairs: number;
  readonly candidates: number;
  readonly seconds: Spread;
  readonly candidatesPerSecond: number;
}

/** A plan of the kind that people write: noise, factors with conditions, thresholds. */
const document = {
  name: 'bench',
  scopeType: 'workspace',
  thresholds: { ignore: 0.1, digestOnly: 0.3, notify: 0.6 },
  impactRules: {
    multipliers: [
      { name: 'assigned', factor: 1.5, when: 'driftType == "assignment"' },
      { name: 'limits', factor: 1.2, when: 'paths.exists(p, p.startsWith("/settings/"))' },
    ],
  },
  noiseControls: { ignoreChanges: [{ path: '/description' }, { itemType: 'bench.*', path: '/settings/a' }] },
};

/** Tries a plan on all pairs of a history, in the job as a worker runs it, to its result in the database. */
export async function benchBacktest(options: {
  readonly database: Database;
  readonly pairs: number;
  readonly changesPerPair: number;
  readonly runs: number;
  readonly onProgress: (text: string) => void;
}): Promise<BacktestBenchResult> {
  const { database, runs, onProgress } = options;
  const seeded = await seedHistory(database, options);
  onProgress(`${seeded.pairs} pairs with ${seeded.candidates} candidates seeded`);
  const { workspaceId } = seeded;
  const who = { workspaceId, actor: systemActor };
  const seconds: number[] = [];
  const digests = new Set<string | null>();
  for (let run = 0; run <= runs; run++) {
    const { backtestId } = await withWorkspace(database.app, who, (tx) =>
      requestBacktest(tx, { plan: { document }, scopeIds: null, days: 30 }),
    );
    const startedAt = performance.now();
    await runBacktestJob(database, {
      workspaceId,
      backtestId,
      signal: new AbortController().signal,
      isLastAttempt: true,
    });
    const took = (performance.now() - startedAt) / 1000;
    const { summary, resultDigest } = await withWorkspace(database.app, who, (tx) =>
      getBacktest(tx, backtestId),
    );
    requireEqual('the pairs that were tried', summary?.pairs ?? 0, seeded.pairs);
    requireEqual('the candidates of the backtest', summary?.candidates ?? 0, seeded.candidates);
    digests.add(resultDigest);
    onProgress(`${run === 0 ? 'warm-up' : `run ${run} of ${runs}`}: backtest ${took.toFixed(2)} s`);
    if (run > 0) seconds.push(took);
  }
  requireEqual('the digests of the same backtest', digests.size, 1);
  const spread = spreadOf(seconds);
  return {
    pairs: seeded.pairs,
    candidates: seeded.candidates,
    seconds: spread,
    candidatesPerSecond: seeded.candidates / spread.median,
  };
}

export function formatBacktestBench({ seconds, candidatesPerSecond }: BacktestBenchResult): string {
  const { median, min, max } = seconds;
  return formatTable(
    ['backtest', 'median (min–max) s', 'candidates per second'],
    [
      [
        'under two plans each',
        `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`,
        candidatesPerSecond.toFixed(0),
      ],
    ],
  );
}
