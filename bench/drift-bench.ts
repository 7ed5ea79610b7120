import type { Database } from '../src/db/database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../src/db/workspace-transaction.ts';
import { readDrift } from '../src/features/inventory/interval-read-model.ts';
import { BenchError } from './bench-error.ts';
import { type Spread, spreadOf } from './bench-report.ts';
import { formatTable } from './print-table.ts';
import { requireEqual } from './require-equal.ts';
import { type SeededItems, seedItems } from './seed-items.ts';

/** Drift between two runs, beside a comparison of their two snapshots in SQL. */
export interface DriftBenchResult {
  readonly items: number;
  readonly drifted: number;
  readonly milliseconds: { readonly driftplane: Spread; readonly fullJoin: Spread };
  /** Ours as a multiple of the full join's, median to median. */
  readonly ratio: number;
}

/**
 * Seeds a scope with two runs and reads what drifted between them, to the last row and with all facts; beside it, in
 * turns, SQL that selects both snapshots and joins them in full, without the facts. Both in a read-only transaction
 * of the workspace with its row-level security, after one turn that doesn't count; both must name the same items.
 */
export async function benchDrift(options: {
  readonly database: Database;
  readonly items: number;
  readonly runs: number;
  readonly onProgress: (text: string) => void;
}): Promise<DriftBenchResult> {
  const { database, items, runs, onProgress } = options;
  const seeded = await seedItems(database, items, onProgress);
  const ours: number[] = [];
  const joined: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const driftplane = await timed(database, seeded, readDriftedItems);
    const fullJoin = await timed(database, seeded, joinSnapshots);
    requireEqual('the number of items that drifted', driftplane.answer.length, seeded.drifted);
    if (driftplane.answer.toSorted().join('\n') !== fullJoin.answer.toSorted().join('\n')) {
      throw new BenchError('the drift is not what a full join of the two snapshots gives');
    }
    onProgress(
      `${run === 0 ? 'warm-up' : `run ${run} of ${runs}`}: drift ${driftplane.milliseconds.toFixed(1)} ms, ` +
        `full join ${fullJoin.milliseconds.toFixed(1)} ms`,
    );
    if (run === 0) continue;
    ours.push(driftplane.milliseconds);
    joined.push(fullJoin.milliseconds);
  }
  const milliseconds = { driftplane: spreadOf(ours), fullJoin: spreadOf(joined) };
  const ratio = milliseconds.driftplane.median / milliseconds.fullJoin.median;
  return { items, drifted: seeded.drifted, milliseconds, ratio };
}

export function formatDriftBench({ milliseconds, ratio }: DriftBenchResult): string {
  const row = (name: string, { median, min, max }: Spread, times: number) => [
    name,
    `${median.toFixed(1)} (${min.toFixed(1)}–${max.toFixed(1)})`,
    times.toFixed(3),
  ];
  return formatTable(
    ['read', 'median (min–max) ms', '× full join'],
    [
      row('drift, with facts', milliseconds.driftplane, ratio),
      row('full join in SQL, without facts', milliseconds.fullJoin, 1),
    ],
  );
}

async function readDriftedItems(tx: WorkspaceTransaction, { scopeId }: SeededItems): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of readDrift(tx, { scopeId, fromSeq: 1, toSeq: 2 })) {
    for (const { itemType, externalId } of batch) found.push(`${itemType} ${externalId}`);
  }
  return found;
}

async function joinSnapshots(
  { client, workspaceId }: WorkspaceTransaction,
  { scopeId }: SeededItems,
): Promise<string[]> {
  const snapshot = (seq: string) => `
    select identity_hash, item_type, external_id, content_hash from driftplane.item_versions
    where workspace_id = $1 and scope_id = $2 and from_seq <= ${seq} and (to_seq is null or to_seq > ${seq})`;
  const { rows } = await client.query<{ item: string }>(
    `select coalesce(b.item_type, a.item_type) || ' ' || coalesce(b.external_id, a.external_id) as item
     from (${snapshot('$3')}) as b full join (${snapshot('$4')}) as a using (identity_hash)
     where b.content_hash is distinct from a.content_hash`,
    [workspaceId, scopeId, 1, 2],
  );
  return rows.map(({ item }) => item);
}

async function timed(
  database: Database,
  seeded: SeededItems,
  ask: (tx: WorkspaceTransaction, seeded: SeededItems) => Promise<string[]>,
): Promise<{ answer: string[]; milliseconds: number }> {
  const { workspaceId } = seeded;
  const startedAt = performance.now();
  const answer = await withWorkspace(
    database.app,
    { workspaceId, actor: systemActor, isReadOnly: true },
    (tx) => ask(tx, seeded),
  );
  return { answer, milliseconds: performance.now() - startedAt };
}
