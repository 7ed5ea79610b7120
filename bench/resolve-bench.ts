import { createPlanIndex, type PlanSubject, resolveDriftPlan } from '../src/core/plan-resolution.ts';
import type { Database } from '../src/db/database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../src/db/workspace-transaction.ts';
import { resolvePlanFor } from '../src/features/plans/plan-resolver.ts';
import { BenchError } from './bench-error.ts';
import { formatTable } from './print-table.ts';
import { makeSubjects, type SeededPlans } from './seed-plans.ts';
import { startUnleash } from './unleash-peer.ts';

/** Milliseconds of one call. */
export interface CallTimes {
  readonly p50: number;
  readonly p99: number;
}

export interface ResolveBenchResult {
  readonly plans: number;
  readonly calls: number;
  /** In an open transaction: the statement and its way there and back. */
  readonly roundTrip: CallTimes;
  /** As the database itself says of planning and executing it. */
  readonly inDatabase: CallTimes;
  /** Of one call in memory, over batches of a thousand. */
  readonly pure: CallTimes;
  readonly unleash: CallTimes;
  /** Ours as a multiple of the peer's, median to median. */
  readonly ratio: number;
}

const WARM_UP = 200;
const BATCH = 1_000;

/**
 * Finds a plan among many: in the database, and in memory over an index, beside a client of feature flags that
 * evaluates a flag among as many. Every answer of the database is checked against the pure function.
 */
export async function benchResolve(options: {
  readonly database: Database;
  readonly seeded: SeededPlans;
  readonly calls: number;
  readonly onProgress: (text: string) => void;
}): Promise<ResolveBenchResult> {
  const { database, seeded, calls, onProgress } = options;
  const subjects = makeSubjects(seeded.plans, calls);
  const { roundTrip, inDatabase } = await measureDatabase(database, seeded, subjects);
  onProgress(
    `resolve in the database: p50 ${inDatabase.p50.toFixed(3)} ms, p99 ${inDatabase.p99.toFixed(3)} ms`,
  );
  const index = createPlanIndex(seeded.plans);
  const unleash = await startUnleash(seeded.plans.length);
  try {
    const ours: number[] = [];
    const theirs: number[] = [];
    let found = 0;
    for (let turn = -5; turn < calls / BATCH; turn++) {
      const own = perCall(
        (n) => index.resolve(subjects[n % subjects.length] as PlanSubject).plan !== null && found++,
      );
      const peer = perCall(
        (n) => unleash.isEnabled(n % seeded.plans.length, `user-${n % seeded.plans.length}`) && found++,
      );
      if (turn < 0) continue;
      ours.push(own);
      theirs.push(peer);
    }
    if (found < calls) throw new BenchError('the index or the flag client did not find what is there');
    const [pure, peer] = [timesOf(ours), timesOf(theirs)];
    onProgress(
      `resolve in memory: ${(pure.p50 * 1e6).toFixed(0)} ns, the peer ${(peer.p50 * 1e6).toFixed(0)} ns`,
    );
    return {
      plans: seeded.plans.length,
      calls,
      roundTrip,
      inDatabase,
      pure,
      unleash: peer,
      ratio: pure.p50 / peer.p50,
    };
  } finally {
    unleash.stop();
  }
}

async function measureDatabase(
  database: Database,
  { workspaceId, plans }: SeededPlans,
  subjects: readonly PlanSubject[],
): Promise<Pick<ResolveBenchResult, 'roundTrip' | 'inDatabase'>> {
  const checked = subjects.slice(0, 200).map((subject) => resolveDriftPlan(plans, subject).plan?.planId);
  return withWorkspace(database.app, { workspaceId, actor: systemActor, isReadOnly: true }, async (tx) => {
    const roundTrip: number[] = [];
    for (const [index, subject] of [...subjects.slice(0, WARM_UP), ...subjects].entries()) {
      const startedAt = performance.now();
      const { plan } = await resolvePlanFor(tx, subject);
      const took = performance.now() - startedAt;
      const at = index - WARM_UP;
      if (at < 0) continue;
      roundTrip.push(took);
      if (at < checked.length && plan?.planId !== checked[at])
        throw new BenchError('the database found another plan');
    }
    const inDatabase: number[] = [];
    for (const subject of subjects.slice(0, 2_000)) inDatabase.push(await explained(tx, subject));
    return { roundTrip: timesOf(roundTrip), inDatabase: timesOf(inDatabase) };
  });
}

/** Planning and execution of the very statement, as `explain analyze` tells them; in milliseconds. */
async function explained(tx: WorkspaceTransaction, subject: PlanSubject): Promise<number> {
  let took = 0;
  const explaining = new Proxy(tx.client, {
    get(client, name) {
      if (name !== 'query') return Reflect.get(client, name);
      return async ({ text, values }: { text: string; values: unknown[] }) => {
        const { rows } = await client.query(`explain (analyze, timing off, format json) ${text}`, values);
        const [plan] = rows[0]['QUERY PLAN'] as [{ 'Planning Time': number; 'Execution Time': number }];
        took = plan['Planning Time'] + plan['Execution Time'];
        return { rows: [] };
      };
    },
  });
  await resolvePlanFor({ ...tx, client: explaining }, subject);
  return took;
}

/** Milliseconds of one of a thousand calls. */
function perCall(call: (n: number) => unknown): number {
  const startedAt = performance.now();
  for (let n = 0; n < BATCH; n++) call(n * 7919);
  return (performance.now() - startedAt) / BATCH;
}

export function timesOf(milliseconds: readonly number[]): CallTimes {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

export function formatResolveBench(result: ResolveBenchResult): string {
  const row = (name: string, { p50, p99 }: CallTimes, digits: number) => [
    name,
    p50.toFixed(digits),
    p99.toFixed(digits),
  ];
  return formatTable(
    ['resolve', 'p50 ms', 'p99 ms'],
    [
      row('in the database (planning and execution)', result.inDatabase, 3),
      row('round trip of the statement', result.roundTrip, 3),
      row('in memory, indexed', result.pure, 6),
      row('unleash-client, one flag', result.unleash, 6),
    ],
  );
}
