import { compareText } from '../../../core/compare-text.ts';
import type { TypeCoverage } from '../../../core/coverage.ts';
import type { NamedItem } from '../../../core/diff-report.ts';
import type { ItemTypeRegistry } from '../../../core/item-type-registry.ts';
import type { WorkspaceTransaction } from '../../../db/workspace-transaction.ts';
import * as statements from './apply-statements.ts';
import { ContentDigest } from './content-digest.ts';
import type { RenamedIds } from './guessed-ids.ts';
import type { LiveIndex } from './live-index.ts';
import type { ProblemTally } from './problem-tally.ts';
import { isEverySelectedComplete, makeLedger } from './run-ledger.ts';
import { recordCoverage } from './scope-types.ts';
import type { SeenSet } from './seen-set.ts';
import { countIdentities, settleIdentity, typesThatGuess } from './settle-identity.ts';
import { VersionChanges } from './version-changes.ts';

/** How many identities of each kind a run lists; all are counted. */
const MAX_LISTED = 1000;

/** What is applied, and to what. */
export interface ApplyInput extends statements.RunKey {
  readonly registry: ItemTypeRegistry;
  /** The live versions at the scope's head. */
  readonly index: LiveIndex;
  readonly seen: SeenSet;
  /** How many items came more than once, byte for byte. */
  readonly repeated: number;
  readonly problems: ProblemTally;
  readonly enumerated: readonly string[] | null;
  readonly selected: readonly string[] | null;
  readonly contentDigest: string;
  /** Types that the scope has ever had. */
  readonly knownTypes: readonly string[];
  /** Null where a person has confirmed what is gone. */
  readonly safeguard: { readonly maxRemovedShare: number; readonly minRemovedItems: number } | null;
}

/** A type of which too much is gone at once. */
export interface HeldType {
  readonly itemType: string;
  readonly gone: number;
  readonly live: number;
}

export interface RunCounts {
  readonly items: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly renormalised: number;
  readonly ambiguous: number;
  readonly repeated: number;
  readonly unprovenRemovals: number;
  readonly problems: number;
}

/** What a run says once it is settled. */
interface RunOutcome {
  readonly coverage: readonly TypeCoverage[];
  readonly counts: RunCounts;
  readonly ambiguous: readonly { itemType: string; externalId: string; paths: readonly string[] }[];
  readonly unprovenRemovals: readonly NamedItem[];
}

export type ApplyResult =
  | { readonly kind: 'held'; readonly types: readonly HeldType[]; readonly outcome: RunOutcome }
  | {
      readonly kind: 'applied';
      readonly isComplete: boolean;
      readonly seq: number;
      readonly endSeq: number;
      readonly itemCount: number;
      readonly contentDigest: string;
      readonly outcome: RunOutcome;
      /** For whoever keeps the index of the scope. */
      readonly closed: VersionChanges;
      readonly opened: VersionChanges;
      readonly rehashed: VersionChanges;
    };

/**
 * Applies the staged rows of a run to the intervals of its scope, or finds that too much is gone at once and
 * changes nothing. The caller holds the scope's row, and settles the run in the same transaction.
 */
export async function applyRun(tx: WorkspaceTransaction, input: ApplyInput): Promise<ApplyResult> {
  const { runId, scopeId, registry, index, problems } = input;
  const guessing = typesThatGuess(registry);
  const { renamed, ...identity } = settleIdentity(await countIdentities(tx, input, guessing), registry);
  for (const problem of identity.problems) problems.add(problem);

  await statements.listUnseen(tx, unseenVersions(input));
  await statements.listStaged(tx, input, identity.withoutIdentity);
  await statements.judgeIncoming(tx, input);
  const supersededCount = await statements.listSuperseded(tx);
  const gone = await statements.findGone(tx, input, renamed);
  const { byOutcome, repetitions } = await statements.countOutcomes(tx);
  const count = (outcome: string): number => byOutcome.get(outcome) ?? 0;
  const list = (which: 'ambiguous' | 'repeated') =>
    statements.listIncoming(tx, { runId, scopeId, which, limit: MAX_LISTED });
  const ambiguous = count('ambiguous') > 0 ? await list('ambiguous') : [];
  const repeated = repetitions > 0 ? await list('repeated') : [];
  addRepetitions(problems, ambiguous, repeated);

  const incomingTypes = await listIncomingTypes(tx);
  const ledger = makeLedger({
    problems: problems.counts,
    enumerated: input.enumerated,
    selected: input.selected,
    itemTypes: new Set([
      ...input.knownTypes,
      ...incomingTypes,
      ...gone.map(({ itemType }) => itemType),
      ...(input.enumerated ?? []).filter((itemType) => registry.get(itemType) !== undefined),
    ]),
  });
  const proven = gone.filter(({ itemType }) => ledger.isComplete(itemType));
  const unproven = gone
    .filter(({ itemType }) => !ledger.isComplete(itemType))
    .map(({ itemType }) => itemType);
  const unprovenRemovals = await statements.listGone(tx, { scopeId, itemTypes: unproven, limit: MAX_LISTED });
  const goneCount = gone.reduce((sum, { gone: number }) => sum + number, 0);
  const removedCount = proven.reduce((sum, { gone: number }) => sum + number, 0);
  const outcome: RunOutcome = {
    coverage: ledger.entries,
    counts: {
      items: index.count - removedCount - supersededCount + count('added') + count('renormalised'),
      added: count('added'),
      removed: removedCount,
      changed: count('changed'),
      unchanged: index.count - goneCount - count('changed') - supersededCount,
      renormalised: count('renormalised'),
      ambiguous: count('ambiguous'),
      repeated: input.repeated + repetitions,
      unprovenRemovals: goneCount - removedCount,
      problems: problems.total,
    },
    ambiguous: ambiguous.map(({ itemType, externalId, paths }) => ({ itemType, externalId, paths })),
    unprovenRemovals,
  };

  const held = await findHeldTypes(tx, input, proven, renamed);
  if (held.length > 0) return { kind: 'held', types: held, outcome };

  const { changes, seq, endSeq } = await writeIntervals(tx, input, {
    provenTypes: proven.map(({ itemType }) => itemType),
    renamingTypes: await listRenamingTypes(tx, renamed, gone),
    hasRenormalised: supersededCount > 0 || count('renormalised') > 0 || renamed.length > 0,
    count,
  });
  await recordCoverage(tx, { scopeId, seq, ledger });
  if (count('ambiguous') > 0) await statements.recordAmbiguous(tx, runId);
  return {
    kind: 'applied',
    isComplete: isEverySelectedComplete(ledger.entries),
    seq,
    endSeq,
    itemCount: index.count - changes.closed.count + changes.opened.count,
    contentDigest: digestAfter(input.contentDigest, changes),
    outcome,
    ...changes,
  };
}

interface IntervalChanges {
  readonly closed: VersionChanges;
  readonly opened: VersionChanges;
  readonly rehashed: VersionChanges;
}

async function writeIntervals(
  tx: WorkspaceTransaction,
  input: ApplyInput,
  plan: {
    provenTypes: readonly string[];
    /** Types of which new items take the place of live ones that were named by a guess. */
    renamingTypes: readonly string[];
    hasRenormalised: boolean;
    /** How many items have this outcome. */
    count: (outcome: string) => number;
  },
): Promise<{ changes: IntervalChanges; seq: number; endSeq: number }> {
  const { runId, scopeId } = input;
  const { provenTypes: itemTypes, renamingTypes: names, count } = plan;
  // Most runs change little: a statement that would find nothing still costs a scan of its join.
  const where = (isNeeded: boolean, work: () => Promise<VersionChanges>): Promise<VersionChanges> =>
    isNeeded ? work() : Promise.resolve(VersionChanges.none);
  const isAnyGone = itemTypes.length > 0;
  const seq = input.index.headSeq + 1;
  const endSeq = plan.hasRenormalised ? seq + 1 : seq;
  const closed = [
    await where(isAnyGone, () => statements.closeGone(tx, { scopeId, itemTypes, seq, isRenamed: false })),
    await where(isAnyGone && plan.hasRenormalised, () =>
      statements.closeGone(tx, { scopeId, itemTypes, seq: endSeq, isRenamed: true }),
    ),
    await where(count('changed') > 0, () => statements.closeChanged(tx, { scopeId, seq })),
  ];
  const rulesDigests = input.registry.types.map((type) => type.rulesDigest);
  const open = (
    options: Omit<Parameters<typeof statements.openStaged>[1], 'runId' | 'scopeId' | 'rulesDigests'>,
  ) => statements.openStaged(tx, { runId, scopeId, rulesDigests, ...options });
  const opened = [
    await where(count('changed') > 0, () => open({ outcomes: ['changed'], seq, by: 'observed' })),
    await where(count('added') > 0, () =>
      open({ outcomes: ['added'], seq, by: 'observed', itemTypes: { names, isExcluded: true } }),
    ),
    await where(names.length > 0, () =>
      open({
        outcomes: ['added'],
        seq: endSeq,
        by: 'renormalised',
        itemTypes: { names, isExcluded: false },
      }),
    ),
  ];
  const rehashed = await where(count('same') > 0, () => statements.renewRawHashes(tx, input));
  const renormalised = plan.hasRenormalised
    ? await statements.renormalise(tx, { runId, scopeId, seq, endSeq, rulesDigests })
    : { closed: VersionChanges.none, opened: VersionChanges.none };
  const changes = {
    closed: VersionChanges.join([...closed, renormalised.closed]),
    opened: VersionChanges.join([...opened, renormalised.opened]),
    rehashed,
  };
  return { changes, seq, endSeq };
}

function unseenVersions({ index, seen }: ApplyInput): number[] {
  const unseen: number[] = [];
  for (let ordinal = 0; ordinal < index.count; ordinal++) {
    if (!seen.has(ordinal)) unseen.push(index.versionIdOf(ordinal));
  }
  return unseen;
}

function addRepetitions(
  problems: ProblemTally,
  ambiguous: readonly statements.NamedPlace[],
  repeated: readonly statements.NamedPlace[],
): void {
  const add = (
    code: 'conflicting_items' | 'duplicate_item',
    item: statements.NamedPlace,
    others: string,
  ): void => {
    const { itemType, externalId, paths } = item;
    problems.add({
      code,
      path: paths[0] ?? '',
      detail: `${itemType} ${externalId} stands ${others}`,
      itemType,
    });
  };
  for (const item of ambiguous) {
    if (item.copies > 1) add('conflicting_items', item, `also in ${item.paths.slice(1).join(', ')}`);
    else add('conflicting_items', item, 'there twice, with different content');
  }
  for (const item of repeated) add('duplicate_item', item, `also in ${item.paths.slice(1).join(', ')}`);
}

async function listIncomingTypes(tx: WorkspaceTransaction): Promise<string[]> {
  const { rows } = await tx.client.query<{ item_type: string }>('select distinct item_type from incoming');
  return rows.map((row) => row.item_type).sort(compareText);
}

/**
 * Types of which the new items take the place of live ones. When ids come for the first time nothing tells new items
 * from those that are named anew, and all count as the latter. Once the ids have begun to come, what is missing by its
 * guessed name bounds how many can be: where more are new than that, they are additions.
 */
async function listRenamingTypes(
  tx: WorkspaceTransaction,
  renamed: readonly RenamedIds[],
  gone: readonly statements.GoneVersions[],
): Promise<string[]> {
  if (renamed.length === 0) return [];
  const added = await statements.countAdded(tx);
  const missing = new Map(gone.map((type) => [type.itemType, type.renamed]));
  return renamed
    .filter(({ itemType, isBegun }) => !isBegun || (added.get(itemType) ?? 0) <= (missing.get(itemType) ?? 0))
    .map(({ itemType }) => itemType);
}

/** Items that are only named anew are not gone, and don't count. */
async function findHeldTypes(
  tx: WorkspaceTransaction,
  { scopeId, safeguard }: ApplyInput,
  proven: readonly statements.GoneVersions[],
  renamedIds: readonly RenamedIds[],
): Promise<HeldType[]> {
  if (safeguard === null) return [];
  const renamedLive = new Map(renamedIds.map((ids) => [ids.itemType, ids.live]));
  const many = proven
    .map(({ itemType, gone, renamed }) => ({ itemType, gone: gone - renamed }))
    .filter(({ gone }) => gone >= safeguard.minRemovedItems);
  const live = await statements.countLive(
    tx,
    scopeId,
    many.map(({ itemType }) => itemType),
  );
  return many
    .map(({ itemType, gone }) => {
      const all = live.get(itemType) ?? gone;
      return { itemType, gone, live: all - (renamedLive.get(itemType) ?? 0) };
    })
    .filter(({ gone, live: all }) => gone > safeguard.maxRemovedShare * all);
}

function digestAfter(before: string, { closed, opened }: IntervalChanges): string {
  const digest = new ContentDigest(before);
  for (const version of closed) digest.remove(version.identityHash, version.contentHash);
  for (const version of opened) digest.add(version.identityHash, version.contentHash);
  return digest.hex;
}
