import { identityKey } from '../../core/compare.ts';
import type { InheritedMembers } from '../../core/item-type-registry.ts';
import type { Flaw, ItemReader, RawItem } from '../../core/read-item.ts';
import type { Content, Reading, SideItem, SideRecord } from './reading.ts';
import { rereadRecords } from './reread.ts';

/** The distinct contents of both sides, and what reading them gave. */
export class Contents {
  readonly #reader: ItemReader;
  readonly #byKey = new Map<string, Content>();

  constructor(reader: ItemReader) {
    this.#reader = reader;
  }

  /** The content with this key; the same for all records of both sides that have these bytes. */
  contentFor(key: string, inherited: InheritedMembers): Content {
    let content = this.#byKey.get(key);
    if (content === undefined) {
      content = { key, inherited, reading: null, isOnBothSides: false };
      this.#byKey.set(key, content);
    }
    return content;
  }

  /** Notes that the contents so far are the baseline's, so that what comes again is on both sides. */
  endOfBaseline(): void {
    for (const content of this.#byKey.values()) content.isOnBothSides = true;
  }

  /** Reads bytes of the current side: only the identity where the baseline has them too, else in full. */
  readCurrent({ content }: SideRecord, raw: RawItem): void {
    if (content.reading !== null) return;
    content.reading = (content.isOnBothSides ? this.#identify(raw) : null) ?? this.#readInFull(raw);
  }

  /** Reads in full what has not been read at all. */
  async readRest(records: readonly SideRecord[]): Promise<void> {
    const left = records.filter(({ content }) => content.reading === null);
    await rereadRecords(left, ({ content }, raw) => {
      content.reading ??= this.#readInFull(raw);
    });
  }

  /** Adds content hash and label where only the identity has been read. */
  async complete(items: readonly SideItem[]): Promise<void> {
    const left = items.filter(({ content }) => content.reading.contentHash === null);
    await rereadRecords(left, ({ content }, raw) => {
      content.reading = this.#readInFull(raw);
    });
  }

  #identify(raw: RawItem): Reading | null {
    const identity = this.#reader.identify(raw);
    if (identity === null) return null;
    const { type, externalId, identityPointer } = identity;
    return makeReading({
      type,
      externalId,
      identityPointer,
      isContradictory: false,
      contentHash: null,
      maskedHash: null,
      label: null,
      flaws: [],
    });
  }

  #readInFull(raw: RawItem): Reading | { readonly failure: Flaw } {
    const item = this.#reader.read(raw);
    if (!item.isRead) return { failure: item.flaw };
    const { type, externalId, identityPointer, isContradictory, contentHash, maskedHash, label, flaws } =
      item;
    return makeReading({
      type,
      externalId,
      identityPointer,
      isContradictory,
      contentHash,
      maskedHash,
      label,
      flaws,
    });
  }
}

function makeReading(parts: Omit<Reading, 'identity' | 'itemType'>): Reading {
  const itemType = parts.type.name;
  return { ...parts, itemType, identity: identityKey(itemType, parts.externalId) };
}
