import { z } from 'zod';
import { propertyDriftTypes } from './drift-type.ts';
import { pointerFault } from './json-pointer.ts';
import { patternFault } from './path-pattern.ts';

/** Members deeper than this are not located by the scan that identifies items without parsing them. */
const MAX_IDENTIFYING_SEGMENTS = 2;

const name = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9._-]{0,99}$/, 'a letter, then up to 99 letters, digits, ".", "_" or "-"')
  .describe('Stable name of the item type; part of every fingerprint.');

/** A check of a text by a function that says what is wrong with it, or null. */
const checked = (faultOf: (text: string) => string | null) =>
  z
    .string()
    .max(1000)
    .superRefine((text, context) => {
      const fault = faultOf(text);
      if (fault !== null) context.addIssue({ code: 'custom', message: fault });
    });

const pointer = checked((text) => (text === '' ? 'the pointer is empty' : pointerFault(text)));

const identifyingPointer = checked((text) => {
  const fault = text === '' ? 'the pointer is empty' : pointerFault(text);
  if (fault !== null) return fault;
  return text.split('/').length - 1 <= MAX_IDENTIFYING_SEGMENTS
    ? null
    : `at most ${MAX_IDENTIFYING_SEGMENTS} segments identify an item`;
});

const pattern = checked(patternFault);

const patterns = z.array(pattern).max(500).default([]);

const matchRule = z
  .strictObject({
    path: identifyingPointer.optional().describe('The member whose text is looked at; with `is`.'),
    is: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Texts of which one must fit; "*" stands for any characters.'),
    lacks: z
      .array(identifyingPointer)
      .min(1)
      .optional()
      .describe('Members of which none may be there, unless null.'),
    has: z
      .array(identifyingPointer)
      .min(1)
      .optional()
      .describe('Members that must all be there and not null.'),
  })
  .refine(
    (rule) => rule.path !== undefined || rule.has !== undefined,
    'a rule needs `path` and `is`, or `has`',
  )
  .refine((rule) => (rule.path === undefined) === (rule.is === undefined), '`path` and `is` go together');

const keyedArray = z.strictObject({
  path: pattern.describe('The array.'),
  key: z.array(pointer).min(1).describe('Where an element holds its key; the first that it has counts.'),
});

const sensitivePath = z.union([
  pattern,
  z.strictObject({
    path: pattern,
    when: z.strictObject({
      sibling: z.string().min(1).describe('Name of a member beside the value.'),
      is: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe('Texts of which one must fit; without it, not null and not false.'),
    }),
  }),
]);

const impact = z.number().min(0).max(1);

/** One item type as it is written in YAML. Every list is optional. */
export const itemTypeSchema = z.strictObject({
  itemType: name,
  title: z.string().min(1).max(100).describe('What people call it.').optional(),
  extends: name.optional().describe('A definition whose rules apply too, after the ones here.'),
  isAbstract: z.boolean().default(false).describe('Only to be extended; matches nothing.'),
  isCompanion: z
    .boolean()
    .default(false)
    .describe(
      'What exporters write beside the items, such as a list of contents; passed over, and reported as that.',
    ),
  isFallback: z
    .boolean()
    .default(false)
    .describe('Tried after all others; what it takes is reported as an unknown type.'),
  guessesIdentity: z.boolean().default(false).describe('The identity is a guess, which is reported.'),
  match: z.array(matchRule).default([]).describe('How an object of this type is recognised: any of these.'),
  identity: z
    .array(identifyingPointer)
    .default([])
    .describe('Where its id is; the first that it has counts.'),
  weakIdentity: z
    .array(identifyingPointer)
    .default([])
    .describe(
      'Where an id is guessed, and that reported, if no object of this type has its identity on either side.',
    ),
  label: z.array(pointer).default([]).describe('Where its name for people is; the first that it has counts.'),
  absent: z
    .array(z.enum(['null', 'empty_array', 'empty_string']))
    .default([])
    .describe('Values that mean the same as no member at all.'),
  volatile: patterns.describe('What changes without meaning anything.'),
  keep: patterns.describe('Exceptions from `volatile`.'),
  unordered: patterns.describe('Arrays whose order and repetitions mean nothing.'),
  ordered: patterns.describe('Exceptions from `unordered` and `keyed`.'),
  keyed: z.array(keyedArray).default([]).describe('Arrays whose elements have a key and no order.'),
  named: z
    .array(keyedArray)
    .default([])
    .describe('Arrays whose order counts, but whose elements changes name by a key.'),
  sensitive: z.array(sensitivePath).default([]).describe('What is only ever kept as a digest.'),
  evidence: z
    .strictObject({
      show: patterns.describe('The values that a finding may show.'),
      withhold: patterns.describe('Exceptions from `show`.'),
    })
    .prefault({}),
  driftTypes: z.array(z.strictObject({ path: pattern, driftType: z.enum(propertyDriftTypes) })).default([]),
  impact: z.array(z.strictObject({ path: pattern, baseImpact: impact })).default([]),
  presenceImpact: z.strictObject({ added: impact.optional(), removed: impact.optional() }).prefault({}),
});

/** A file of item types. */
export const itemTypeFileSchema = z.strictObject({ itemTypes: z.array(itemTypeSchema).min(1).max(1000) });

export type ItemTypeDefinition = z.output<typeof itemTypeSchema>;
