import type { ExportFile } from '../../connectors/files/export-files.ts';
import { type Locator, locatorText } from '../../connectors/files/split-records.ts';
import type { ItemType } from '../../core/item-type.ts';
import type { InheritedMembers } from '../../core/item-type-registry.ts';
import type { Flaw } from '../../core/read-item.ts';

/** What reading bytes as an item gave. Of bytes that stand on both sides only the identity is read at first. */
export interface Reading {
  readonly type: ItemType;
  readonly itemType: string;
  readonly externalId: string;
  readonly identity: string;
  readonly identityPointer: string;
  readonly isContradictory: boolean;
  /** SHA-256 of the facts; null while only the identity has been read. */
  readonly contentHash: string | null;
  /** SHA-256 of the facts without their secrets; null while only the identity has been read. */
  readonly maskedHash: string | null;
  /** Null while only the identity has been read. */
  readonly label: string | null;
  readonly flaws: readonly Flaw[];
}

/**
 * One distinct run of bytes, and what the list around them adds. All records with these bytes share it,
 * on both sides: the same bytes mean the same.
 */
export interface Content {
  /** Digest of the bytes, and what the list around them adds. */
  readonly key: string;
  readonly inherited: InheritedMembers;
  /** Known when the baseline has been read, so only where the baseline has these bytes. */
  isOnBothSides: boolean;
  /** Null until the bytes have been read, a flaw where they are no item. */
  reading: Reading | { readonly failure: Flaw } | null;
}

/** The export that a record is of, as far as a record has to know it. */
export interface RecordHome {
  readonly files: readonly ExportFile[];
  /** Whether records of the file can be read again by their offsets. */
  isVerbatim(fileIndex: number): boolean;
}

/** Where one run of bytes stands. Small: there is one per item and side. */
export class SideRecord {
  readonly home: RecordHome;
  readonly fileIndex: number;
  readonly offset: number;
  readonly length: number;
  readonly locatorForm: Locator['form'];
  readonly position: number;
  readonly content: Content;

  constructor(
    home: RecordHome,
    fileIndex: number,
    place: { offset: number; length: number; locator: Locator },
    content: Content,
  ) {
    this.home = home;
    this.fileIndex = fileIndex;
    this.offset = place.offset;
    this.length = place.length;
    this.locatorForm = place.locator.form;
    this.position = place.locator.position;
    this.content = content;
  }

  get filePath(): string {
    return this.home.files[this.fileIndex]?.path ?? '';
  }

  /** The place in the file too, as the user can open it. */
  get path(): string {
    return this.filePath + locatorText({ form: this.locatorForm, position: this.position });
  }

  /** Why the bytes are no item; null where they are one. */
  get failure(): Flaw | null {
    const { reading } = this.content;
    return reading !== null && 'failure' in reading ? reading.failure : null;
  }

  isItem(): this is SideItem {
    return this.content.reading !== null && 'identity' in this.content.reading;
  }
}

/** A record that was read as an item. */
export type SideItem = SideRecord & { readonly content: Content & { readonly reading: Reading } };

/** What the comparison asks of an item. */
export function readingOf(item: SideItem): Reading {
  return item.content.reading;
}

/** Whether both say the same; of different bytes the content hashes must have been read. */
export function isSameContent(a: SideItem, b: SideItem): boolean {
  if (a.content === b.content) return true;
  const { contentHash } = a.content.reading;
  return contentHash !== null && contentHash === b.content.reading.contentHash;
}
