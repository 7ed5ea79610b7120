/**
 * One pass over the bytes of a JSON value that recognises it strictly (RFC 8259) without building it, finds
 * where it ends, and notices what `JSON.parse` would silently collapse: duplicate member names and integers
 * beyond 2^53. It also notes where a few wanted members lie, which is enough to identify an item whose bytes
 * are already known. Strings are not checked for UTF-8: readers do that on whole chunks.
 */

/** Members to locate: a name of the root object, and below an object again names. At most two levels. */
export type WantedMembers = ReadonlyMap<string, WantedMember>;
export interface WantedMember {
  /** Index of the member's span in `JsonScan.spans`, unique over the whole tree. */
  readonly slot: number;
  readonly members: WantedMembers | null;
}

export interface JsonFault {
  readonly code: 'invalid_json' | 'nesting_too_deep';
  /** Index of the byte where it was noticed. */
  readonly offset: number;
  readonly detail: string;
}

export interface JsonScan {
  /** Index behind the last byte of the value; meaningless unless `fault` is null and `isIncomplete` false. */
  end: number;
  /** The bytes end before the value does. */
  isIncomplete: boolean;
  fault: JsonFault | null;
  /** Offsets of the opening quote of each member name that its object already has. */
  duplicateKeys: number[];
  /** Start and end, in turn, of each number that a double can't hold (integers beyond 2^53, overflows). */
  unsafeNumbers: number[];
  /** Start and end, in turn, of each wanted member's value; start is -1 where there is none. */
  spans: Int32Array;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** Objects with more members than this look names up in a Map, so that a hostile object costs linear time. */
const LINEAR_LOOKUP_MAX = 48;

/** 1 for a byte that stands for itself in a string; 0 for a quote, a backslash and a control character. */
const PLAIN = new Uint8Array(256).map((_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 0 : 1,
);

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Index of the first byte from `start` that does not stand for itself in a string, or `limit`. */
function skipPlain(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  const unrolledLimit = limit - 3;
  while (at < unrolledLimit) {
    if (PLAIN[bytes[at] as number] === 0) return at;
    if (PLAIN[bytes[at + 1] as number] === 0) return at + 1;
    if (PLAIN[bytes[at + 2] as number] === 0) return at + 2;
    if (PLAIN[bytes[at + 3] as number] === 0) return at + 3;
    at += 4;
  }
  while (at < limit && PLAIN[bytes[at] as number] !== 0) at++;
  return at;
}

/** Index of the first byte from `start` that is no JSON white space, or `limit`. */
function skipSpace(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit) {
    const byte = bytes[at] as number;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at;
    at++;
  }
  return limit;
}

/** The number of slots that `wanted` needs in `JsonScan.spans`. */
export function countWantedSlots(wanted: WantedMembers): number {
  let count = 0;
  for (const member of wanted.values()) {
    count = Math.max(count, member.slot + 1, member.members === null ? 0 : countWantedSlots(member.members));
  }
  return count;
}

/** A wanted tree with the name hashes that the scanner compares first. */
interface CompiledWanted {
  readonly byHash: ReadonlyMap<number, readonly CompiledMember[]>;
}
interface CompiledMember {
  readonly name: Uint8Array;
  readonly slot: number;
  readonly members: CompiledWanted | null;
}

function compileWanted(wanted: WantedMembers): CompiledWanted {
  const byHash = new Map<number, CompiledMember[]>();
  for (const [name, member] of wanted) {
    const bytes = encoder.encode(name);
    const compiled = {
      name: bytes,
      slot: member.slot,
      members: member.members === null ? null : compileWanted(member.members),
    };
    const hash = hashName(bytes, 0, bytes.length);
    const sameHash = byHash.get(hash);
    if (sameHash === undefined) byHash.set(hash, [compiled]);
    else sameHash.push(compiled);
  }
  return { byHash };
}

/**
 * A hash of a name that reads only its length and eight of its bytes. Names that collide are compared in
 * full, and many of them in a Map, so that a hostile object costs linear time.
 */
function hashName(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return 0;
  let hash = length;
  const head = Math.min(length, 4);
  for (let at = start; at < start + head; at++) hash = Math.imul(hash, 31) + (bytes[at] as number);
  for (let at = end - head; at < end; at++) hash = Math.imul(hash, 31) + (bytes[at] as number);
  return Math.imul(hash, 0x9e3779b1) ^ (bytes[start + (length >> 1)] as number);
}

/**
 * Makes a scanner that locates the members in `wanted` and refuses more than `maxDepth` nested containers.
 * The scanner keeps and returns one result object: read it before the next call.
 */
export function createJsonScanner(options: { wanted: WantedMembers; maxDepth: number }): JsonScanner {
  return new JsonScanner(options.wanted, options.maxDepth);
}

export class JsonScanner {
  readonly #maxDepth: number;
  readonly #wanted: CompiledWanted;
  readonly #result: JsonScan;
  /** Per open container: index of its first name in #nameHashes, or -1 for an array. */
  readonly #firstName: Int32Array;
  /** Per open container that is a wanted object or the root: the names wanted in it. */
  readonly #wantedAt: (CompiledWanted | null)[];
  /** Per open container: slot of the wanted member whose value is being read in it, or -1. */
  readonly #slotAt: Int32Array;
  /** Per open container: names in it, once there are too many to compare one by one. */
  readonly #nameSets: (Map<string, true> | null)[];
  #nameHashes = new Int32Array(1024);
  #nameStarts = new Int32Array(1024);
  #nameEnds = new Int32Array(1024);

  constructor(wanted: WantedMembers, maxDepth: number) {
    this.#maxDepth = maxDepth;
    this.#wanted = compileWanted(wanted);
    this.#firstName = new Int32Array(maxDepth + 1);
    this.#slotAt = new Int32Array(maxDepth + 1);
    this.#wantedAt = new Array<CompiledWanted | null>(maxDepth + 1).fill(null);
    this.#nameSets = new Array<Map<string, true> | null>(maxDepth + 1).fill(null);
    this.#result = {
      end: 0,
      isIncomplete: false,
      fault: null,
      duplicateKeys: [],
      unsafeNumbers: [],
      spans: new Int32Array(2 * countWantedSlots(wanted)),
    };
  }

  /**
   * Scans the value that starts at or after `start` (white space is skipped) in `bytes`, which count up to
   * `limit`. With `isFinal` false a number that touches `limit` is incomplete, as more digits may follow.
   */
  scan(bytes: Uint8Array, start: number, limit: number, isFinal = true): JsonScan {
    const result = this.#result;
    result.fault = null;
    result.isIncomplete = false;
    if (result.duplicateKeys.length > 0) result.duplicateKeys = [];
    if (result.unsafeNumbers.length > 0) result.unsafeNumbers = [];
    result.spans.fill(-1);

    let at = start;
    let depth = 0; // open containers
    let nameCount = 0;
    let isNameNext = false; // in an object, before a name
    let pendingMembers: CompiledWanted | null = this.#wanted; // wanted names of the next value, if it is an object
    const firstName = this.#firstName;
    const wantedAt = this.#wantedAt;
    const slotAt = this.#slotAt;
    const spans = result.spans;

    for (;;) {
      at = skipSpace(bytes, at, limit);
      if (at >= limit) return this.#incomplete(limit);
      let byte = bytes[at] as number;

      if (isNameNext) {
        if (byte !== QUOTE) return this.#fault(at, 'a member name in double quotes was expected');
        const nameStart = at + 1;
        let hasEscape = false;
        at++;
        for (;;) {
          at = skipPlain(bytes, at, limit);
          if (at >= limit) return this.#incomplete(limit);
          byte = bytes[at] as number;
          if (byte === QUOTE) break;
          if (byte !== BACKSLASH) return this.#fault(at, CONTROL_CHARACTER);
          hasEscape = true;
          const next = skipEscape(bytes, at, limit);
          if (next === INCOMPLETE) return this.#incomplete(limit);
          if (next < 0) return this.#fault(at, 'an escape sequence is not valid');
          at = next;
        }
        const nameEnd = at;
        at++;
        let name: Uint8Array | null = null;
        if (hasEscape) name = encoder.encode(decodeString(bytes, nameStart, nameEnd));
        const hash = name === null ? hashName(bytes, nameStart, nameEnd) : hashName(name, 0, name.length);
        if (nameCount === this.#nameHashes.length) this.#growNames();
        const first = firstName[depth - 1] as number;
        if (this.#isDuplicate(bytes, first, nameCount, hash, nameStart, nameEnd, depth - 1)) {
          result.duplicateKeys.push(nameStart - 1);
        }
        this.#nameHashes[nameCount] = hash;
        this.#nameStarts[nameCount] = nameStart;
        this.#nameEnds[nameCount] = nameEnd;
        nameCount++;

        let slot = -1;
        pendingMembers = null;
        const wanted = wantedAt[depth - 1] as CompiledWanted | null;
        if (wanted !== null) {
          const sameHash = wanted.byHash.get(hash);
          if (sameHash !== undefined) {
            for (const member of sameHash) {
              if (
                !isSameName(
                  member.name,
                  name ?? bytes,
                  name === null ? nameStart : 0,
                  name === null ? nameEnd : name.length,
                )
              )
                continue;
              slot = member.slot;
              pendingMembers = member.members;
            }
          }
        }
        slotAt[depth - 1] = slot;

        at = skipSpace(bytes, at, limit);
        if (at >= limit) return this.#incomplete(limit);
        byte = bytes[at] as number;
        if (byte !== COLON) return this.#fault(at, 'a colon was expected after the member name');
        at++;
        at = skipSpace(bytes, at, limit);
        if (at >= limit) return this.#incomplete(limit);
        byte = bytes[at] as number;
        if (slot >= 0) spans[2 * slot] = at;
        isNameNext = false;
      }

      // A value starts at `at`.
      if (byte === QUOTE) {
        at++;
        for (;;) {
          at = skipPlain(bytes, at, limit);
          if (at >= limit) return this.#incomplete(limit);
          byte = bytes[at] as number;
          if (byte === QUOTE) break;
          if (byte !== BACKSLASH) return this.#fault(at, CONTROL_CHARACTER);
          const next = skipEscape(bytes, at, limit);
          if (next === INCOMPLETE) return this.#incomplete(limit);
          if (next < 0) return this.#fault(at, 'an escape sequence is not valid');
          at = next;
        }
        at++;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (depth === this.#maxDepth) {
          return this.#fault(
            at,
            `arrays and objects are nested more than ${this.#maxDepth} deep`,
            'nesting_too_deep',
          );
        }
        slotAt[depth] = -1;
        this.#nameSets[depth] = null;
        const isObject = byte === OPEN_BRACE;
        firstName[depth] = isObject ? nameCount : -1;
        wantedAt[depth] = isObject ? pendingMembers : null;
        pendingMembers = null;
        depth++;
        at++;
        at = skipSpace(bytes, at, limit);
        if (at >= limit) return this.#incomplete(limit);
        byte = bytes[at] as number;
        if (byte !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
          isNameNext = isObject;
          continue;
        }
        at++;
        depth--;
      } else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
        const end = skipNumber(bytes, at, limit);
        if (end === INCOMPLETE || (end === limit && !isFinal)) return this.#incomplete(limit);
        if (end < 0) return this.#fault(at, 'a number is not valid');
        if (end - at >= 16 || hasExponent(bytes, at, end)) {
          if (!isHeldByDouble(bytes, at, end)) result.unsafeNumbers.push(at, end);
        }
        at = end;
      } else {
        const literal = literalFor(byte);
        if (literal === null) return this.#fault(at, 'a value was expected');
        const end = at + literal.length;
        for (let next = at + 1; next < end && next < limit; next++) {
          if (bytes[next] !== literal[next - at]) return this.#fault(at, 'a value was expected');
        }
        if (end > limit) return this.#incomplete(limit);
        at = end;
      }

      // A value has ended at `at`: close what it closes.
      for (;;) {
        pendingMembers = null;
        if (depth === 0) {
          result.end = at;
          return result;
        }
        const slot = slotAt[depth - 1] as number;
        if (slot >= 0) {
          spans[2 * slot + 1] = at;
          slotAt[depth - 1] = -1;
        }
        at = skipSpace(bytes, at, limit);
        if (at >= limit) return this.#incomplete(limit);
        byte = bytes[at] as number;
        const first = firstName[depth - 1] as number;
        if (byte === COMMA) {
          isNameNext = first >= 0;
          at++;
          break;
        }
        if (byte !== (first >= 0 ? CLOSE_BRACE : CLOSE_BRACKET)) {
          return this.#fault(at, `a comma or "${first >= 0 ? '}' : ']'}" was expected`);
        }
        if (first >= 0) nameCount = first;
        at++;
        depth--;
      }
    }
  }

  #isDuplicate(
    bytes: Uint8Array,
    first: number,
    count: number,
    hash: number,
    start: number,
    end: number,
    level: number,
  ): boolean {
    if (count - first < LINEAR_LOOKUP_MAX) {
      for (let index = first; index < count; index++) {
        if (this.#nameHashes[index] !== hash) continue;
        if (this.#isNameEqual(bytes, index, start, end)) return true;
      }
      return false;
    }
    let names = this.#nameSets[level];
    if (names === null || names === undefined) {
      names = new Map();
      for (let index = first; index < count; index++) {
        names.set(
          decodeString(bytes, this.#nameStarts[index] as number, this.#nameEnds[index] as number),
          true,
        );
      }
      this.#nameSets[level] = names;
    }
    const name = decodeString(bytes, start, end);
    if (names.has(name)) return true;
    names.set(name, true);
    return false;
  }

  #isNameEqual(bytes: Uint8Array, index: number, start: number, end: number): boolean {
    const otherStart = this.#nameStarts[index] as number;
    const otherEnd = this.#nameEnds[index] as number;
    return decodeString(bytes, otherStart, otherEnd) === decodeString(bytes, start, end);
  }

  #growNames(): void {
    const grow = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(from.length * 2);
      to.set(from);
      return to;
    };
    this.#nameHashes = grow(this.#nameHashes);
    this.#nameStarts = grow(this.#nameStarts);
    this.#nameEnds = grow(this.#nameEnds);
  }

  #fault(offset: number, detail: string, code: JsonFault['code'] = 'invalid_json'): JsonScan {
    this.#result.fault = { code, offset, detail };
    return this.#result;
  }

  #incomplete(limit: number): JsonScan {
    this.#result.isIncomplete = true;
    this.#result.end = limit;
    return this.#result;
  }
}

const INCOMPLETE = -2;
const CONTROL_CHARACTER = 'a control character stands in a string without being escaped';

/** Index behind the escape sequence at `at`; -1 where it is none, INCOMPLETE where the bytes end in it. */
function skipEscape(bytes: Uint8Array, at: number, limit: number): number {
  if (at + 1 >= limit) return INCOMPLETE;
  switch (bytes[at + 1]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 2;
    case 0x75: {
      for (let digit = at + 2; digit < at + 6; digit++) {
        if (digit >= limit) return INCOMPLETE;
        if (!isHexDigit(bytes[digit] as number)) return -1;
      }
      return at + 6;
    }
    default:
      return -1;
  }
}

function isHexDigit(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** Index behind the number at `start`; -1 where it is none, INCOMPLETE where the bytes end in it. */
function skipNumber(bytes: Uint8Array, start: number, limit: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  if (at >= limit) return INCOMPLETE;
  if (bytes[at] === ZERO) at++;
  else {
    const end = skipDigits(bytes, at, limit);
    if (end === at) return -1;
    at = end;
  }
  if (at < limit && bytes[at] === 0x2e) {
    const end = skipDigits(bytes, at + 1, limit);
    if (end === at + 1) return end >= limit ? INCOMPLETE : -1;
    at = end;
  }
  if (at < limit && ((bytes[at] as number) | 0x20) === 0x65) {
    at++;
    if (at < limit && (bytes[at] === MINUS || bytes[at] === 0x2b)) at++;
    const end = skipDigits(bytes, at, limit);
    if (end === at) return end >= limit ? INCOMPLETE : -1;
    at = end;
  }
  return at;
}

function skipDigits(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit && (bytes[at] as number) >= ZERO && (bytes[at] as number) <= NINE) at++;
  return at;
}

function hasExponent(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (((bytes[at] as number) | 0x20) === 0x65) return true;
  return false;
}

/** False for an integer literal beyond 2^53 - 1 and for any number that overflows a double. */
function isHeldByDouble(bytes: Uint8Array, start: number, end: number): boolean {
  const text = decoder.decode(bytes.subarray(start, end));
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  return /[.eE]/.test(text) || Number.isSafeInteger(value);
}

const TRUE = encoder.encode('true');
const FALSE = encoder.encode('false');
const NULL = encoder.encode('null');

function literalFor(firstByte: number): Uint8Array | null {
  if (firstByte === 0x6e) return NULL;
  if (firstByte === 0x74) return TRUE;
  return firstByte === 0x66 ? FALSE : null;
}

function isSameName(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let at = 0; at < name.length; at++) if (name[at] !== bytes[start + at]) return false;
  return true;
}

/** The string whose raw characters, between the quotes, are `bytes[start, end)`. */
export function decodeString(bytes: Uint8Array, start: number, end: number): string {
  const raw = decoder.decode(bytes.subarray(start, end));
  return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
}
