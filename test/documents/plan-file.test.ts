import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { conditionVariables } from '../../src/core/condition-variables.ts';
import { parsePlan } from '../../src/core/parse-plan.ts';
import { docSystems, planOutputs } from '../../src/core/plan-vocabulary.ts';
import { parseYaml } from '../../src/core/yaml-document.ts';
import { planFieldRows } from './plan-fields.ts';

const read = (name: string): string => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');

describe('docs/plan-file.md', () => {
  test('lists every field with its type, default and meaning, as the schema has them', () => {
    const rows = read('plan-file.md')
      .split('\n')
      .filter((line) => /^\| `[A-Za-z_.[\]]+` \| (?!messages|`git`)/.test(line));

    expect(rows).toEqual(planFieldRows());
  });

  test('lists every word of the long lists', () => {
    const words = read('plan-file.md').split('## Words')[1] ?? '';

    for (const word of [...planOutputs, ...docSystems]) expect(words).toContain(`\`${word}\``);
  });

  test('begins with a plan that is valid', () => {
    const example = /```yaml\n(.*?)```/s.exec(read('plan-file.md'))?.[1] ?? '';

    const yaml = parseYaml(example);

    expect(yaml.ok && parsePlan(yaml.value)).toMatchObject({ ok: true });
  });
});

test('docs/plans.md names every variable of conditions', () => {
  const text = read('plans.md').split('## Conditions')[1]?.split('## Versions')[0] ?? '';

  for (const { name } of Object.values(conditionVariables).flat()) expect(text).toContain(`\`${name}\``);
});
