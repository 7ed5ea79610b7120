import { z } from 'zod';
import { driftTypes, severities } from '../../core/drift-type.ts';
import { type FindingState, findingStates } from '../../core/finding-lifecycle.ts';
import { instantSchema } from '../../http/instant.ts';
import type { FindingFilter } from './finding-filter.ts';

/** Most values of one field. */
const MAX_VALUES = 50;

/** Text that PostgreSQL can hold. */
export const textSchema = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the one that PostgreSQL has no place for
    .regex(/^[^\u0000]*$/, 'must not hold U+0000');

/** One value or several; in a query the field is repeated. */
function several<Item extends z.ZodType>(item: Item, description: string) {
  return z
    .preprocess(
      (value) => (value === undefined || Array.isArray(value) ? value : [value]),
      z.array(item).min(1).max(MAX_VALUES).optional(),
    )
    .meta({ description });
}

const changeKinds = ['added', 'removed', 'changed'] as const;

/** `open`: new or acknowledged; `unresolved`: all but resolved. */
const stateGroups = {
  open: ['new', 'acknowledged'],
  unresolved: findingStates.filter((state) => state !== 'resolved'),
} as const satisfies Record<string, readonly FindingState[]>;

const stateValues = [...findingStates, 'open', 'unresolved'] as const;

const booleanSchema = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean().optional(),
);

/** The filter of every route that takes one, to be spread into its query or body. */
export const findingFilterFields = {
  state: several(
    z.enum(stateValues),
    'Any of these; `open` is new or acknowledged, `unresolved` all but resolved',
  ),
  severity: several(z.enum(severities), 'Any of these'),
  driftType: several(z.enum(driftTypes), 'Any of these'),
  change: several(z.enum(changeKinds), 'Any of these'),
  itemType: several(textSchema(500), 'Any of these'),
  scopeId: several(z.guid(), 'Any of these'),
  sourceId: several(z.guid(), 'Any of these'),
  signature: several(textSchema(200), 'Change signature; any of these'),
  fingerprint: textSchema(200).optional(),
  externalId: textSchema(10_000).optional(),
  flapping: booleanSchema.meta({ description: 'Whether it goes back and forth' }),
  text: textSchema(200).min(1).optional().meta({ description: 'Somewhere in the label, in any case' }),
  openedFrom: instantSchema.optional().meta({ description: 'First seen not before' }),
  openedBefore: instantSchema.optional().meta({ description: 'First seen before' }),
};

export const findingFilterSchema = z.strictObject(findingFilterFields).meta({ id: 'FindingFilter' });

export type FindingFilterRequest = z.output<typeof findingFilterSchema>;

/** The filter that a request means. */
export function filterOf(request: FindingFilterRequest): FindingFilter {
  return {
    states: request.state === undefined ? undefined : statesOf(request.state),
    severities: request.severity,
    driftTypes: request.driftType,
    changes: request.change,
    itemTypes: request.itemType,
    scopeIds: request.scopeId,
    sourceIds: request.sourceId,
    signatures: request.signature,
    fingerprint: request.fingerprint,
    externalId: request.externalId,
    isFlapping: request.flapping,
    text: request.text,
    openedFrom: instantOf(request.openedFrom),
    openedBefore: instantOf(request.openedBefore),
  };
}

function statesOf(values: readonly (typeof stateValues)[number][]): FindingState[] {
  const wanted = new Set<FindingState>(
    values.flatMap((value) => (value === 'open' || value === 'unresolved' ? stateGroups[value] : [value])),
  );
  return findingStates.filter((state) => wanted.has(state));
}

function instantOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
