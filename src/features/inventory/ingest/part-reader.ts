import { canonicalJson } from '../../../core/canonical-json.ts';
import { identityKey } from '../../../core/compare.ts';
import type { InheritedMembers, ItemTypeRegistry } from '../../../core/item-type-registry.ts';
import type { Problem } from '../../../core/problem.ts';
import type { Item, ItemReader, RawItem } from '../../../core/read-item.ts';
import { sayable } from '../../../core/redact.ts';
import { isSelected } from '../../../core/selection.ts';
import { keyedSha256, sha256Hex } from '../../../core/sha256.ts';
import { isStorable } from '../../../core/storable-text.ts';
import type { LiveIndex } from './live-index.ts';
import { ProblemTally } from './problem-tally.ts';
import { SeenSet } from './seen-set.ts';
import { copyBytes, copyText, storableText } from './staging-writer.ts';

/** How many bytes of a raw hash are kept. */
const RAW_HASH_BYTES = 16;

/** What reading items needs to know; the same for all parts of a run. */
export interface IngestRules {
  readonly registry: ItemTypeRegistry;
  readonly reader: ItemReader;
  /** Whether the raw bytes of an unchanged item tell its type: all live items were read under this registry. */
  readonly isSameRegistry: boolean;
  /** Readers under rules by which live versions may have been made and that are no longer in force. */
  readonly oldReaders: readonly ItemReader[];
  /** Digests of rules by which live versions were made and that are no longer in force. */
  readonly oldRules: ReadonlySet<string>;
  readonly rawKey: Uint8Array;
  /** Globs of the item types that are wanted; null for all. */
  readonly itemTypes: readonly string[] | null;
  readonly index: LiveIndex;
}

/** Where changed items go: rows as COPY takes them, without workspace, run and part. */
export interface StagingSink {
  addItem(values: readonly string[]): void;
  addOldForm(values: readonly string[]): void;
}

/** What a part says besides its changed items. */
export interface PartSummary {
  readonly records: number;
  /** Items that were as the live version has them, byte for byte. */
  readonly same: number;
  readonly staged: number;
  readonly bytes: number;
  /** Repetitions of unchanged items within the part. */
  readonly repeated: number;
  /** Items of types that are not selected. */
  readonly unselected: number;
}

/** Reads the items of one part of a run: what is unchanged is noted as seen, what is not goes to the sink. */
export class PartReader {
  readonly seen: SeenSet;
  readonly problems = new ProblemTally();
  readonly #rules: IngestRules;
  readonly #sink: StagingSink;
  readonly #selected = new Map<string, boolean>();
  #ordinal = 0;
  #records = 0;
  #same = 0;
  #staged = 0;
  #bytes = 0;
  #repeated = 0;
  #unselected = 0;
  #undo: Undo | null = null;

  constructor(rules: IngestRules, sink: StagingSink) {
    this.#rules = rules;
    this.#sink = sink;
    this.seen = new SeenSet(rules.index.count);
  }

  /** The number of the next staged row. */
  get nextOrdinal(): number {
    return this.#ordinal;
  }

  get summary(): PartSummary {
    return {
      records: this.#records,
      same: this.#same,
      staged: this.#staged,
      bytes: this.#bytes,
      repeated: this.#repeated,
      unselected: this.#unselected,
    };
  }

  /** From here on, all can be taken back: what a file holds is used only when it could be read to its end. */
  begin(): void {
    this.#undo = { ordinals: [], problems: this.problems.mark(), summary: this.summary, from: this.#ordinal };
  }

  /** Takes back what came since `begin`; the staged rows with these ordinals are to be deleted. */
  takeBack(): { readonly fromOrdinal: number; readonly toOrdinal: number } {
    const undo = this.#undo;
    if (undo === null) throw new RangeError('nothing was begun');
    for (const ordinal of undo.ordinals) this.seen.delete(ordinal);
    this.problems.restore(undo.problems);
    const { summary } = undo;
    this.#records = summary.records;
    this.#same = summary.same;
    this.#staged = summary.staged;
    this.#bytes = summary.bytes;
    this.#repeated = summary.repeated;
    this.#unselected = summary.unselected;
    this.#undo = null;
    return { fromOrdinal: undo.from, toOrdinal: this.#ordinal };
  }

  /** Reads one object; `placeOf` says where it stands, and is asked only where that is told. */
  add(raw: RawItem, placeOf: () => string): void {
    const { index, rawKey } = this.#rules;
    this.#records++;
    this.#bytes += raw.end - raw.start;
    const rawHash = hashRaw(rawKey, raw);
    const ordinal = index.find(rawHash);
    if (ordinal >= 0 && this.#isStillRead(ordinal, raw)) {
      this.#same++;
      if (this.seen.has(ordinal)) {
        this.#repeated++;
        return;
      }
      this.seen.add(ordinal);
      this.#undo?.ordinals.push(ordinal);
      return;
    }
    const item = this.#rules.reader.read(raw);
    if (!item.isRead) {
      this.addProblem({ ...item.flaw, path: placeOf() });
      return;
    }
    if (!this.#isSelected(item.type.name)) {
      this.#unselected++;
      return;
    }
    const place = placeOf();
    for (const flaw of item.flaws) this.addProblem({ ...flaw, path: place });
    if (!isStorable(item.externalId)) {
      const detail = 'its id holds a character that can not be kept (NUL or half a surrogate pair)';
      this.addProblem({ code: 'unstorable_id', detail, path: place, itemType: item.type.name });
      return;
    }
    this.#stage(item, raw, rawHash, place);
  }

  addProblem(problem: Problem): void {
    const path = storableText(sayable(problem.path));
    this.problems.add({ ...problem, path, detail: storableText(problem.detail) });
  }

  /** Whether the version with these raw bytes is what reading them under the rules in force would give. */
  #isStillRead(ordinal: number, raw: RawItem): boolean {
    const { index, isSameRegistry, oldRules, reader } = this.#rules;
    const rulesDigest = index.rulesDigestOf(ordinal);
    if (oldRules.has(rulesDigest)) return false;
    return isSameRegistry || reader.identify(raw)?.type.rulesDigest === rulesDigest;
  }

  #isSelected(itemType: string): boolean {
    let isWanted = this.#selected.get(itemType);
    if (isWanted === undefined) {
      isWanted = isSelected(this.#rules, itemType);
      this.#selected.set(itemType, isWanted);
    }
    return isWanted;
  }

  #stage(item: Item, raw: RawItem, rawHash: Uint8Array, place: string): void {
    const ordinal = this.#ordinal++;
    this.#staged++;
    this.#sink.addItem([
      String(ordinal),
      ...formOf(item),
      copyBytes(Buffer.from(rawHash).toString('hex')),
      item.isContradictory ? 't' : 'f',
      copyText(storableText(place)),
    ]);
    const rules = new Set([item.type.rulesDigest]);
    for (const oldReader of this.#rules.oldReaders) {
      const old = oldReader.read(raw);
      if (!old.isRead || rules.has(old.type.rulesDigest) || !isStorable(old.externalId)) continue;
      rules.add(old.type.rulesDigest);
      this.#sink.addOldForm([String(ordinal), ...formOf(old)]);
    }
  }
}

interface Undo {
  readonly ordinals: number[];
  readonly problems: ReturnType<ProblemTally['mark']>;
  readonly summary: PartSummary;
  readonly from: number;
}

/** The columns that both staging tables have, in their order. */
export const FORM_COLUMNS = [
  'ordinal',
  'identity_hash',
  'item_type',
  'external_id',
  'label',
  'facts',
  'content_hash',
  'rules_digest',
  'identity_pointer',
] as const;

export const ITEM_COLUMNS = [...FORM_COLUMNS, 'raw_hash', 'is_contradictory', 'place'] as const;

function formOf(item: Item): string[] {
  const itemType = item.type.name;
  return [
    copyBytes(sha256Hex(identityKey(itemType, item.externalId))),
    itemType,
    copyText(item.externalId),
    copyText(storableText(item.label)),
    copyText(item.canonicalFacts),
    copyBytes(item.contentHash),
    item.type.rulesDigest,
    copyText(item.identityPointer),
  ];
}

function hashRaw(key: Uint8Array, { bytes, start, end, inherited }: RawItem): Uint8Array {
  return keyedSha256(key, bytes.subarray(start, end), inheritedText(inherited)).subarray(0, RAW_HASH_BYTES);
}

function inheritedText(inherited: InheritedMembers): string {
  return inherited === null ? '' : canonicalJson(inherited);
}
