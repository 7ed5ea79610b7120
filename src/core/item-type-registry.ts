import { contentHash } from './content-hash.ts';
import type { ErrorDetail } from './errors.ts';
import { compileItemType, type ItemType } from './item-type.ts';
import { type ItemTypeDefinition, itemTypeFileSchema } from './item-type-schema.ts';
import { parsePointer, valueAt } from './json-pointer.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { matchesGlob } from './path-pattern.ts';
import { looksLikeSecret } from './redact.ts';
import { describeIssues } from './validation.ts';
import type { WantedMembers } from './wanted-members.ts';

/** Longest external id, in UTF-16 code units. */
const MAX_ID_LENGTH = 1024;

/** Members that an object takes over from the list it was exported in, such as `@odata.context`. */
export type InheritedMembers = JsonObject | null;

interface ItemIdentity {
  readonly type: ItemType;
  /** Null where the object has none of the type's identity members. */
  readonly externalId: string | null;
  /** The pointer at which the external id was found. */
  readonly pointer: string | null;
}

/** The item types in force, in the order in which they are tried. Immutable. */
export interface ItemTypeRegistry {
  readonly types: readonly ItemType[];
  /** SHA-256 over the rules of all types. */
  readonly digest: string;
  /** The members that `identify` reads: enough to call it on an object that holds nothing else. */
  readonly wanted: WantedMembers;
  /**
   * Slots in `wanted` of the members that decide on the type; of those that are `byPresence` it only matters
   * whether they are there and not null. Objects that agree in all of them are of the same type.
   */
  readonly deciding: readonly { readonly slot: number; readonly byPresence: boolean }[];
  /** Slots in `wanted` of the identity pointers of a type, in their order. */
  identitySlots(type: ItemType): readonly number[];
  /** The pointers of which any, standing twice, would leave open what an object with this identity is. */
  decidingPointers(type: ItemType, identityPointer: string): readonly string[];
  get(name: string): ItemType | undefined;
  /** The type and id of an object; total, as the last fallback takes every object. */
  identify(object: JsonObject, inherited: InheritedMembers): ItemIdentity;
}

export type DefinitionsResult =
  | { readonly ok: true; readonly definitions: readonly ItemTypeDefinition[] }
  | { readonly ok: false; readonly details: readonly ErrorDetail[] };

/** Validates the content of an item type file; all that is wrong is returned together. */
export function parseItemTypes(content: unknown): DefinitionsResult {
  const parsed = itemTypeFileSchema.safeParse(content, { reportInput: true });
  if (parsed.success) return { ok: true, definitions: parsed.data.itemTypes };
  return { ok: false, details: describeIssues(parsed.error) };
}

export type RegistryResult =
  | { readonly ok: true; readonly registry: ItemTypeRegistry }
  | { readonly ok: false; readonly details: readonly ErrorDetail[] };

/**
 * Makes a registry. Definitions in `own` come before `builtIn` and replace those of the same name. What is
 * wrong between definitions (unknown or circular `extends`, no identity, a sensitive identity, a name twice)
 * is returned together; pointers are into `own`.
 */
export function createItemTypeRegistry(options: {
  own: readonly ItemTypeDefinition[];
  builtIn: readonly ItemTypeDefinition[];
}): RegistryResult {
  const builtIn = new Map(options.builtIn.map((definition) => [definition.itemType, definition]));
  const all = new Map([
    ...builtIn,
    ...options.own.map((definition) => [definition.itemType, definition] as const),
  ]);
  const ownNames = new Set(options.own.map((definition) => definition.itemType));
  const ordered = [
    ...options.own,
    ...options.builtIn.filter((definition) => !ownNames.has(definition.itemType)),
  ];

  const details: ErrorDetail[] = [];
  const types: ItemType[] = [];
  const seen = new Set<string>();
  for (const [index, definition] of ordered.entries()) {
    const fault = (place: string, detail: string): void => {
      details.push({ pointer: `/itemTypes/${index}${place}`, line: null, detail });
    };
    if (seen.has(definition.itemType)) fault('/itemType', `"${definition.itemType}" is defined twice`);
    seen.add(definition.itemType);
    const resolved = resolveExtends(definition, { all, builtIn });
    if (typeof resolved === 'string') {
      fault('/extends', resolved);
      continue;
    }
    if (definition.isAbstract) continue;
    const hasIdentity = resolved.identity.length + resolved.weakIdentity.length > 0;
    if (!hasIdentity && !resolved.isCompanion) fault('/identity', 'an item type needs at least one identity');
    if (resolved.match.length === 0 && !resolved.isFallback) {
      fault('/match', 'without a rule in `match` nothing can be of this type');
    }
    const type = compileItemType(resolved);
    for (const [at, tokens] of type.identity.entries()) {
      let place = type.root;
      const isSensitive = tokens.some((token) => {
        place = place.next(token);
        return type.rulesAt(place).sensitive !== null;
      });
      if (isSensitive) fault('/sensitive', `the identity ${type.identityPointers[at]} can not be sensitive`);
    }
    types.push(type);
  }
  if (details.length > 0) return { ok: false, details };
  return { ok: true, registry: makeRegistry(types) };
}

/** Definitions by name, as `extends` looks them up. */
interface KnownDefinitions {
  readonly all: ReadonlyMap<string, ItemTypeDefinition>;
  /** What a definition of the user's extends when it names itself. */
  readonly builtIn: ReadonlyMap<string, ItemTypeDefinition>;
}

/**
 * The definition with the rules of what it extends behind its own, or what is wrong with `extends`. A
 * definition of the user's may extend the built-in one of its own name; it then takes over `match` too.
 */
function resolveExtends(
  definition: ItemTypeDefinition,
  known: KnownDefinitions,
  below: readonly ItemTypeDefinition[] = [],
): ItemTypeDefinition | string {
  if (definition.extends === undefined) return definition;
  if (below.includes(definition)) return `"${definition.itemType}" extends itself`;
  const isOwnName = definition.extends === definition.itemType;
  const parent = (isOwnName ? known.builtIn : known.all).get(definition.extends);
  if (parent === undefined) return `there is no item type "${definition.extends}"`;
  const base = resolveExtends(parent, known, [...below, definition]);
  if (typeof base === 'string') return base;
  return mergeDefinitions(definition, base, isOwnName);
}

function mergeDefinitions(
  { extends: _, ...own }: ItemTypeDefinition,
  base: ItemTypeDefinition,
  inheritsMatch: boolean,
): ItemTypeDefinition {
  const title = own.title ?? (inheritsMatch ? base.title : undefined);
  return {
    ...own,
    ...(title === undefined ? {} : { title }),
    isFallback: own.isFallback || (inheritsMatch && base.isFallback),
    isCompanion: own.isCompanion || (inheritsMatch && base.isCompanion),
    guessesIdentity: own.guessesIdentity || (inheritsMatch && base.guessesIdentity),
    match: inheritsMatch ? [...own.match, ...base.match] : own.match,
    identity: own.identity.length > 0 ? own.identity : base.identity,
    weakIdentity: own.weakIdentity.length > 0 ? own.weakIdentity : base.weakIdentity,
    label: own.label.length > 0 ? own.label : base.label,
    absent: [...new Set([...own.absent, ...base.absent])].sort(),
    volatile: [...own.volatile, ...base.volatile],
    keep: [...own.keep, ...base.keep],
    unordered: [...own.unordered, ...base.unordered],
    ordered: [...own.ordered, ...base.ordered],
    keyed: [...own.keyed, ...base.keyed],
    named: [...own.named, ...base.named],
    sensitive: [...own.sensitive, ...base.sensitive],
    evidence: {
      show: [...own.evidence.show, ...base.evidence.show],
      withhold: [...own.evidence.withhold, ...base.evidence.withhold],
    },
    driftTypes: [...own.driftTypes, ...base.driftTypes],
    impact: [...own.impact, ...base.impact],
    presenceImpact: { ...base.presenceImpact, ...own.presenceImpact },
  };
}

function makeRegistry(unordered: readonly ItemType[]): ItemTypeRegistry {
  const specific = unordered.filter((type) => !type.definition.isFallback);
  const types = [...specific, ...unordered.filter((type) => type.definition.isFallback)];
  const last = types.at(-1);
  if (last === undefined) throw new RangeError('a registry needs at least one item type');
  const byName = new Map(types.map((type) => [type.name, type]));
  const rules = types.flatMap((type) => type.definition.match);
  const textPointers = new Set(rules.flatMap((rule) => rule.path ?? []));
  const matchPointers = [
    ...new Set([...textPointers, ...rules.flatMap((rule) => [...(rule.has ?? []), ...(rule.lacks ?? [])])]),
  ].sort();
  const wanted = wantedMembers([
    ...matchPointers.map(parsePointer),
    ...types.flatMap((type) => type.identity),
  ]);
  const slotOf = (tokens: readonly string[]): number => findSlot(wanted, tokens);
  const identitySlots = new Map(types.map((type) => [type, type.identity.map(slotOf)]));
  return {
    types,
    digest: contentHash(types.map((type) => [type.name, type.rulesDigest])),
    wanted,
    deciding: matchPointers.map((pointer) => ({
      slot: slotOf(parsePointer(pointer)),
      byPresence: !textPointers.has(pointer),
    })),
    identitySlots: (type) => identitySlots.get(type) ?? [],
    decidingPointers: ({ identityPointers }, pointer) => [
      ...textPointers,
      ...identityPointers.slice(0, identityPointers.indexOf(pointer) + 1),
    ],
    get: (name) => byName.get(name),
    identify(object, inherited) {
      const type = types.find((candidate) => matchesType(candidate, object, inherited)) ?? last;
      for (const [index, tokens] of type.identity.entries()) {
        const externalId = asExternalId(valueAt(object, tokens));
        if (externalId !== null) return { type, externalId, pointer: type.identityPointers[index] as string };
      }
      return { type, externalId: null, pointer: null };
    },
  };
}

function memberOf(
  object: JsonObject,
  inherited: InheritedMembers,
  tokens: readonly string[],
): JsonValue | undefined {
  return valueAt(object, tokens) ?? (inherited === null ? undefined : valueAt(inherited, tokens));
}

function matchesType(type: ItemType, object: JsonObject, inherited: InheritedMembers): boolean {
  if (type.definition.isFallback && type.definition.match.length === 0) return true;
  return type.definition.match.some((rule) => {
    const isThere = (pointer: string): boolean => (valueAt(object, parsePointer(pointer)) ?? null) !== null;
    if (rule.has?.every(isThere) === false || rule.lacks?.some(isThere)) return false;
    if (rule.path === undefined) return true;
    const value = memberOf(object, inherited, parsePointer(rule.path));
    return typeof value === 'string' && (rule.is ?? []).some((glob) => matchesGlob(glob, value));
  });
}

/** The external id that a member's value is, or null where it can be none. */
export function asExternalId(value: JsonValue | undefined): string | null {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value === '' || value.length > MAX_ID_LENGTH) return null;
  // An id is shown everywhere, so a secret can be none.
  return isGuid(value) || !looksLikeSecret(value) ? value : null;
}

function wantedMembers(pointers: readonly (readonly string[])[]): WantedMembers {
  type Node = { slot: number; members: Map<string, Node> | null };
  let slots = 0;
  const root = new Map<string, Node>();
  for (const [name, below] of pointers) {
    if (name === undefined) continue;
    const node = root.get(name) ?? { slot: slots++, members: null };
    root.set(name, node);
    if (below === undefined) continue;
    node.members ??= new Map();
    if (!node.members.has(below)) node.members.set(below, { slot: slots++, members: null });
  }
  return root;
}

function findSlot(wanted: WantedMembers, [name, below]: readonly string[]): number {
  const member = wanted.get(name ?? '');
  const found = below === undefined ? member : member?.members?.get(below);
  if (found === undefined) throw new RangeError(`/${name}/${below} is not wanted`);
  return found.slot;
}

/** The shape of most ids, told quickly. */
function isGuid(text: string): boolean {
  return text.length === 36 && text[8] === '-' && text[13] === '-' && text[18] === '-' && text[23] === '-';
}
