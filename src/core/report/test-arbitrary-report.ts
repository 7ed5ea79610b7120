import fc from 'fast-check';
import { identityKey } from '../compare.ts';
import type { DiffReport } from '../diff-report.ts';
import { driftTypes, severities } from '../drift-type.ts';
import { errorCatalogue, type ProblemCode } from '../errors.ts';
import type { JsonValue } from '../json-value.ts';
import { holdCodes } from '../plan-hold.ts';
import { findingRoutes } from '../plan-route.ts';

/** What a hostile tenant would write into a label. */
const hostileTexts = [
  '\u001b[2J\u001b]0;owned\u0007',
  '\u009b31m',
  '\u202egpj.exe',
  'a\r\nb\tc',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '</summary></details><b>',
  '![](https://evil.example/a.png)',
  '[click](https://evil.example)',
  '@user @org/team',
  '#1 GH-2 owner/repo#3',
  'https://evil.example www.evil.example',
  '```\n# heading\n```',
  '``` `` `',
  '| a | b |\n|---|---|',
  '\\| \\` \\',
  '&lt;&#60;&amp;',
  ']]>',
  '<!-- -->',
  '\ud800',
  '\udc00\ud800',
  '\ufffe\uffff\ufeff\u0000',
  '漢字かな交じり文',
  '👩‍💻🇩🇪👍🏽✔️',
  'e\u0301\u0301\u0301\u0301\u0301\u0301\u0301',
  '\u0301',
  '{0} {{1}}',
  '__proto__',
  ' ',
  '',
  '`',
  '**bold** _it_ ~~s~~',
  '- [ ] task',
  '$x$ $$y$$',
  ':smile:',
];

export function anyText(): fc.Arbitrary<string> {
  const part = fc.oneof(
    fc.constantFrom(...hostileTexts),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.string({ maxLength: 120 }),
  );
  return fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''));
}

function anyValue(): fc.Arbitrary<JsonValue> {
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      anyText(),
      fc.array(tie('value'), { maxLength: 4 }),
      // Through JSON, so that a key such as __proto__ is an own property as in a report.
      fc
        .array(fc.tuple(anyText(), tie('value')), { maxLength: 4 })
        .map((members) =>
          JSON.parse(
            `{${members.map(([key, member]) => `${JSON.stringify(key)}:${JSON.stringify(member)}`).join(',')}}`,
          ),
        ),
    ),
  }));
  return value;
}

const problemCodes = Object.entries(errorCatalogue)
  .filter(([, { kind }]) => kind === 'problem')
  .map(([code]) => code as ProblemCode);

/** Any report of the right types, with hostile text wherever an export can bring it in. */
export function anyReport(): fc.Arbitrary<DiffReport> {
  const text = anyText();
  const path = text.map((tail) => `/${tail}`);
  const named = fc.record({ itemType: text, externalId: text, label: text });
  const shown = fc.oneof(
    fc.record({ path, op: fc.constant('add' as const), before: fc.constant(null), after: anyValue() }),
    fc.record({ path, op: fc.constant('remove' as const), before: anyValue(), after: fc.constant(null) }),
    fc.record({ path, op: fc.constant('replace' as const), before: anyValue(), after: anyValue() }),
  );
  return fc.record({
    summary: fc.record({
      baselineItems: fc.nat(),
      currentItems: fc.nat(),
      added: fc.nat(),
      removed: fc.nat(),
      changed: fc.nat(),
      unchanged: fc.nat(),
      ambiguous: fc.nat(),
      unprovenRemovals: fc.nat(),
      unprovenAdditions: fc.nat(),
    }),
    coverage: fc.array(
      fc.record({
        itemType: fc.oneof(text, fc.constant('*')),
        status: fc.constantFrom('complete', 'partial', 'failed', 'not_checked'),
        reason: fc.option(text),
      }),
      { maxLength: 3 },
    ),
    problems: fc.array(
      fc.record({
        code: fc.constantFrom(...problemCodes),
        path: text,
        detail: text,
        itemType: fc.option(text),
      }),
      { maxLength: 3 },
    ),
    unprovenRemovals: fc.array(named, { maxLength: 2 }),
    unprovenAdditions: fc.array(named, { maxLength: 2 }),
    ambiguous: fc.array(
      fc
        .record({ itemType: text, externalId: text, paths: fc.array(text, { maxLength: 3 }) })
        .map((item) => ({ ...item, identity: identityKey(item.itemType, item.externalId) })),
      { maxLength: 2 },
    ),
    findings: fc.array(
      fc.record({
        fingerprint: fc.constant(`v1:${'0'.repeat(64)}`),
        change: fc.constantFrom('added', 'removed', 'changed'),
        itemType: text,
        itemTypeTitle: text,
        externalId: text,
        label: text,
        driftType: fc.constantFrom(...driftTypes),
        severity: fc.constantFrom(...severities),
        impact: fc.double({ min: 0, max: 1, noNaN: true }),
        confidence: fc.constant(1),
        score: fc.double({ min: 0, max: 1, noNaN: true }),
        route: fc.constantFrom(...findingRoutes),
        changes: fc.array(shown, { maxLength: 4 }),
        path: text,
      }),
      { maxLength: 4 },
    ),
    heldBack: fc.record({
      candidates: fc.nat(),
      changes: fc.nat(),
      rules: fc.array(
        fc.record({
          code: fc.constantFrom(...holdCodes),
          rule: path,
          candidates: fc.nat(),
          changes: fc.nat(),
        }),
        { maxLength: 3 },
      ),
    }),
    inputsDigest: fc.constant('0'.repeat(64)),
    findingsDigest: fc.constant('0'.repeat(64)),
  });
}
