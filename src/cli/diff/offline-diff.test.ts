import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type DiffReport, findingToJson } from '../../core/diff-report.ts';
import { builtInPlan } from '../../core/parse-plan.ts';
import { loadItemTypes } from '../../features/inventory/item-type-files.ts';
import { diffExports } from './offline-diff.ts';
import { diffSlowly } from './test-slow-diff.ts';

const registry = loadItemTypes(null);
const folder = mkdtempSync(join(tmpdir(), 'driftplane-oracle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function compare(baseline: string, current: string): Promise<DiffReport> {
  const { report } = await diffExports({
    baselinePath: baseline,
    currentPath: current,
    registry,
    plan: builtInPlan,
  });
  return report;
}

/** Few ids and few values, so that identities meet, conflict and repeat all the time. */
const policy = fc
  .record({
    id: fc.constantFrom('1', '2', '3', '4', '5'),
    type: fc.constantFrom('windows10CompliancePolicy', 'deviceManagementConfigurationPolicy', 'somethingNew'),
    name: fc.constantFrom('a', 'b'),
    volatile: fc.constantFrom('x', 'y'),
  })
  .map(({ id, type, name, volatile }) =>
    JSON.stringify({
      '@odata.type': `#microsoft.graph.${type}`,
      id,
      displayName: name,
      lastModifiedDateTime: volatile,
    }),
  );

const line = fc.oneof(
  { weight: 12, arbitrary: policy },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '{"id":"1","id":"2"}',
      '{"@odata.type":"#microsoft.graph.windows10CompliancePolicy","id":"1","x":{"a":1,"a":2}}',
      '{"@odata.type":"#microsoft.graph.windows10CompliancePolicy","displayName":"no id"}',
      '{"@odata.type":"#microsoft.graph.windows10CompliancePolicy","id":"2","n":9007199254740993}',
      '{"@odata.type":"#microsoft.graph.windows10CompliancePolicy","id":"2","n":9007199254740992}',
      '{"@odata.type":"#microsoft.graph.windows10CompliancePolicy","id":17,"displayName":"number"}',
      '{"@odata.type":"#microsoft.graph.windows10CompliancePolicy","\\u0069d":"3","displayName":"a"}',
      '{"name":"only a name"}',
      '{"id":"1","name":"generic"}',
      '{"broken":',
      '[1]',
      '17',
      'null',
      '{}',
      '',
    ),
  },
);
const lines = fc.array(line, { maxLength: 9 });

describe('diffExports', () => {
  let count = 0;
  const write = (name: string, content: string): string => {
    const path = join(folder, `${count++}-${name}.ndjson`);
    writeFileSync(path, content);
    return path;
  };

  test('says byte for byte what the slow way says, that reads everything in full', async () => {
    await fc.assert(
      fc.asyncProperty(lines, lines, async (baseline, current) => {
        const paths = [write('baseline', baseline.join('\n')), write('current', current.join('\n'))] as const;

        const fast = await compare(...paths);
        const slow = await diffSlowly(...paths, registry);

        expect(JSON.stringify(fast)).toBe(JSON.stringify(slow));
      }),
      { numRuns: 400 },
    );
  });

  test('does not depend on the order of lines, except in the lines it names', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(policy, { maxLength: 9 }),
        lines,
        fc.infiniteStream(fc.nat()),
        async (baseline, current, randoms) => {
          const shuffled = baseline
            .map((text) => ({ text, at: randoms.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ text }) => text);
          const currentPath = write('current', current.join('\n'));
          const path = write('baseline', baseline.join('\n'));

          const one = await compare(path, currentPath);
          writeFileSync(path, shuffled.join('\n'));
          const other = await compare(path, currentPath);

          expect(other.findings.map(findingToJson)).toEqual(one.findings.map(findingToJson));
          expect(other.summary).toEqual(one.summary);
          expect(other.inputsDigest).toBe(one.inputsDigest);
          expect(other.findingsDigest).toBe(one.findingsDigest);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('finds the same in a folder, an array and lines', async () => {
    const items = ['1', '2', '3'].map((id) => ({ id, name: `item ${id}`, size: Number(id) }));
    const changed = items.map((item) => ({ ...item, size: item.id === '2' ? 20 : item.size })).slice(1);
    const asFolder = (name: string, list: readonly { id: string }[]): string => {
      const path = join(folder, name);
      mkdirSync(join(path, 'deep'), { recursive: true });
      for (const item of list)
        writeFileSync(join(path, 'deep', `${item.id}.json`), JSON.stringify(item, null, 2));
      return path;
    };
    const asLines = (name: string, list: readonly object[]) =>
      write(name, list.map((item) => JSON.stringify(item)).join('\n'));
    const asArray = (name: string, list: readonly object[]): string => {
      const path = join(folder, `${name}.json`);
      writeFileSync(path, JSON.stringify(list, null, 1));
      return path;
    };

    const reports = [
      await compare(asFolder('f1', items), asFolder('f2', changed)),
      await compare(asLines('l1', items), asLines('l2', changed)),
      await compare(asArray('a1', items), asArray('a2', changed)),
      await compare(asFolder('f3', items), asArray('a3', changed)),
    ];

    for (const report of reports) {
      expect(report.findingsDigest).toBe(reports[0]?.findingsDigest);
      expect(report.summary).toMatchObject({ removed: 1, changed: 1, unchanged: 1, added: 0 });
    }
  });
});
