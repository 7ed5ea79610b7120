import type { HeldCandidate } from '../../core/generate.ts';
import type { HoldCode } from '../../core/plan-hold.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { cutPage, decodeOrdinal, encodeCursor } from '../../http/page.ts';
import { getExecution } from './execution-service.ts';

/** Most of an execution that are kept; how many there were is in its counts. */
const MAX_KEPT = 10_000;
/** Most characters that their reasons and paths may have together. */
const MAX_KEPT_LENGTH = 32 * 1024 * 1024;
/** Rows of one statement. */
const BATCH = 500;
const CURSOR = 'held';

/** A held candidate with its place among those of its execution, from 1. */
export interface ListedHold extends HeldCandidate {
  readonly ordinal: number;
}

/** As it is written; reasons and paths as JSON. */
type NewHold = Omit<HeldCandidate, 'reasons' | 'paths'> & {
  readonly reasons: string;
  readonly paths: string;
};

/** Writes down what a plan holds back, as it comes, in bounded memory and up to a bounded number. */
export class HeldCandidateWriter {
  readonly #tx: WorkspaceTransaction;
  readonly #executionId: string;
  #waiting: NewHold[] = [];
  #written = 0;
  #length = 0;
  #isFull = false;

  constructor(tx: WorkspaceTransaction, executionId: string) {
    this.#tx = tx;
    this.#executionId = executionId;
  }

  async add(held: readonly HeldCandidate[]): Promise<void> {
    for (const one of held) {
      if (this.#isFull) return;
      const hold = { ...one, reasons: JSON.stringify(one.reasons), paths: JSON.stringify(one.paths) };
      this.#length += hold.reasons.length + hold.paths.length;
      this.#isFull = this.#written + this.#waiting.length >= MAX_KEPT || this.#length > MAX_KEPT_LENGTH;
      if (this.#isFull) return;
      this.#waiting.push(hold);
      if (this.#waiting.length >= BATCH) await this.flush();
    }
  }

  async flush(): Promise<void> {
    const held = this.#waiting;
    if (held.length === 0) return;
    this.#waiting = [];
    const of = <Key extends keyof NewHold>(key: Key) => held.map((one) => one[key]);
    await this.#tx.client.query(
      `insert into driftplane.held_candidates (workspace_id, execution_id, ordinal, drift_type, change, item_type,
         external_id, label, severity, impact, score, change_count, reasons, paths, reason_count)
       select $1, $2, $3 + r.n, r.drift_type, r.change, r.item_type, r.external_id, r.label, r.severity, r.impact, r.score,
         r.change_count, r.reasons, r.paths, r.reason_count
       from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::real[], $11::real[],
         $12::int[], $13::text[], $14::text[], $15::int[]) with ordinality
         as r(drift_type, change, item_type, external_id, label, severity, impact, score, change_count, reasons, paths,
           reason_count, n)`,
      [
        this.#tx.workspaceId,
        this.#executionId,
        this.#written,
        of('driftType'),
        of('change'),
        of('itemType'),
        of('externalId'),
        of('label'),
        of('severity'),
        of('impact'),
        of('score'),
        of('changeCount'),
        of('reasons'),
        of('paths'),
        of('reasonCount'),
      ],
    );
    this.#written += held.length;
  }
}

type HeldRow = Omit<ListedHold, 'reasons' | 'paths'> & { reasons: string; paths: string };

/**
 * What the plan of an execution held back, in the order of item type, external id and drift type; of one rule's code
 * alone where one is named. Throws `execution_not_found` and `invalid_cursor`.
 */
export async function listHeldCandidates(
  tx: WorkspaceTransaction,
  executionId: string,
  query: {
    readonly cursor?: string | undefined;
    readonly limit: number;
    readonly code?: HoldCode | undefined;
  },
): Promise<{ items: ListedHold[]; nextCursor: string | null; omitted: number }> {
  const { heldBack } = await getExecution(tx, executionId);
  const after = query.cursor === undefined ? 0 : decodeOrdinal(CURSOR, query.cursor);
  const { rows } = await tx.client.query<HeldRow>(
    `select ordinal, drift_type as "driftType", change, item_type as "itemType", external_id as "externalId", label,
       severity, impact, score, change_count as "changeCount", reasons, reason_count as "reasonCount", paths
     from driftplane.held_candidates
     where workspace_id = $1 and execution_id = $2 and ordinal > $3
       and ($4::text is null or position('"code":' || to_json($4::text)::text in reasons) > 0)
     order by ordinal limit $5`,
    [tx.workspaceId, executionId, after, query.code ?? null, query.limit + 1],
  );
  const page = cutPage(rows, query.limit, (last) => encodeCursor(CURSOR, [last.ordinal]));
  const { rows: kept } = await tx.client.query<{ count: number }>(
    `select coalesce(max(ordinal), 0) as count from driftplane.held_candidates
     where workspace_id = $1 and execution_id = $2`,
    [tx.workspaceId, executionId],
  );
  return {
    ...page,
    items: page.items.map((row) => ({
      ...row,
      reasons: JSON.parse(row.reasons),
      paths: JSON.parse(row.paths),
    })),
    omitted: heldBack.candidates - (kept[0]?.count ?? 0),
  };
}
