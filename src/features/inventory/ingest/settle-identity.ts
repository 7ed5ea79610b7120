import { compareText } from '../../../core/compare-text.ts';
import type { ItemTypeRegistry } from '../../../core/item-type-registry.ts';
import type { Problem } from '../../../core/problem.ts';
import type { WorkspaceTransaction } from '../../../db/workspace-transaction.ts';
import type { RunKey } from './apply-statements.ts';
import type { GuessedIds, RenamedIds } from './guessed-ids.ts';

/** Items of one type that were identified by one member. */
export interface IdentityCount {
  readonly itemType: string;
  readonly pointer: string;
  readonly count: number;
  /** Where one of them stood; null for live items. */
  readonly place: string | null;
}

/** What follows from how the items of a run and of the inventory are identified. */
export interface IdentitySettlement {
  readonly problems: readonly Problem[];
  /** Staged items that are not to be used: they have no real id, and others of their type have one. */
  readonly withoutIdentity: readonly GuessedIds[];
  /** Live items that are not gone where they are missing: real ids have come for their type, and name them anew. */
  readonly renamed: readonly RenamedIds[];
}

/** Types for which it matters by which member an item was identified. */
export function typesThatGuess(registry: ItemTypeRegistry): string[] {
  return registry.types
    .filter(({ definition }) => definition.isFallback || definition.weakIdentity.length > 0)
    .map((type) => type.name);
}

/** Counts identities of the types that may guess them, staged and live. */
export async function countIdentities(
  tx: WorkspaceTransaction,
  { runId, scopeId }: RunKey,
  itemTypes: readonly string[],
): Promise<{ staged: IdentityCount[]; live: IdentityCount[] }> {
  const staged = await tx.client.query<{ item_type: string; pointer: string; count: number; place: string }>(
    `select item_type, identity_pointer as pointer, count(*) as count,
       (array_agg(place order by part_no, ordinal))[1] as place
     from driftplane_staging.items where workspace_id = $1 and run_id = $2 and item_type = any($3)
     group by item_type, identity_pointer`,
    [tx.workspaceId, runId, itemTypes],
  );
  const live = await tx.client.query<{ item_type: string; pointer: string; count: number }>(
    `select item_type, identity_pointer as pointer, count(*) as count
     from driftplane.item_versions
     where workspace_id = $1 and scope_id = $2 and to_seq is null and item_type = any($3)
     group by item_type, identity_pointer`,
    [tx.workspaceId, scopeId, itemTypes],
  );
  return {
    staged: staged.rows.map((row) => ({
      itemType: row.item_type,
      pointer: row.pointer,
      count: row.count,
      place: row.place,
    })),
    live: live.rows.map((row) => ({
      itemType: row.item_type,
      pointer: row.pointer,
      count: row.count,
      place: null,
    })),
  };
}

/** Decides on identities that were guessed. A pure function over the counts. */
export function settleIdentity(
  counts: { staged: readonly IdentityCount[]; live: readonly IdentityCount[] },
  registry: ItemTypeRegistry,
): IdentitySettlement {
  const names = new Set([...counts.staged, ...counts.live].map(({ itemType }) => itemType));
  const problems: Problem[] = [];
  const withoutIdentity: GuessedIds[] = [];
  const renamed: RenamedIds[] = [];
  for (const itemType of [...names].sort(compareText)) {
    const type = registry.get(itemType);
    if (type === undefined) continue;
    const { isFallback, guessesIdentity } = type.definition;
    const staged = counts.staged.filter((count) => count.itemType === itemType);
    const live = counts.live.filter((count) => count.itemType === itemType);
    const isWeak = ({ pointer }: IdentityCount): boolean => type.isWeakIdentity(pointer);
    const isStrong = (count: IdentityCount): boolean => !isWeak(count);
    const path = staged.find(({ place }) => place !== null)?.place ?? '';
    if (staged.some(isWeak) && (staged.some(isStrong) || live.some(isStrong))) {
      withoutIdentity.push({ itemType, pointers: pointersOf(staged.filter(isWeak)) });
      for (const { count, place } of staged.filter(isWeak)) {
        const number = count === 1 ? '1 item has' : `${count} items have`;
        const detail = `${number} no id at ${type.definition.identity.join(', ')}, where others of the type have one`;
        problems.push({ code: 'missing_identity', path: place ?? path, detail, itemType });
      }
      continue;
    }
    if (live.some(isWeak) && (staged.some(isStrong) || live.some(isStrong))) {
      const guessed = live.filter(isWeak);
      renamed.push({
        itemType,
        pointers: pointersOf(guessed),
        live: guessed.reduce((sum, { count }) => sum + count, 0),
        isBegun: live.some(isStrong),
      });
      const detail = `items of ${itemType} came with ids for the first time; they take the place of those named by guess`;
      problems.push({ code: 'identity_replaced', path, detail, itemType });
      continue;
    }
    const guessed = pointersOf([...staged, ...live].filter((count) => isFallback || isWeak(count)));
    if (guessed.length === 0) continue;
    const from = guessed.join(', ');
    if (!isFallback) {
      problems.push({
        code: 'identity_guessed',
        path,
        detail: `items of ${itemType} without id, identified by ${from}`,
        itemType,
      });
      continue;
    }
    const guess = guessesIdentity ? `; identity guessed from ${from}` : '';
    problems.push({
      code: 'unknown_item_type',
      path,
      detail: `items of no known type, read as "${itemType}"${guess}`,
      itemType,
    });
    if (guessesIdentity && guessed.length > 1) {
      const detail = `items of "${itemType}" were identified by ${from}: what is missing may only have lost one of them`;
      problems.push({ code: 'mixed_identity', path, detail, itemType });
    }
  }
  return { problems, withoutIdentity, renamed };
}

function pointersOf(counts: readonly IdentityCount[]): string[] {
  return [...new Set(counts.map(({ pointer }) => pointer))].sort(compareText);
}
