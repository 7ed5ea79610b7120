import { canonicalJson } from './canonical-json.ts';
import { contentHash } from './content-hash.ts';
import type { ProblemCode } from './errors.ts';
import { exactNumberText } from './exact-number.ts';
import type { ItemType } from './item-type.ts';
import { asExternalId, type InheritedMembers, type ItemTypeRegistry } from './item-type-registry.ts';
import { decodeString, numberText, skipSpace } from './json-lexis.ts';
import { valueAt } from './json-pointer.ts';
import { placeText, pointersAt } from './json-position.ts';
import { createJsonScanner, ENDS_TOO_EARLY, type JsonScan } from './json-scan.ts';
import { emptyJsonObject, isJsonObject, type JsonObject, type JsonValue } from './json-value.ts';
import { normalise } from './normalise.ts';
import { holdsSecret, isSensitiveDigest, maskSecrets, sayable } from './redact.ts';
import { sha256Hex } from './sha256.ts';
import type { WantedMember, WantedMembers } from './wanted-members.ts';

/** Longest label kept, in UTF-16 code units. */
const MAX_LABEL_LENGTH = 300;
/** How many places one flaw names. */
const MAX_PLACES = 3;
/** How many looks are remembered; real inventories have some dozen. */
const MAX_LOOKS = 10_000;
const MAX_LOOK_LENGTH = 2_000;

/** Bytes of one object of an export, and what it takes over from the list it stood in. */
export interface RawItem {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly inherited: InheritedMembers;
}

/** Something wrong with one object, before it is known from which file it came. */
export interface Flaw {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly itemType: string | null;
}

export interface Item {
  readonly isRead: true;
  readonly type: ItemType;
  readonly externalId: string;
  /** Where the id was found. */
  readonly identityPointer: string;
  readonly label: string;
  readonly facts: JsonObject;
  /** The canonical form of the facts. */
  readonly canonicalFacts: string;
  /** SHA-256 of the canonical form of the facts. */
  readonly contentHash: string;
  /** The same of the facts without their secrets: it may be part of what is printed. */
  readonly maskedHash: string;
  /** It says two things at once, so it can't be compared. */
  readonly isContradictory: boolean;
  readonly flaws: readonly Flaw[];
}

export interface UnreadItem {
  readonly isRead: false;
  readonly flaw: Flaw;
}

/** What identifies an item, found without parsing it. */
interface KnownIdentity {
  readonly type: ItemType;
  readonly externalId: string;
  readonly identityPointer: string;
}

export interface ItemReader {
  /** Reads an object in full. Bytes must be UTF-8. */
  read(raw: RawItem): Item | UnreadItem;
  /**
   * The identity of an object in one pass over its bytes, without building it: exactly what `read` would
   * say, or null where `read` would report a flaw, so that it has to be asked.
   */
  identify(raw: RawItem): KnownIdentity | null;
}

export function createItemReader(options: {
  registry: ItemTypeRegistry;
  digestKey: string;
  maxDepth: number;
}): ItemReader {
  const { registry, digestKey, maxDepth } = options;
  const scanner = createJsonScanner({ wanted: registry.wanted, maxDepth });
  /** Types by what decides on them: items of an inventory look alike by the thousand. */
  const typeByLook = new Map<string, ItemType>();
  const typeOf = ({ bytes, inherited }: RawItem, scan: JsonScan): ItemType => {
    let look = inherited === null ? '' : canonicalJson(inherited);
    for (const { slot, byPresence } of registry.deciding) {
      if ((scan.spans[2 * slot] as number) >= 0) look += `|${slot}:${lookAt(bytes, scan, slot, byPresence)}`;
    }
    let type = typeByLook.get(look);
    if (type === undefined) {
      type = registry.identify(stubOf(bytes, scan, registry.wanted), inherited).type;
      if (typeByLook.size < MAX_LOOKS && look.length <= MAX_LOOK_LENGTH) typeByLook.set(look, type);
    }
    return type;
  };
  return {
    identify(raw) {
      const scan = scanner.scan(raw.bytes, raw.start, raw.end);
      if (scan.fault !== null || scan.isIncomplete || scan.end !== raw.end) return null;
      if (scan.duplicateKeys.length > 0 || scan.unsafeNumbers.length > 0) return null;
      // Only an object has members; what has none is for `read` to judge.
      const type = typeOf(raw, scan);
      if (type.definition.isCompanion) return null;
      for (const [index, slot] of registry.identitySlots(type).entries()) {
        const externalId = asExternalId(scalarAt(raw.bytes, scan, slot));
        if (externalId === null) continue;
        return { type, externalId, identityPointer: type.identityPointers[index] as string };
      }
      return null;
    },
    read(raw) {
      const scan = scanner.scan(raw.bytes, raw.start, raw.end);
      const fault = faultOf(scan, raw);
      if (fault !== null) return { isRead: false, flaw: fault };
      const duplicates = pointersAt(raw.bytes, raw.start, scan.duplicateKeys);
      const unsafe = pointersAt(
        raw.bytes,
        raw.start,
        scan.unsafeNumbers.filter((_, index) => index % 2 === 0),
      );
      const value = parseValue(raw, scan);
      if (!isJsonObject(value)) return unread('not_an_object', `it is ${nameOfKind(value)}`, null);
      const identity = registry.identify(value, raw.inherited);
      const { type } = identity;
      if (type.definition.isCompanion) return unread('companion_file', `it is "${type.title}"`, null);
      if (identity.externalId === null) return missingIdentity(type);
      const deciding = registry.decidingPointers(type, identity.pointer as string);
      const isDeciding = (double: string): boolean =>
        deciding.some((pointer) => pointer === double || pointer.startsWith(`${double}/`));
      if (duplicates.some(isDeciding)) {
        return unread('missing_identity', `what identifies it stands twice: ${listPlaces(duplicates)}`, null);
      }
      const facts = normalise(value, type, digestKey);
      const canonicalFacts = canonicalJson(facts);
      const hash = sha256Hex(canonicalFacts);
      const flaws: Flaw[] = [];
      if (duplicates.length > 0) {
        flaws.push({
          code: 'duplicate_key',
          detail: `twice in one object: ${listPlaces(duplicates)}`,
          itemType: type.name,
        });
      }
      if (unsafe.length > 0) {
        flaws.push({
          code: 'unsafe_number',
          detail: `kept as text: ${listPlaces(unsafe)}`,
          itemType: type.name,
        });
      }
      return {
        isRead: true,
        type,
        externalId: identity.externalId,
        identityPointer: identity.pointer as string,
        label: labelOf(facts, type) ?? identity.externalId,
        facts,
        canonicalFacts,
        contentHash: hash,
        maskedHash: holdsSecret(facts) ? contentHash(maskSecrets(facts)) : hash,
        isContradictory: duplicates.length > 0,
        flaws,
      };
    },
  };
}

function unread(code: ProblemCode, detail: string, itemType: string | null): UnreadItem {
  return { isRead: false, flaw: { code, detail, itemType } };
}

/** An object of a fallback type may be one of any type that has lost more than its id. */
function missingIdentity(type: ItemType): UnreadItem {
  const places = type.identityPointers.join(', ');
  return unread('missing_identity', `no id at ${places}`, type.definition.isFallback ? null : type.name);
}

function faultOf(scan: JsonScan, { bytes, start, end }: RawItem): Flaw | null {
  const flaw = (code: ProblemCode, offset: number, detail: string): Flaw => {
    return { code, detail: `${placeText(bytes, start, offset)}: ${detail}`, itemType: null };
  };
  if (scan.fault !== null) return flaw(scan.fault.code, scan.fault.offset, scan.fault.detail);
  if (scan.isIncomplete) return flaw('invalid_json', end, ENDS_TOO_EARLY);
  const next = skipSpace(bytes, scan.end, end);
  if (next < end) return flaw('invalid_json', next, 'more text follows the value');
  return null;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Builds the value; numbers that a double can't hold become texts of their digits. */
function parseValue({ bytes, start, end }: RawItem, scan: JsonScan): JsonValue {
  if (scan.unsafeNumbers.length === 0)
    return JSON.parse(decoder.decode(bytes.subarray(start, end))) as JsonValue;
  let text = '';
  let at = start;
  for (let index = 0; index < scan.unsafeNumbers.length; index += 2) {
    const from = scan.unsafeNumbers[index] as number;
    const to = scan.unsafeNumbers[index + 1] as number;
    text += `${decoder.decode(bytes.subarray(at, from))}"${exactNumberText(numberText(bytes, from, to))}"`;
    at = to;
  }
  return JSON.parse(text + decoder.decode(bytes.subarray(at, end))) as JsonValue;
}

function listPlaces(pointers: readonly string[]): string {
  const named = pointers.slice(0, MAX_PLACES).map(sayable).join(', ');
  return pointers.length > MAX_PLACES ? `${named} and ${pointers.length - MAX_PLACES} more` : named;
}

/** What a deciding member looks like: its JSON text where that matters, else whether it is null. */
function lookAt(bytes: Uint8Array, scan: JsonScan, slot: number, byPresence: boolean): string {
  const start = scan.spans[2 * slot] as number;
  const first = bytes[start];
  if (first === 0x6e) return '-';
  if (byPresence || first === 0x7b || first === 0x5b) return '+';
  return decoder.decode(bytes.subarray(start, scan.spans[2 * slot + 1]));
}

/** The scalar at a slot; undefined where there is none, or an array or object. */
function scalarAt(bytes: Uint8Array, scan: JsonScan, slot: number): JsonValue | undefined {
  const start = scan.spans[2 * slot] as number;
  const end = scan.spans[2 * slot + 1] as number;
  if (start < 0 || bytes[start] === 0x7b || bytes[start] === 0x5b) return undefined;
  if (bytes[start] === 0x22) return decodeString(bytes, start + 1, end - 1);
  return JSON.parse(decoder.decode(bytes.subarray(start, end))) as JsonValue;
}

/** An object of the located members only. */
function stubOf(bytes: Uint8Array, scan: JsonScan, wanted: WantedMembers): JsonObject {
  const stub = emptyJsonObject();
  for (const [name, member] of wanted) {
    const value = stubMember(bytes, scan, member);
    if (value !== undefined) stub[name] = value;
  }
  return stub;
}

function stubMember(bytes: Uint8Array, scan: JsonScan, member: WantedMember): JsonValue | undefined {
  const start = scan.spans[2 * member.slot] as number;
  if (start < 0) return undefined;
  const first = bytes[start];
  if (first === 0x5b) return [];
  if (first !== 0x7b) {
    return JSON.parse(decoder.decode(bytes.subarray(start, scan.spans[2 * member.slot + 1]))) as JsonValue;
  }
  const stub = emptyJsonObject();
  for (const [name, below] of member.members ?? []) {
    const value = stubMember(bytes, scan, below);
    if (value !== undefined) stub[name] = value;
  }
  return stub;
}

/** The name of an item for people, from its facts; null where it has none. */
export function labelOf(facts: JsonObject, type: ItemType): string | null {
  for (const tokens of type.label) {
    const label = valueAt(facts, tokens);
    if (typeof label === 'string' && label.trim() !== '') return shorten(label);
    if (label !== undefined && isSensitiveDigest(label)) return '[redacted]';
  }
  return null;
}

function shorten(label: string): string {
  return label.length > MAX_LABEL_LENGTH ? `${label.slice(0, MAX_LABEL_LENGTH)}…` : label;
}

function nameOfKind(value: JsonValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
