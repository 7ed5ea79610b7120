/**
 * The inventory at a boundary, and what differs between two boundaries, from the intervals of item_versions. The
 * cost of a difference follows from how many intervals begin or end in between, not from the size of the scope.
 */

import { sha256Bytes } from '../../core/sha256.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';

/** What an item was from one boundary up to another. */
export interface ItemState {
  readonly label: string;
  /** Canonical JSON. */
  readonly facts: string;
  /** SHA-256 of the facts, 64 hex digits. */
  readonly contentHash: string;
  /** The definition that made the facts. */
  readonly rulesDigest: string;
}

/** An identity whose end states at two boundaries differ. */
export interface DriftedItem {
  readonly itemType: string;
  readonly externalId: string;
  /**
   * The parts of the way in which it differs, in their order. There is one, unless the rules changed in between:
   * then each part is told under its own rules, and what only the rules changed is in none. Null: absent.
   */
  readonly steps: readonly { readonly before: ItemState | null; readonly after: ItemState | null }[];
}

/** Facts that are held at once. */
const BATCH_BYTES = 1024 * 1024;
/** Rows that are fetched at once from the cursor. */
const BATCH_ROWS = 2_000;

interface StepRow {
  item_type: string;
  external_id: string;
  before_id: number | null;
  after_id: number | null;
  bytes: number;
}

/**
 * The drift between two boundaries of a scope, `fromSeq` before `toSeq`, in batches that are bounded in bytes. Sorted
 * by item type and external id, by code points. An identity that went there and back is not in it, nor what happened
 * at a boundary where items were brought under new rules. One at a time in a transaction: it holds a cursor.
 */
export async function* readDrift(
  tx: WorkspaceTransaction,
  range: {
    readonly scopeId: string;
    readonly fromSeq: number;
    readonly toSeq: number;
    /** No run lies between the two boundaries, so no rules changed on the way. */
    readonly isOneStep?: boolean;
    /** For several differences in one snapshot. */
    readonly states?: StateCache | undefined;
  },
): AsyncGenerator<DriftedItem[]> {
  const { scopeId, isOneStep = false } = range;
  const segments = isOneStep ? [range] : await listSegments(tx, range);
  let isOpen = true;
  const close = (): Promise<unknown> => {
    isOpen = false;
    // Where the transaction has failed the cursor is gone with it.
    return tx.client.query('close drifted_items').catch(() => {});
  };
  await tx.client.query(
    `declare drifted_items no scroll cursor for
     select item_type, external_id, before_id, after_id, bytes
     from (${segments.map((_, index) => segmentQuery(index)).join(' union all ')}) as steps
     order by item_type collate "C", external_id collate "C", segment`,
    [tx.workspaceId, scopeId, ...segments.flatMap((segment) => [segment.fromSeq, segment.toSeq])],
  );
  try {
    // The last identity of what was fetched may go on in what comes next.
    let rest: StepRow[] = [];
    for (;;) {
      const { rows } = await tx.client.query<StepRow>(`fetch ${BATCH_ROWS} from drifted_items`);
      const isEnd = rows.length < BATCH_ROWS;
      // Not waited for: the next statement comes behind it.
      if (isEnd) void close();
      const identities = groupByIdentity([...rest, ...rows]);
      rest = isEnd ? [] : (identities.pop() ?? []);
      for (const batch of batches(identities)) {
        yield await withFacts(tx, { scopeId, states: range.states ?? new StateCache() }, batch);
      }
      if (isEnd) return;
    }
  } finally {
    if (isOpen) await close();
  }
}

/**
 * What differs between the ends of one range: a state that holds at its beginning and not at its end was closed in
 * between, and one that holds only at its end was opened in between. So two scans of an index give both sides, and
 * whatever the planner knows of the table, it can only merge or hash them.
 */
function segmentQuery(index: number): string {
  const [from, to] = [`$${3 + 2 * index}::bigint`, `$${4 + 2 * index}::bigint`];
  const columns =
    'identity_hash, version_id, item_type, external_id, content_hash, octet_length(facts) as bytes';
  return `
    select ${index} as segment, coalesce(a.item_type, b.item_type) as item_type,
      coalesce(a.external_id, b.external_id) as external_id, b.version_id as before_id, a.version_id as after_id,
      coalesce(b.bytes, 0) + coalesce(a.bytes, 0) as bytes
    from (
      select ${columns} from driftplane.item_versions
      where workspace_id = $1 and scope_id = $2 and to_seq > ${from} and to_seq <= ${to} and from_seq <= ${from}
    ) as b
    full join (
      select ${columns} from driftplane.item_versions
      where workspace_id = $1 and scope_id = $2 and from_seq > ${from} and from_seq <= ${to}
        and (to_seq is null or to_seq > ${to})
    ) as a using (identity_hash)
    where b.content_hash is distinct from a.content_hash`;
}

/** How many intervals begin or end between the two boundaries: a bound for what `readDrift` gives, for progress. */
export async function countBoundaries(
  tx: WorkspaceTransaction,
  range: { readonly scopeId: string; readonly fromSeq: number; readonly toSeq: number },
): Promise<number> {
  const { rows } = await tx.client.query<{ count: number }>(
    `select count(distinct touched.identity_hash) as count from (
       select identity_hash from driftplane.item_versions
       where workspace_id = $1 and scope_id = $2 and from_seq > $3 and from_seq <= $4
       union all
       select identity_hash from driftplane.item_versions
       where workspace_id = $1 and scope_id = $2 and to_seq > $3 and to_seq <= $4
     ) as touched`,
    [tx.workspaceId, range.scopeId, range.fromSeq, range.toSeq],
  );
  return rows[0]?.count ?? 0;
}

/** The states of some items at one boundary; an item that was absent then has no entry. */
export async function readStatesAt(
  tx: WorkspaceTransaction,
  at: { readonly scopeId: string; readonly seq: number },
  items: readonly { readonly itemType: string; readonly externalId: string }[],
): Promise<Map<string, ItemState>> {
  if (items.length === 0) return new Map();
  const { rows } = await tx.client.query<VersionRow & { item_type: string; external_id: string }>(
    // One look-up per item, as below; the sum keeps the planner from reading along the boundaries.
    `select v.* from unnest($4::bytea[]) as wanted(identity_hash)
     cross join lateral (
       select v.item_type, v.external_id, ${VERSION_COLUMNS} from driftplane.item_versions v
       where v.workspace_id = $1 and v.scope_id = $2 and v.identity_hash = wanted.identity_hash
         and v.from_seq + 0 <= $3 and (v.to_seq is null or v.to_seq > $3)
       limit 1
     ) as v`,
    [
      tx.workspaceId,
      at.scopeId,
      at.seq,
      items.map(({ itemType, externalId }) => sha256Bytes(stateKey(itemType, externalId))),
    ],
  );
  return new Map(rows.map((row) => [stateKey(row.item_type, row.external_id), stateOf(row)]));
}

/** The key of an item in what `readStatesAt` gives. */
export function stateKey(itemType: string, externalId: string): string {
  return `${itemType}\u0000${externalId}`;
}

/** The ranges between the boundaries at which rules changed: before such a boundary one ends, at it the next begins. */
async function listSegments(
  tx: WorkspaceTransaction,
  { scopeId, fromSeq, toSeq }: { scopeId: string; fromSeq: number; toSeq: number },
): Promise<{ fromSeq: number; toSeq: number }[]> {
  const { rows } = await tx.client.query<{ end_seq: number }>(
    `select end_seq from driftplane.sync_runs
     where workspace_id = $1 and scope_id = $2 and run_seq is not null and end_seq > seq
       and end_seq > $3 and end_seq <= $4
     order by end_seq`,
    [tx.workspaceId, scopeId, fromSeq, toSeq],
  );
  const starts = [fromSeq, ...rows.map((row) => row.end_seq)];
  const ends = [...rows.map((row) => row.end_seq - 1), toSeq];
  return starts.map((start, index) => ({ fromSeq: start, toSeq: ends[index] as number }));
}

function groupByIdentity(rows: readonly StepRow[]): StepRow[][] {
  const groups: StepRow[][] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    const isSame = last?.[0]?.item_type === row.item_type && last[0].external_id === row.external_id;
    if (isSame) last.push(row);
    else groups.push([row]);
  }
  return groups;
}

function* batches(identities: readonly StepRow[][]): Generator<StepRow[][]> {
  let batch: StepRow[][] = [];
  let bytes = 0;
  for (const steps of identities) {
    batch.push(steps);
    for (const step of steps) bytes += step.bytes;
    if (bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

interface VersionRow {
  version_id: number;
  label: string;
  facts: string;
  content_hash: Buffer;
  rules_digest: string;
}

const VERSION_COLUMNS = 'v.version_id, v.label, v.facts, v.content_hash, v.rules_digest';

function stateOf(row: VersionRow): ItemState {
  const { label, facts, rules_digest: rulesDigest } = row;
  return { label, facts, contentHash: row.content_hash.toString('hex'), rulesDigest };
}

/**
 * States that were read before, about as many as one batch has: the later end of a difference is the earlier one of the
 * next. Of one snapshot.
 */
export class StateCache {
  readonly #states = new Map<number, ItemState>();
  #bytes = 0;

  get(versionId: number): ItemState | undefined {
    return this.#states.get(versionId);
  }

  add(versionId: number, state: ItemState): void {
    this.#states.set(versionId, state);
    this.#bytes += state.facts.length;
  }

  /** Forgets all where it has become too much. */
  trim(): void {
    if (this.#bytes < BATCH_BYTES) return;
    this.#states.clear();
    this.#bytes = 0;
  }
}

async function withFacts(
  tx: WorkspaceTransaction,
  { scopeId, states }: { readonly scopeId: string; readonly states: StateCache },
  identities: readonly StepRow[][],
): Promise<DriftedItem[]> {
  states.trim();
  const ids = identities
    .flat()
    .flatMap((step) => [step.before_id ?? [], step.after_id ?? []].flat())
    .filter((id) => states.get(id) === undefined);
  const { rows } = await tx.client.query<VersionRow>(
    // One look-up per id, also where the planner takes a scope that it has not counted yet for a small one.
    `select v.* from unnest($3::bigint[]) as wanted(version_id)
     cross join lateral (
       select ${VERSION_COLUMNS} from driftplane.item_versions v
       where v.workspace_id = $1 and v.scope_id = $2 and v.version_id = wanted.version_id
       limit 1
     ) as v`,
    [tx.workspaceId, scopeId, ids],
  );
  for (const row of rows) states.add(row.version_id, stateOf(row));
  const stateWith = (id: number | null): ItemState | null => (id === null ? null : (states.get(id) ?? null));
  return identities.map((steps) => ({
    itemType: steps[0]?.item_type as string,
    externalId: steps[0]?.external_id as string,
    steps: steps.map((step) => ({ before: stateWith(step.before_id), after: stateWith(step.after_id) })),
  }));
}
