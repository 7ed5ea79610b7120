import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parsePlan } from '../src/core/parse-plan.ts';
import { generatePlanHash } from '../src/core/plan-hash.ts';
import type { PlanDocument } from '../src/core/plan-schema.ts';
import { getAllTemplates } from '../src/core/plan-templates.ts';
import { databaseUrls, openDatabase } from '../src/db/database.ts';
import { openEmbeddedDatabase } from '../src/db/embedded/embedded-database.ts';
import { migrate } from '../src/db/migrate.ts';
import { type BacktestBenchResult, benchBacktest, formatBacktestBench } from './backtest-bench.ts';
import { BenchError } from './bench-error.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchReport, type Goal, type Spread, spreadOf } from './bench-report.ts';
import { Cleanup } from './cleanup.ts';
import { describeMachine, loadNow } from './machine.ts';
import { formatTable } from './print-table.ts';
import { benchResolve, formatResolveBench, type ResolveBenchResult } from './resolve-bench.ts';
import { seedPlans } from './seed-plans.ts';
import { openWorkFolder } from './work-folder.ts';

/** `--items` is what a backtest goes through; a tenth of it is plans. */
const PLAN_SHARE = 0.1;
const PAIR_SHARE = 0.01;
const MAX_RESOLVE_MS = 1;
const MAX_PEER_RATIO = 2;
const MIN_CANDIDATES_PER_SECOND = 20_000;
const CALLS = 20_000;

/**
 * Plans: finding one among many in the database and in memory, hashing them, and trying one on stored pairs of runs. At
 * the default of 100,000 items: 10,000 plans, 1,000 pairs, 100,000 items that drifted.
 */
export async function runPlansBench(options: BenchOptions): Promise<BenchReport> {
  const { items, runs, onProgress } = options;
  const machine = describeMachine({});
  const loadBefore = loadNow();
  const cleanup = new Cleanup();
  const workFolder = openWorkFolder(options.dir, () => cleanup.interrupt());
  try {
    return await cleanup.after(async () => {
      const dataDir = mkdtempSync(join(workFolder.path, 'plans-'));
      // Started by root, PostgreSQL runs as another user, who has to pass through.
      chmodSync(dataDir, 0o711);
      cleanup.defer(async () => rmSync(dataDir, { recursive: true, force: true }));
      const embedded = await openEmbeddedDatabase({ dataDir: join(dataDir, 'database'), log: onProgress });
      cleanup.defer(() => embedded.stop());
      await migrate(embedded.ownerUrl, { log: () => {} });
      const database = openDatabase(databaseUrls({ ownerUrl: embedded.ownerUrl }));
      cleanup.defer(() => database.close());
      const count = Math.max(1, Math.round(items * PLAN_SHARE));
      const seeded = await seedPlans(database, count);
      onProgress(`${count} plans seeded`);
      const resolve = await benchResolve({ database, seeded, calls: Math.min(CALLS, items), onProgress });
      const hash = benchHash(count, runs);
      onProgress(`hash ${count} plans: ${hash.median.toFixed(2)} s`);
      const pairs = Math.max(1, Math.round(items * PAIR_SHARE));
      const backtest = await benchBacktest({
        database,
        pairs,
        changesPerPair: Math.round(items / pairs),
        runs,
        onProgress,
      });
      return {
        benchmark: 'plans',
        subject: `${count} plans; ${backtest.pairs} pairs of runs with ${backtest.candidates} candidates`,
        machine,
        load: { before: loadBefore, after: loadNow() },
        method: [
          'In the database: planning and execution as the database tells them, 2,000 calls, each another subject.',
          'In memory: over an index of all plans; unleash-client holds as many flags, each with one constraint.',
          `Backtest: the job as a worker runs it, ${runs} times after one warm-up that does not count.`,
          'Every plan that the database found was checked against the pure function; every backtest gave one digest.',
        ],
        measured: [],
        sections: [
          {
            title: `Resolve a plan among ${count}, ${resolve.calls} calls`,
            text: formatResolveBench(resolve),
            data: resolve,
          },
          { title: `Hash ${count} plans`, text: formatHash(count, hash), data: hash },
          { title: 'Backtest', text: formatBacktestBench(backtest), data: backtest },
        ],
        goals: goalsOf(resolve, backtest),
      };
    });
  } finally {
    workFolder.dispose();
  }
}

/** Seconds for hashing so many parsed plans, made of the templates under other names. */
function benchHash(count: number, runs: number): Spread {
  const bases = getAllTemplates().map(({ plan }) => {
    const scopeRef = plan.scopeType === 'workspace' ? null : 'acme/repo';
    const parsed = parsePlan({ ...plan, scopeRef });
    if (!parsed.ok) throw new BenchError('a template is no valid plan');
    return parsed.plan;
  });
  const plans = Array.from({ length: count }, (_, index): PlanDocument => {
    return { ...(bases[index % bases.length] as PlanDocument), name: `plan ${index}` };
  });
  const seconds: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const startedAt = performance.now();
    const hashes = new Set(plans.map(generatePlanHash));
    if (hashes.size !== count) throw new BenchError('two plans have one hash');
    if (run > 0) seconds.push((performance.now() - startedAt) / 1000);
  }
  return spreadOf(seconds);
}

function formatHash(count: number, { median, min, max }: Spread): string {
  return formatTable(
    ['hash', 'median (min–max) s', 'plans per second'],
    [
      [
        'canonical form and SHA-256',
        `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`,
        (count / median).toFixed(0),
      ],
    ],
  );
}

function goalsOf(resolve: ResolveBenchResult, backtest: BacktestBenchResult): Goal[] {
  const { inDatabase, ratio } = resolve;
  const perSecond = backtest.candidatesPerSecond;
  return [
    {
      goal: `resolve in the database: p99 ≤ ${MAX_RESOLVE_MS} ms`,
      measured: `${inDatabase.p99.toFixed(3)} ms`,
      isMet: inDatabase.p99 <= MAX_RESOLVE_MS,
    },
    {
      goal: `resolve in memory ≤ ${MAX_PEER_RATIO} × unleash-client`,
      measured: `${ratio.toFixed(2)} ×`,
      isMet: ratio <= MAX_PEER_RATIO,
    },
    {
      goal: `backtest ≥ ${MIN_CANDIDATES_PER_SECOND} candidates per second`,
      measured: perSecond.toFixed(0),
      isMet: perSecond >= MIN_CANDIDATES_PER_SECOND,
    },
  ];
}
