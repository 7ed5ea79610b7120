import fc from 'fast-check';
import { canonicalJson } from './canonical-json.ts';
import { driftTypes, severities } from './drift-type.ts';
import type { JsonObject } from './json-value.ts';
import type { PlanDocumentInput } from './plan-schema.ts';
import { docStrategies, docSystems, inputSources, planOutputs, planStatuses } from './plan-vocabulary.ts';
import { ignoreChangeDefaults, meaningOf, normalText, planDefaults } from './test-plan-meaning.ts';

const weirdWords =
  "# no comment ¦ a: b ¦ a #b ¦ yes ¦ no ¦ on ¦ y ¦ null ¦ true ¦ ~ ¦ 1e3 ¦ 0x1F ¦ 0o17 ¦ 007 ¦ +1 ¦ .5 ¦ - ¦ - item ¦ -1 ¦ .inf ¦ .nan ¦ 2026-01-01 ¦ 12:30:45 ¦ ? key ¦ : value ¦ {a: 1} ¦ [b ¦ &anchor ¦ *alias ¦ !!str tag ¦ %TAG ¦ @at ¦ `tick` ¦ \"quoted\" ¦ it's ¦ 'single' ¦ \\ ¦ --- ¦ ... ¦ << ¦ = ¦ | ¦ >- ¦ , ¦ {{ template }} ¦ __proto__ ¦ constructor ¦ 👩‍💻🇩🇪👍🏽 ¦ 漢字かな交じり文";

/** Texts that YAML, Unicode or a careless reader could take for something else. None has white space around it. */
export const weirdLines: readonly string[] = [
  ...weirdWords.split(' ¦ '),
  ...['caf\u00e9', 'cafe\u0301', '\ufb01 \ufb03', '\u212b', '\u0958', '\u0301', 'J\u030c', 'ΑΣΣ'],
  ...['\u202egpj.exe', 'a\u2028b', 'a\u00a0b', 'a\ufeffb', 'x'.repeat(150)],
];

const weirdTexts: readonly string[] = [
  ...weirdLines,
  ...[
    '',
    'one\ntwo',
    'one\n\n\ntwo',
    'one\n  two\n three',
    'one  \ntwo\t\nthree',
    'a\r\nb\rc',
    'a\tb\u0007c\u0085d',
  ],
  ...['# one\n# two', 'key: value\nother: value', '---\n...\n---', `${'long '.repeat(60)}\nend`],
];

const spaces = ['', '', '', ' ', '\t', '\n', '\u00a0 ', '\u2003'];
const space = fc.constantFrom(...spaces);

function isTextOf(text: string, { maxLength, isLine }: { maxLength: number; isLine: boolean }): boolean {
  const normal = normalText(text);
  if (text.includes('\0') || !text.isWellFormed() || normal.length > maxLength) return false;
  return !isLine || (normal !== '' && !/\p{Cc}/u.test(normal));
}

/** One line that a plan may hold, in any Unicode form and with white space around it. */
function anyLine(maxLength = 200): fc.Arbitrary<string> {
  const text = fc.oneof(
    fc.constantFrom(...weirdLines),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 10 }),
    fc.stringMatching(/^[a-z]{1,8}[*-]?[a-z]{0,4}$/),
  );
  return fc
    .tuple(space, text, space)
    .map((parts) => parts.join(''))
    .filter((line) => isTextOf(line, { maxLength, isLine: true }));
}

/** Text of any number of lines. */
export function anyText(maxLength = 2000): fc.Arbitrary<string> {
  const part = fc.oneof(fc.constantFrom(...weirdTexts), fc.string({ unit: 'binary', maxLength: 30 }));
  return fc
    .array(fc.oneof(part, space), { maxLength: 4 })
    .map((parts) => parts.join(''))
    .filter((text) => isTextOf(text, { maxLength, isLine: false }));
}

function anyRepoName(): fc.Arbitrary<string> {
  const segment = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/),
    fc.constantFrom('Contoso', 'infra', 'J\u030cAN', 'ΑΣ', 'Cafe\u0301', '\u0130', '\u212a', '#1', '@org'),
  );
  return fc
    .tuple(space, fc.array(segment, { minLength: 2, maxLength: 3 }), space)
    .map(([before, segments, after]) => `${before}${segments.join('/')}${after}`);
}

const pathSegment = fc.oneof(
  fc.constantFrom(
    '**',
    '*',
    'a',
    'name',
    '~0~1',
    'x*',
    '*y*',
    'caf\u00e9',
    'cafe\u0301',
    '\u0958',
    ' ',
    '',
    '#',
    '0',
  ),
  fc.stringMatching(/^[A-Za-z0-9_.@<>-]{1,8}$/),
);

/** A pattern of paths; `**` stands alone between slashes. Texts such as "/*y**" do not come up. */
function anyPathPattern({ minSegments = 1 } = {}): fc.Arbitrary<string> {
  return fc
    .array(pathSegment, { minLength: minSegments, maxLength: 4 })
    .map((segments) => segments.map((segment) => `/${segment}`).join(''));
}

/** Conditions of each kind that compile. */
const conditionsOf = {
  change: [
    'op == "add"',
    "path.startsWith('/a') && itemType != 'x'",
    'before == null',
    'driftType in ["presence"]',
  ],
  candidate: [
    'driftType == "assignment"',
    'impact >= 0.5',
    "paths.exists(p, p == '/café')",
    'change != "added"',
  ],
  eligibility: ['severity == "sev1" || score > 0.3', 'source.kind != "files"', 'confidence == 1.0', 'true'],
} as const;

const anyConditionOf = (kind: keyof typeof conditionsOf) =>
  fc.tuple(space, fc.constantFrom(...conditionsOf[kind]), space).map((parts) => parts.join(''));

const anyOptionalConditionOf = (kind: keyof typeof conditionsOf) =>
  fc.oneof(anyConditionOf(kind), fc.constant(null));

const share = fc.oneof(
  fc.constantFrom(0, -0, 0.1, 0.2, 0.4, 0.5, 0.9, 0.98, 1, 1e-7),
  fc.double({ min: 0, max: 1, noNaN: true }),
);

const anyLines = (maxLength = 200) => fc.array(anyLine(maxLength), { maxLength: 4 });

const anySetOf = <Word extends string>(words: readonly Word[], minLength = 0) =>
  fc.array(fc.constantFrom(...words), { minLength, maxLength: words.length });

/** Some of the fields: every one may be left out. */
const some = <Fields extends object>(fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) =>
  fc.record(fields, { requiredKeys: [] });

const anyThresholds = fc
  .tuple(
    some({ minConfidence: share, minImpactScore: share, minDriftScore: share, autoApprove: share }),
    some({ ignore: share, digestOnly: share, notify: share }),
  )
  .map(([others, { ignore, digestOnly, notify }]) => {
    const written = Object.entries({ ignore, digestOnly, notify }).filter(([, value]) => value !== undefined);
    const values = written.map(([, value]) => value as number).sort((a, b) => a - b);
    return { ...others, ...Object.fromEntries(written.map(([name], index) => [name, values[index]])) };
  })
  .filter((thresholds) => {
    const { ignore, digestOnly, notify } = { ...planDefaults.thresholds, ...thresholds };
    return ignore <= digestOnly && digestOnly <= notify;
  });

const anyMultipliers = fc.uniqueArray(
  fc.record({
    name: anyLine(100),
    factor: fc.oneof(fc.constantFrom(0, 0.5, 1, 1.5, 10), fc.double({ min: 0, max: 10, noNaN: true })),
    when: anyConditionOf('candidate'),
  }),
  { maxLength: 4, selector: ({ name }) => normalText(name) },
);

const anyIgnoreChange = fc.record(
  {
    path: anyPathPattern({ minSegments: 0 }),
    itemType: anyLine(),
    when: anyOptionalConditionOf('change'),
    reason: anyText(500),
  },
  { requiredKeys: ['path'] },
);

const limit = fc.oneof(fc.constant(null), fc.constantFrom(0, 1, 1_000_000), fc.nat(1_000_000));

const anyScope: fc.Arbitrary<Pick<PlanDocumentInput, 'scopeType' | 'scopeRef' | 'docClass'>> = fc.oneof(
  some({ scopeRef: fc.constant(null), docClass: fc.constant(null) }).map((rest) => ({
    scopeType: 'workspace' as const,
    ...rest,
  })),
  fc.record(
    { scopeType: fc.constant('service' as const), scopeRef: anyLine(), docClass: fc.constant(null) },
    { requiredKeys: ['scopeType', 'scopeRef'] },
  ),
  fc.record(
    {
      scopeType: fc.constant('repo' as const),
      scopeRef: anyRepoName(),
      docClass: fc.option(anyLine()),
    },
    { requiredKeys: ['scopeType', 'scopeRef'] },
  ),
);

const anyPrimaryDoc: fc.Arbitrary<Pick<PlanDocumentInput, 'primaryDocId' | 'primaryDocSystem'>> = fc.oneof(
  some({ primaryDocId: fc.constant(null), primaryDocSystem: fc.constant(null) }),
  fc.record(
    { primaryDocId: anyLine(500), primaryDocSystem: fc.option(fc.constantFrom(...docSystems)) },
    { requiredKeys: ['primaryDocId'] },
  ),
);

const anyConfig = some({
  description: anyText(),
  status: fc.constantFrom(...planStatuses),
  inputSources: anySetOf(inputSources, 1),
  driftTypes: anySetOf(driftTypes, 1),
  allowedOutputs: anySetOf(planOutputs),
  thresholds: anyThresholds,
  eligibility: some({
    requiresIncident: fc.boolean(),
    minSeverity: fc.constantFrom(...severities),
    requiresApproval: fc.boolean(),
    when: anyOptionalConditionOf('eligibility'),
  }),
  sectionTargets: some(Object.fromEntries(driftTypes.map((type) => [type, anyLines()]))),
  impactRules: some({ baseImpact: fc.option(share), multipliers: anyMultipliers }),
  writeback: some({
    enabled: fc.boolean(),
    requiresApproval: fc.boolean(),
    autoMerge: fc.boolean(),
    reviewers: anyLines(),
  }),
  noiseControls: some({
    ignorePatterns: anyLines(500),
    ignorePaths: fc.array(anyPathPattern(), { maxLength: 4 }),
    ignoreAuthors: anyLines(500),
    ignoreChanges: fc.array(anyIgnoreChange, { maxLength: 4 }),
  }),
  budgets: some({ maxDriftsPerDay: limit, maxDriftsPerWeek: limit, maxNotificationsPerHour: limit }),
  docTargeting: some({
    strategy: fc.constantFrom(...docStrategies),
    maxDocsPerDrift: fc.integer({ min: 1, max: 50 }),
    priorityOrder: anySetOf(docSystems),
  }),
});

/** Any valid plan, as somebody would write it. */
export function anyPlanDocument(): fc.Arbitrary<PlanDocumentInput> {
  return fc
    .tuple(fc.record({ name: anyLine() }), anyScope, anyPrimaryDoc, anyConfig)
    .map((parts) => Object.assign({}, ...parts) as PlanDocumentInput);
}

/**
 * The same plan as somebody else would write it: members and sets in another order, elements repeated, defaults written
 * out or left out, other Unicode forms, white space around, the repository in other case.
 */
export function respelled(written: PlanDocumentInput, seed: number): PlanDocumentInput {
  const meaning = meaningOf(written);
  const { coin, one, shuffled } = choicesOf(seed);
  const formed = (text: string): string => (coin() ? text.normalize('NFD') : text);
  const spelled = (text: string): string => `${one(spaces)}${formed(text)}${one(spaces)}`;
  const line = (text: string | null): string | null => (text === null ? null : spelled(text));
  const condition = (text: string | null): string | null => (text === null ? null : line(text));
  const repeated = <T>(values: readonly T[]): T[] => [...values, ...values.filter(coin)];
  const set = (each: (text: string) => string) => (texts: readonly string[]) =>
    shuffled(repeated(texts)).map(each);
  /** `each` says how the members are written; without it they are as they are. */
  const object = (
    members: object,
    defaults: object,
    each: Record<string, (value: never) => unknown> = {},
  ) => {
    const kept = Object.entries(members).filter(([name, value]) => {
      const isDefault = canonicalJson((defaults as JsonObject)[name] ?? null) === canonicalJson(value);
      return !(name in defaults && isDefault && coin());
    });
    return Object.fromEntries(
      shuffled(kept).map(([name, value]) => [name, each[name]?.(value as never) ?? value]),
    );
  };
  const group =
    (name: keyof typeof planDefaults, each?: Record<string, (value: never) => unknown>) => (value: object) =>
      object(value, planDefaults[name] as object, each);
  const words = set((word) => word);
  const sections = Object.fromEntries(driftTypes.map((type) => [type, set(spelled)]));
  const document = object(meaning, planDefaults, {
    name: spelled,
    scopeRef: (text: string | null) =>
      meaning.scopeType === 'repo' ? line(otherCase(text, coin)) : line(text),
    docClass: line,
    primaryDocId: line,
    inputSources: words,
    driftTypes: words,
    allowedOutputs: words,
    thresholds: group('thresholds'),
    eligibility: group('eligibility', { when: condition }),
    sectionTargets: group('sectionTargets', sections),
    impactRules: group('impactRules', {
      multipliers: (multipliers: { name: string; factor: number; when: string }[]) =>
        shuffled(multipliers).map((multiplier) => object(multiplier, {}, { name: spelled, when: spelled })),
    }),
    writeback: group('writeback', { reviewers: set(spelled) }),
    noiseControls: group('noiseControls', {
      ignorePatterns: set(spelled),
      ignorePaths: set(formed),
      ignoreAuthors: set(spelled),
      ignoreChanges: (changes: object[]) =>
        shuffled(repeated(changes)).map((change) =>
          object(change, ignoreChangeDefaults, {
            path: formed,
            itemType: spelled,
            when: condition,
            reason: spelled,
          }),
        ),
    }),
    budgets: group('budgets'),
    docTargeting: group('docTargeting', {
      // A list: only what stands there already may be repeated behind it.
      priorityOrder: (order: readonly string[]) =>
        order.length > 4 ? order : [...order, ...order.filter(coin)],
    }),
  });
  return document as unknown as PlanDocumentInput;
}

/** Choices that a test makes as it goes, the same ones for the same seed. `fc.gen()` does it too, but takes minutes. */
export function choicesOf(seed: number) {
  let state = seed;
  /** From 0 to `count` - 1 (mulberry32). */
  const below = (count: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  };
  return {
    below,
    coin: (): boolean => below(2) === 0,
    one: <T>(values: readonly T[]): T => values[below(values.length)] as T,
    shuffled: <T>(values: readonly T[]): T[] => {
      const left = [...values];
      return values.map(() => left.splice(below(left.length), 1)[0] as T);
    },
  };
}

/** Letters of ASCII in either case. */
function otherCase(text: string | null, coin: () => boolean): string | null {
  return text?.replace(/[a-z]/g, (letter) => (coin() ? letter.toUpperCase() : letter)) ?? null;
}
