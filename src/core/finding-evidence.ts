import { canonicalJson } from './canonical-json.ts';
import type { ShownChange } from './generate.ts';
import type { JsonValue } from './json-value.ts';

/** Most evidence that a finding keeps, in bytes of UTF-8, with the members around its changes. */
export const MAX_EVIDENCE_BYTES = 64 * 1024;
/** What these members take at most: the title of the type, the counts of what was cut. */
const ENVELOPE_BYTES = 1024;

/** Longest path that is kept of a change which is too large, in UTF-16 code units. */
const MAX_CUT_PATH = 300;

export interface CappedEvidence {
  readonly changes: readonly ShownChange[];
  /** Null where everything is kept. */
  readonly truncated: null | {
    /** Changes that are kept whole. */
    readonly shownChanges: number;
    readonly totalChanges: number;
    /** Bytes of canonical JSON that are not kept. */
    readonly omittedBytes: number;
  };
}

/**
 * As much of a finding's changes as fits: `canonicalJson` of the changes that are kept is never longer than
 * `maxBytes` (at least 2, for `[]`). Whole changes are kept in their order up to the first that does not fit.
 * One that would not fit by itself is kept with a mark in place of each value, where the mark does.
 */
export function capEvidence(
  changes: readonly ShownChange[],
  maxBytes: number = MAX_EVIDENCE_BYTES - ENVELOPE_BYTES,
): CappedEvidence {
  const kept: ShownChange[] = [];
  let bytes = 2;
  let omittedBytes = 0;
  let shownChanges = 0;
  let isFull = false;
  for (const change of changes) {
    const size = sizeOf(change);
    const separator = kept.length === 0 ? 0 : 1;
    const room = maxBytes - bytes - separator;
    if (!isFull && size <= room) {
      kept.push(change);
      bytes += separator + size;
      shownChanges++;
      continue;
    }
    const cut = isFull || size + 2 <= maxBytes ? null : cutChange(change);
    const cutSize = cut === null ? 0 : sizeOf(cut);
    if (cut !== null && cutSize <= room) {
      kept.push(cut);
      bytes += separator + cutSize;
      omittedBytes += size - cutSize;
    } else {
      isFull = true;
      omittedBytes += size;
    }
  }
  if (omittedBytes === 0) return { changes: kept, truncated: null };
  return { changes: kept, truncated: { shownChanges, totalChanges: changes.length, omittedBytes } };
}

/** The change with its values replaced by how long they are. */
function cutChange({ path, op, before, after }: ShownChange): ShownChange {
  const cut = (value: JsonValue): JsonValue =>
    value === null ? null : `[too large to keep: ${byteLength(canonicalJson(value))} bytes of JSON]`;
  return { path: cutPath(path), op, before: cut(before), after: cut(after) };
}

/** Whether it is only the beginning of a path, as `capEvidence` leaves it. */
export function isCutPath(path: string): boolean {
  return path.length > MAX_CUT_PATH && /… \[cut: \d+ characters\]$/.test(path);
}

function cutPath(path: string): string {
  if (path.length <= MAX_CUT_PATH) return path;
  // Not through the middle of a character.
  return `${path.slice(0, MAX_CUT_PATH).replace(/[\ud800-\udbff]$/, '')}… [cut: ${path.length} characters]`;
}

function sizeOf({ path, op, before, after }: ShownChange): number {
  return byteLength(canonicalJson({ path, op, before, after }));
}

/** Bytes of UTF-8. */
function byteLength(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // A pair of surrogates is two units and four bytes; canonical text has no lone ones.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
