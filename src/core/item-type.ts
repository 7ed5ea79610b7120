import { contentHash } from './content-hash.ts';
import type { DriftType } from './drift-type.ts';
import type { ItemTypeDefinition } from './item-type-schema.ts';
import { parsePointer } from './json-pointer.ts';
import { type JsonValue, ownMember } from './json-value.ts';
import { compilePatterns, matchesGlob, type PathState } from './path-pattern.ts';

/** Impact of a change for which no rule says anything. */
const DEFAULT_IMPACT = 0.5;

/** An item type definition, compiled. Immutable. */
export interface ItemType {
  readonly name: string;
  readonly title: string;
  /** SHA-256 of the definition with what it extends: the same rules have the same digest. */
  readonly rulesDigest: string;
  readonly definition: ItemTypeDefinition;
  /** Where an id may be: the pointers of `identity`, then those of `weakIdentity`. */
  readonly identityPointers: readonly string[];
  /** The same as tokens. */
  readonly identity: readonly (readonly string[])[];
  /** Whether an id found at this pointer is a guess. */
  isWeakIdentity(pointer: string): boolean;
  readonly label: readonly (readonly string[])[];
  /** Where a walk along an item starts. */
  readonly root: PathState;
  /** The rules in force at a place that `root` led to. */
  rulesAt(place: PathState): PlaceRules;
}

/** What the definition says of one place in an item. */
export interface PlaceRules {
  readonly isVolatile: boolean;
  /** Tokens of the pointers to an element's key, or null where the array here has no key. */
  readonly keys: readonly (readonly string[])[] | null;
  /** The same for an array whose elements are told apart by a key, while their order counts. */
  readonly names: readonly (readonly string[])[] | null;
  readonly isUnordered: boolean;
  /** Null: never; otherwise any of the conditions makes the value sensitive. */
  readonly sensitive: readonly SensitiveCondition[] | null;
  readonly isShown: boolean;
  readonly driftType: DriftType;
  readonly baseImpact: number;
}

type SensitiveCondition = 'always' | { readonly sibling: string; readonly is: readonly string[] | null };

/** Compiles a definition whose `extends` is already merged in (see `resolveExtends`). */
export function compileItemType(definition: ItemTypeDefinition): ItemType {
  const rules: Rule[] = listRules(definition);
  const root = compilePatterns(rules.map((rule) => rule.path));
  const known = new Map<PathState, PlaceRules>();
  const identityPointers = [...definition.identity, ...definition.weakIdentity];
  return {
    name: definition.itemType,
    title: definition.title ?? definition.itemType,
    rulesDigest: contentHash(definition as unknown as JsonValue),
    definition,
    identityPointers,
    identity: identityPointers.map(parsePointer),
    isWeakIdentity: (pointer) => !definition.identity.includes(pointer),
    label: definition.label.map(parsePointer),
    root,
    rulesAt(place) {
      let placeRules = known.get(place);
      if (placeRules === undefined) {
        placeRules = combineRules(place.matches.map((index) => rules[index] as Rule));
        if (known.size < 10_000) known.set(place, placeRules);
      }
      return placeRules;
    },
  };
}

type Rule = { readonly path: string } & (
  | { readonly kind: 'volatile' | 'keep' | 'unordered' | 'ordered' | 'show' | 'withhold' }
  | { readonly kind: 'keyed'; readonly keys: readonly (readonly string[])[] }
  | { readonly kind: 'named'; readonly keys: readonly (readonly string[])[] }
  | { readonly kind: 'sensitive'; readonly condition: SensitiveCondition }
  | { readonly kind: 'driftType'; readonly driftType: DriftType }
  | { readonly kind: 'impact'; readonly baseImpact: number }
);

function listRules(definition: ItemTypeDefinition): Rule[] {
  const plain = (kind: 'volatile' | 'keep' | 'unordered' | 'ordered') =>
    definition[kind].map((path): Rule => ({ path, kind }));
  return [
    ...plain('volatile'),
    ...plain('keep'),
    ...plain('unordered'),
    ...plain('ordered'),
    ...definition.evidence.show.map((path): Rule => ({ path, kind: 'show' })),
    ...definition.evidence.withhold.map((path): Rule => ({ path, kind: 'withhold' })),
    ...definition.keyed.map(({ path, key }): Rule => ({ path, kind: 'keyed', keys: key.map(parsePointer) })),
    ...definition.named.map(({ path, key }): Rule => ({ path, kind: 'named', keys: key.map(parsePointer) })),
    ...definition.sensitive.map((entry): Rule => {
      if (typeof entry === 'string') return { path: entry, kind: 'sensitive', condition: 'always' };
      return {
        path: entry.path,
        kind: 'sensitive',
        condition: { sibling: entry.when.sibling, is: entry.when.is ?? null },
      };
    }),
    ...definition.driftTypes.map(({ path, driftType }): Rule => ({ path, kind: 'driftType', driftType })),
    ...definition.impact.map(({ path, baseImpact }): Rule => ({ path, kind: 'impact', baseImpact })),
  ];
}

function combineRules(rules: readonly Rule[]): PlaceRules {
  const has = (kind: Rule['kind']): boolean => rules.some((rule) => rule.kind === kind);
  const first = <Kind extends Rule['kind']>(kind: Kind) =>
    rules.find((rule): rule is Extract<Rule, { kind: Kind }> => rule.kind === kind);
  const isOrdered = has('ordered');
  const sensitive = rules.flatMap((rule) => (rule.kind === 'sensitive' ? [rule.condition] : []));
  return {
    isVolatile: has('volatile') && !has('keep'),
    keys: isOrdered ? null : (first('keyed')?.keys ?? null),
    names: first('named')?.keys ?? null,
    isUnordered: !isOrdered && has('unordered'),
    sensitive: sensitive.length === 0 ? null : sensitive,
    isShown: has('show') && !has('withhold'),
    driftType: first('driftType')?.driftType ?? 'configuration',
    baseImpact: first('impact')?.baseImpact ?? DEFAULT_IMPACT,
  };
}

/** Whether a value is sensitive here, given the object that holds it. */
export function isSensitive(rules: PlaceRules, holder: JsonValue | undefined): boolean {
  if (rules.sensitive === null) return false;
  return rules.sensitive.some((condition) => {
    if (condition === 'always') return true;
    const sibling = ownMember(holder, condition.sibling);
    if (condition.is === null) return sibling !== undefined && sibling !== null && sibling !== false;
    if (sibling === undefined || (typeof sibling === 'object' && sibling !== null)) return false;
    return condition.is.some((glob) => matchesGlob(glob, String(sibling)));
  });
}
