import type { Database } from '../src/db/database.ts';
import { SqlParams } from '../src/db/sql-params.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../src/db/workspace-transaction.ts';
import type { FindingSort, findingSorts } from '../src/features/findings/finding-branches.ts';
import { type FindingFilter, filterCondition } from '../src/features/findings/finding-filter.ts';
import { listFindings } from '../src/features/findings/finding-list-read-model.ts';
import { summaryColumns } from '../src/features/findings/finding-summary.ts';
import { BenchError } from './bench-error.ts';
import { formatTable } from './print-table.ts';
import { type SeededFindings, seedFindings } from './seed-findings.ts';
import { SeededRandom } from './seeded-random.ts';

/** Milliseconds of one call. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
}

export interface FindingsBenchResult {
  readonly findings: number;
  readonly runs: number;
  readonly combinations: readonly {
    readonly name: string;
    readonly driftplane: Latency;
    readonly bareSql: Latency;
    /** Ours as a multiple of the bare SQL's, at the 95th percentile. */
    readonly ratio: number;
  }[];
}

export interface FindingsBenchOptions {
  readonly database: Database;
  /** How many are seeded. */
  readonly findings?: number;
  /** Calls of each combination that count. */
  readonly runs?: number;
  readonly onProgress?: (text: string) => void;
}

const PAGE = 50;
const WARM_UP_RUNS = 20;
/** Plain SQL that sorts all it finds is not called as often as the rest. */
const MAX_BARE_MS = 30_000;
const MIN_BARE_RUNS = 40;

interface Combination {
  readonly name: string;
  readonly sort: FindingSort;
  readonly filter: (seeded: SeededFindings, random: SeededRandom) => FindingFilter;
}

const open = ['new', 'acknowledged'] as const;
const unresolved = ['new', 'acknowledged', 'accepted', 'dismissed', 'snoozed'] as const;

const combinations: readonly Combination[] = [
  { name: 'all, newest first', sort: '-firstSeen', filter: () => ({}) },
  { name: 'open, newest first', sort: '-firstSeen', filter: () => ({ states: open }) },
  { name: 'open, worst first', sort: 'severity', filter: () => ({ states: open }) },
  { name: 'open, last seen first', sort: '-lastSeen', filter: () => ({ states: open }) },
  {
    name: 'unresolved sev1 and sev2, newest first',
    sort: '-firstSeen',
    filter: () => ({ states: unresolved, severities: ['sev1', 'sev2'] }),
  },
  {
    name: 'one scope, any state, newest first',
    sort: '-firstSeen',
    filter: ({ scopeIds }, random) => ({ scopeIds: [random.pick(scopeIds)] }),
  },
  {
    name: 'one source, open, worst first',
    sort: 'severity',
    filter: ({ sourceIds }, random) => ({ sourceIds: [random.pick(sourceIds)], states: open }),
  },
  {
    name: 'two item types, open, oldest first',
    sort: 'firstSeen',
    filter: ({ itemTypes }, random) => ({
      itemTypes: [random.pick(itemTypes), random.pick(itemTypes)],
      states: open,
    }),
  },
];

/**
 * Seeds findings and measures the first page of eight filter combinations through the read model, and beside
 * it, in turns, the plain SQL of the same page with the same indexes; both in a read-only transaction of the
 * workspace, with its row-level security. Each answer of the one is checked against the other.
 */
export async function benchFindings(options: FindingsBenchOptions): Promise<FindingsBenchResult> {
  const { database, findings = 1_000_000, runs = 200, onProgress = () => {} } = options;
  const seeded = await seedFindings(database, findings, onProgress);
  const measured: FindingsBenchResult['combinations'][number][] = [];
  for (const [index, combination] of combinations.entries()) {
    const random = new SeededRandom(1, index);
    const ours: number[] = [];
    const bare: number[] = [];
    let bareMs = 0;
    for (let run = -WARM_UP_RUNS; run < runs; run++) {
      const filter = combination.filter(seeded, random);
      const { sort } = combination;
      const page = await timed(database, seeded, async (tx) => {
        const { items } = await listFindings(tx, { filter, sort, limit: PAGE });
        return items.map(({ findingId }) => findingId);
      });
      if (run >= 0) ours.push(page.milliseconds);
      if (bareMs > MAX_BARE_MS && bare.length >= MIN_BARE_RUNS) continue;
      const plain = await timed(database, seeded, (tx) => plainPage(tx, filter, sort));
      if (page.answer.join() !== plain.answer.join()) {
        throw new BenchError(`${combination.name}: the page is not the one that plain SQL gives`);
      }
      bareMs += plain.milliseconds;
      if (run >= 0) bare.push(plain.milliseconds);
    }
    const [driftplane, bareSql] = [latencyOf(ours), latencyOf(bare)];
    measured.push({ name: combination.name, driftplane, bareSql, ratio: driftplane.p95 / bareSql.p95 });
    onProgress(
      `${combination.name}: p95 ${driftplane.p95.toFixed(1)} ms, bare SQL ${bareSql.p95.toFixed(1)} ms`,
    );
  }
  return { findings, runs, combinations: measured };
}

export function formatFindingsBench(result: FindingsBenchResult): string {
  const ms = (value: number): string => value.toFixed(1);
  return formatTable(
    ['first page of', 'p50 ms', 'p95 ms', 'bare p50 ms', 'bare p95 ms', '× bare p95'],
    result.combinations.map(({ name, driftplane, bareSql, ratio }) => [
      name,
      ms(driftplane.p50),
      ms(driftplane.p95),
      ms(bareSql.p50),
      ms(bareSql.p95),
      ratio.toFixed(2),
    ]),
  );
}

const orderBy: Record<(typeof findingSorts)[number], string> = {
  '-firstSeen': 'f.first_seen_at desc, f.finding_id desc',
  firstSeen: 'f.first_seen_at, f.finding_id',
  '-lastSeen': 'f.last_seen_at desc, f.finding_id desc',
  severity: 'f.severity, f.first_seen_at desc, f.finding_id desc',
};

async function plainPage(
  tx: WorkspaceTransaction,
  filter: FindingFilter,
  sort: FindingSort,
): Promise<string[]> {
  const params = new SqlParams([tx.workspaceId]);
  const { rows } = await tx.client.query<{ findingId: string }>(
    `select ${summaryColumns} from driftplane.findings f
     where f.workspace_id = $1 and ${filterCondition(filter, params)}
     order by ${orderBy[sort]} limit ${PAGE + 1}`,
    params.values,
  );
  return rows.slice(0, PAGE).map(({ findingId }) => findingId);
}

async function timed(
  database: Database,
  { workspaceId }: SeededFindings,
  ask: (tx: WorkspaceTransaction) => Promise<string[]>,
): Promise<{ answer: string[]; milliseconds: number }> {
  const start = performance.now();
  const answer = await withWorkspace(
    database.app,
    { workspaceId, actor: systemActor, isReadOnly: true },
    ask,
  );
  return { answer, milliseconds: performance.now() - start };
}

function latencyOf(milliseconds: readonly number[]): Latency {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}
