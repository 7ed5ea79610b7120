import { expect, test } from 'vitest';
import { compilePlan } from './compiled-plan.ts';
import { generateFindings, joinGenerated } from './generate.ts';
import { changed, planOf } from './test-plan-drift.ts';

const numbers = Array.from({ length: 100 }, (_, index) => index);
const nested = 'before.all(a, before.all(b, before.all(c, before.all(d, a + b + c + d > -1.0))))';

/** A plan whose costly rules come before a cheap one. */
const plan = (costly: number) =>
  compilePlan(
    planOf({
      noiseControls: {
        ignoreChanges: [
          ...Array.from({ length: costly }, (_, n) => ({ path: '/n', when: nested, reason: `${n}` })),
          { path: '/n/*', itemType: 'policy', when: 'change == "changed"' },
          { path: '/**', itemType: 'policy', when: 'change == "changed" && path == "/n"' },
        ],
      },
    }),
  );

const costly = (externalId: string) => changed({ n: numbers }, { n: 'other' }, { externalId });
const options = (rules: number) => ({ plan: plan(rules), scopeKey: 'scope' });
const timesTooExpensive = ({ conditionProblems }: ReturnType<typeof generateFindings>) =>
  conditionProblems.reduce((sum, { count }) => sum + count, 0);

test('the conditions of one candidate share a budget; after it they hold nothing back', () => {
  const few = generateFindings([costly('1')], options(4));
  const many = generateFindings([costly('1')], options(998));

  expect([few.findings.length, timesTooExpensive(few)]).toEqual([0, 4]);
  expect([many.findings.length, timesTooExpensive(many)]).toEqual([1, 999]);
});

test('a thousand costly conditions take no longer than the budget of the candidate', () => {
  const all = options(998);
  generateFindings([costly('1')], all);
  const startedAt = performance.now();

  generateFindings([costly('1')], all);

  // A tenth of a second; without a budget it is ten seconds.
  expect(performance.now() - startedAt).toBeLessThan(3000);
});

test('what a candidate is told does not depend on which were asked before, or in which batch', () => {
  const changes = ['1', '2', '3', '4'].map(costly);
  const cheap = changed({ n: 1 }, { n: 2 }, { externalId: '5' });
  const all = [...changes, cheap];

  const atOnce = generateFindings(all, options(20));
  const singly = joinGenerated(all.map((change) => generateFindings([change], options(20))));
  const alone = generateFindings([cheap], options(20));

  expect(singly).toEqual(atOnce);
  expect(alone.findings).toEqual(atOnce.findings.filter(({ externalId }) => externalId === '5'));
});

test('a plan whose conditions use too many patterns is refused', () => {
  const when = Array(20).fill('path.matches("a")').join(' || ');
  const rules = (count: number) => Array.from({ length: count }, (_, n) => ({ path: `/${n}`, when }));

  expect(() => planOf({ noiseControls: { ignoreChanges: rules(50) } })).not.toThrow();
  expect(() => planOf({ noiseControls: { ignoreChanges: rules(51) } })).toThrow(/matches\(\) 1020 times/);
  // The word in a text is no pattern.
  const named = Array.from({ length: 500 }, (_, n) => ({
    path: `/${n}`,
    when: 'label in ["matches", "matches", "matches"]',
  }));
  expect(() => planOf({ noiseControls: { ignoreChanges: named } })).not.toThrow();
});
