import { describe, expect, it } from 'vitest';
import { type CompiledPlan, CompiledPlans, compilePlan } from './compiled-plan.ts';
import { planOf } from './test-plan-drift.ts';

const planWith = (rules: number, when: string | null = 'label == "x"'): CompiledPlan =>
  compilePlan(
    planOf({
      noiseControls: {
        ignoreChanges: Array.from({ length: rules }, (_, n) => ({ path: `/${n}`, when })),
      },
    }),
  );

describe('the size of a compiled plan', () => {
  it('grows with its rules, their conditions and the patterns in these', () => {
    const sizes = [
      planWith(0),
      planWith(10, null),
      planWith(10),
      planWith(10, 'label == "x" || label == "y"'),
      planWith(10, 'label.matches("\\\\pL+")'),
      planWith(1000, 'label.matches("\\\\pL+")'),
    ].map(({ size }) => size);

    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
  });
});

describe('kept plans', () => {
  const small = planWith(1);
  const large = planWith(100);

  function keep(limits: ConstructorParameters<typeof CompiledPlans>[0]) {
    const compiled: string[] = [];
    const plans = new CompiledPlans(limits);
    const get = (hash: string, plan = small) =>
      plans.get(hash, () => {
        compiled.push(hash);
        return plan;
      });
    return { compiled, get };
  }

  it('are compiled once', () => {
    const { compiled, get } = keep({ maxPlans: 2, maxSize: 1e6 });

    expect([get('a'), get('b'), get('a'), get('b')]).toEqual([small, small, small, small]);
    expect(compiled).toEqual(['a', 'b']);
  });

  it('are as many as there may be: those asked for last', () => {
    const { compiled, get } = keep({ maxPlans: 2, maxSize: 1e6 });

    for (const hash of ['a', 'b', 'a', 'c', 'a', 'b']) get(hash);

    expect(compiled).toEqual(['a', 'b', 'c', 'b']);
  });

  it('are as large as they may be together', () => {
    const { compiled, get } = keep({ maxPlans: 200, maxSize: large.size + small.size });

    get('small');
    get('large', large);
    get('small');
    get('another');
    get('small');
    get('large', large);

    expect(compiled).toEqual(['small', 'large', 'another', 'large']);
  });

  it('are given even where one alone is too large to be kept', () => {
    const { compiled, get } = keep({ maxPlans: 200, maxSize: small.size });

    expect([get('large', large), get('a'), get('large', large)]).toEqual([large, small, large]);
    expect(compiled).toEqual(['large', 'a', 'large']);
  });
});
