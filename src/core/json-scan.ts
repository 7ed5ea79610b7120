/**
 * One pass over the bytes of a JSON value that recognises it strictly (RFC 8259) without building it, finds
 * where it ends, and notices what `JSON.parse` would silently collapse: duplicate member names and integers
 * beyond 2^53. It also notes where a few wanted members lie, which is enough to identify an item whose bytes
 * are already known. Strings are not checked for UTF-8: readers do that on whole chunks.
 */

import { isHeldByDouble } from './exact-number.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  decodeString,
  hasExponent,
  INCOMPLETE,
  literalFor,
  MINUS,
  NINE,
  numberText,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipEscape,
  skipNumber,
  skipPlain,
  skipSpace,
  ZERO,
} from './json-lexis.ts';
import { MemberNames } from './member-names.ts';
import {
  type CompiledWanted,
  compileWanted,
  countWantedSlots,
  hashName,
  isSameName,
  type WantedMembers,
} from './wanted-members.ts';

/** What is said of a scan that is incomplete when no more bytes will come. */
export const ENDS_TOO_EARLY = 'it ends in the middle of a value';

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
  /** Start and end, in turn, of each number that a double can't hold (beyond 2^53 - 1). */
  unsafeNumbers: number[];
  /** How many members the root object has, each name as often as it stands. */
  rootMembers: number;
  /** Start and end, in turn, of each wanted member's value; start is -1 where there is none. */
  spans: Int32Array;
}

const encoder = new TextEncoder();

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
  /** Per open container: index of its first name in #names, or -1 for an array. */
  readonly #firstName: number[] = [];
  /** Per open container that is a wanted object or the root: the names wanted in it. */
  readonly #wantedAt: (CompiledWanted | null)[] = [];
  /** Per open container: slot of the wanted member whose value is being read in it, or -1. */
  readonly #slotAt: number[] = [];
  readonly #names = new MemberNames();

  constructor(wanted: WantedMembers, maxDepth: number) {
    this.#maxDepth = maxDepth;
    this.#wanted = compileWanted(wanted);
    this.#result = {
      end: 0,
      isIncomplete: false,
      fault: null,
      duplicateKeys: [],
      unsafeNumbers: [],
      rootMembers: 0,
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
    result.rootMembers = 0;
    if (result.duplicateKeys.length > 0) result.duplicateKeys = [];
    if (result.unsafeNumbers.length > 0) result.unsafeNumbers = [];
    result.spans.fill(-1);

    let at = start;
    let depth = 0; // open containers
    const names = this.#names;
    names.count = 0;
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
        if (depth === 1) result.rootMembers++;
        const first = firstName[depth - 1] as number;
        if (names.add(bytes, depth - 1, first, hash, nameStart, nameEnd)) {
          result.duplicateKeys.push(nameStart - 1);
        }

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
        const isObject = byte === OPEN_BRACE;
        firstName[depth] = isObject ? names.open(depth) : -1;
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
          if (!isHeldByDouble(numberText(bytes, at, end))) result.unsafeNumbers.push(at, end);
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
        if (first >= 0) names.count = first;
        at++;
        depth--;
      }
    }
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

const CONTROL_CHARACTER = 'a control character stands in a string without being escaped';
