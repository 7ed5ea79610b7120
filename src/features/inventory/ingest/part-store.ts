import type pg from 'pg';
import type { Problem } from '../../../core/problem.ts';
import type { WorkspaceTransaction } from '../../../db/workspace-transaction.ts';
import type { PartReader, PartSummary } from './part-reader.ts';
import { type ProblemCount, ProblemTally } from './problem-tally.ts';
import { SeenSet } from './seen-set.ts';
import type { PartKey } from './stage-part.ts';

/** How many parts are joined at once. */
const BATCH = 32;

/** What a part said, as it is kept between the parts of a run. */
interface StoredSummary {
  readonly summary: PartSummary;
  readonly problemCounts: readonly ProblemCount[];
  readonly problems: readonly Problem[];
}

/** Keeps what a part said besides its changed items. The caller has locked the part. */
export async function insertPart(
  tx: WorkspaceTransaction,
  key: PartKey,
  part: { bodyDigest: string; reader: PartReader },
): Promise<void> {
  const { reader, bodyDigest } = part;
  const stored: StoredSummary = {
    summary: reader.summary,
    problemCounts: reader.problems.counts,
    problems: reader.problems.listed,
  };
  await tx.client.query(
    `insert into driftplane_staging.parts (workspace_id, run_id, part_no, body_digest, seen, summary)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      key.workspaceId,
      key.runId,
      key.partNo,
      bodyDigest,
      Buffer.from(reader.seen.bits),
      JSON.stringify(stored),
    ],
  );
}

/** Waits until nobody else takes in the same part; the lock lasts as long as the transaction. */
export async function lockPart(tx: WorkspaceTransaction, { runId, partNo }: PartKey): Promise<void> {
  await tx.client.query('select pg_advisory_xact_lock(hashtextextended($1, $2))', [runId, partNo]);
}

/** A part that came before: what it was, so that a repetition can be told from another one of its number. */
export async function findPart(
  tx: WorkspaceTransaction,
  key: PartKey,
): Promise<{ bodyDigest: string; summary: PartSummary; problems: readonly Problem[] } | undefined> {
  const { rows } = await tx.client.query<{ body_digest: string; summary: string }>(
    `select body_digest, summary from driftplane_staging.parts
     where workspace_id = $1 and run_id = $2 and part_no = $3`,
    [key.workspaceId, key.runId, key.partNo],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { summary, problems } = JSON.parse(row.summary) as StoredSummary;
  return { bodyDigest: row.body_digest, summary, problems };
}

/** The numbers of the parts that are there, in order. */
export async function listPartNos(tx: WorkspaceTransaction, runId: string): Promise<number[]> {
  const { rows } = await tx.client.query<{ part_no: number }>(
    `select part_no from driftplane_staging.parts where workspace_id = $1 and run_id = $2 order by part_no`,
    [tx.workspaceId, runId],
  );
  return rows.map((row) => row.part_no);
}

/** All that the parts of a run said, as if they were one. */
export interface JoinedParts {
  readonly partNos: readonly number[];
  readonly seen: SeenSet;
  readonly problems: ProblemTally;
  readonly summary: PartSummary;
}

/**
 * Joins the parts of a run, in the order of their numbers, some at a time: together they may be many times larger
 * than what comes of them. `liveCount`: how many live items the index has.
 */
export async function joinParts(
  tx: WorkspaceTransaction,
  options: { runId: string; liveCount: number },
): Promise<JoinedParts> {
  const partNos: number[] = [];
  const seen = new SeenSet(options.liveCount);
  const problems = new ProblemTally();
  const joined = { records: 0, same: 0, staged: 0, bytes: 0, repeated: 0, unselected: 0 };
  for await (const row of readParts(tx, options.runId)) {
    partNos.push(row.part_no);
    const { summary, problemCounts, problems: listed } = JSON.parse(row.summary) as StoredSummary;
    problems.merge({ counts: problemCounts, listed });
    joined.repeated += seen.merge(row.seen);
    joined.records += summary.records;
    joined.same += summary.same;
    joined.staged += summary.staged;
    joined.bytes += summary.bytes;
    joined.repeated += summary.repeated;
    joined.unselected += summary.unselected;
  }
  return { partNos, seen, problems, summary: joined };
}

interface PartRow {
  readonly part_no: number;
  readonly seen: Buffer;
  readonly summary: string;
}

async function* readParts(tx: WorkspaceTransaction, runId: string): AsyncGenerator<PartRow> {
  for (let after = 0; ; ) {
    const { rows } = await tx.client.query<PartRow>(
      `select part_no, seen, summary from driftplane_staging.parts
       where workspace_id = $1 and run_id = $2 and part_no > $3 order by part_no limit $4`,
      [tx.workspaceId, runId, after, BATCH],
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return;
    after = last.part_no;
  }
}

export async function deleteStagedRows(
  tx: WorkspaceTransaction,
  key: PartKey,
  range: { fromOrdinal: number; toOrdinal: number },
): Promise<void> {
  if (range.fromOrdinal === range.toOrdinal) return;
  for (const table of ['items', 'old_forms']) {
    await tx.client.query(
      `delete from driftplane_staging.${table}
       where workspace_id = $1 and run_id = $2 and part_no = $3 and ordinal >= $4 and ordinal < $5`,
      [key.workspaceId, key.runId, key.partNo, range.fromOrdinal, range.toOrdinal],
    );
  }
}

/** Removes all that is staged of a run. Outside of transactions: nothing depends on it. */
export async function clearStaging(pool: pg.Pool, workspaceId: string, runId: string): Promise<void> {
  for (const table of ['items', 'old_forms', 'parts']) {
    await pool.query(`delete from driftplane_staging.${table} where workspace_id = $1 and run_id = $2`, [
      workspaceId,
      runId,
    ]);
  }
}

/** Removes what is staged of runs that are over, such as after a crash. */
export async function clearOrphans(tx: WorkspaceTransaction): Promise<void> {
  for (const table of ['items', 'old_forms', 'parts']) {
    await tx.client.query(
      `delete from driftplane_staging.${table} staged
       where workspace_id = $1 and not exists (
         select from driftplane.sync_runs r
         where r.workspace_id = $1 and r.run_id = staged.run_id and r.status in ('queued', 'running', 'held')
       )`,
      [tx.workspaceId],
    );
  }
}
