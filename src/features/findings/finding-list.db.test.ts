import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { severities } from '../../core/drift-type.ts';
import { findingStates } from '../../core/finding-lifecycle.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { connectOwner } from '../../db/owner-connection.ts';
import { SqlParams } from '../../db/sql-params.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { branchesOf, type FindingSort, findingSorts } from './finding-branches.ts';
import { countFindingFacets } from './finding-facets-read-model.ts';
import { type FindingFilter, filterCondition } from './finding-filter.ts';
import { listFindings } from './finding-list-read-model.ts';
import { seedFindings, TestScope } from './test-findings.ts';

let testDatabase: TestDatabase;
let database: Database;
let scope: TestScope;
let sibling: TestScope;

/** Few distinct instants, so that many findings share one. */
const SEEDED = 3_000;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
  scope = await TestScope.open(database);
  sibling = await TestScope.open(database, scope.workspaceId);
  const foreign = await TestScope.open(database);
  await seedFindings(scope, SEEDED);
  await seedFindings(sibling, 500);
  await seedFindings(foreign, 500);
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

const orderBy: Record<FindingSort, string> = {
  '-firstSeen': 'first_seen_at desc, finding_id desc',
  firstSeen: 'first_seen_at, finding_id',
  '-lastSeen': 'last_seen_at desc, finding_id desc',
  severity: 'severity, first_seen_at desc, finding_id desc',
};

/** What the list has to give, by one plain statement. */
async function plainIds(filter: FindingFilter, sort: FindingSort): Promise<string[]> {
  const params = new SqlParams([scope.workspaceId]);
  const condition = filterCondition(filter, params);
  const { rows } = await scope.inWorkspace(({ client }) =>
    client.query<{ finding_id: string }>(
      `select finding_id from driftplane.findings f where workspace_id = $1 and ${condition} order by ${orderBy[sort]}`,
      params.values,
    ),
  );
  return rows.map((row) => row.finding_id);
}

async function allPages(filter: FindingFilter, sort: FindingSort, limit: number, between = async () => {}) {
  const ids: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await scope.inWorkspace((tx) => listFindings(tx, { filter, sort, cursor, limit }));
    ids.push(...page.items.map(({ findingId }) => findingId));
    if (page.nextCursor === null) return ids;
    cursor = page.nextCursor;
    await between();
  }
}

const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined, freq: 1 });
const instant = fc.integer({ min: 0, max: 100 }).map((days) => new Date(Date.UTC(2026, 0, 1 + days)));

const anyFilter: fc.Arbitrary<FindingFilter> = fc.record({
  states: maybe(some(findingStates)),
  severities: maybe(some(severities)),
  driftTypes: maybe(some(['configuration', 'assignment', 'presence'] as const)),
  changes: maybe(some(['added', 'removed', 'changed'] as const)),
  itemTypes: maybe(some(['type-0', 'type-1', 'type-2', 'type-none'])),
  scopeIds: maybe(fc.constantFrom(0, 1, 2)).map((which) => {
    if (which === undefined) return undefined;
    return [[scope.scopeId], [sibling.scopeId], [scope.scopeId, sibling.scopeId]][which];
  }),
  text: maybe(fc.constantFrom('POLICY 1', '%', 'ü', '_')),
  isFlapping: maybe(fc.boolean()),
  openedFrom: maybe(instant),
  openedBefore: maybe(instant),
});

/** As people filter: a state or two, one field more. */
const usualFilter: fc.Arbitrary<FindingFilter> = fc
  .tuple(anyFilter, fc.constantFrom('driftTypes', 'changes', 'itemTypes', 'scopeIds', 'severities', 'none'))
  .map(([filter, kept]) => ({
    states: filter.states,
    severities: filter.severities,
    openedFrom: filter.openedFrom,
    ...(kept === 'none' ? {} : { [kept]: filter[kept as keyof FindingFilter] }),
  }));

describe('the pages of a list', () => {
  test.each([
    ['any filter', anyFilter],
    ['a usual filter', usualFilter],
  ])('put together are exactly what plain SQL gives, by %s', async (_name, filters) => {
    await fc.assert(
      fc.asyncProperty(
        filters,
        fc.constantFrom(...findingSorts),
        fc.integer({ min: 1, max: 200 }),
        async (filter, sort, pageSize) => {
          const expected = await plainIds(filter, sort);
          const limit = Math.max(pageSize, Math.ceil(expected.length / 12));

          const ids = await allPages(filter, sort, limit);

          expect(ids).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('hold nothing twice and lose nothing that was there while findings are added', async () => {
    for (const sort of findingSorts) {
      const filter: FindingFilter = { itemTypes: ['type-1', 'type-2'] };
      const before = await plainIds(filter, sort);

      const ids = await allPages(filter, sort, 100, () => seedFindings(scope, 20));

      expect(new Set(ids).size).toBe(ids.length);
      expect(before.filter((id) => !ids.includes(id))).toEqual([]);
    }
  });

  test('name a place only in their own order', async () => {
    const page = await scope.inWorkspace((tx) =>
      listFindings(tx, { filter: {}, sort: 'severity', limit: 1 }),
    );

    const refused = scope.inWorkspace((tx) =>
      listFindings(tx, { filter: {}, sort: 'firstSeen', limit: 1, cursor: page.nextCursor ?? '' }),
    );

    await expect(refused).rejects.toMatchObject({ code: 'invalid_cursor' });
  });

  test.each([
    '0000-01-01T00:00:00.000Z',
    '+099999-01-01T00:00:00.000Z',
    'yesterday',
    '2026-02-30T00:00:00.000Z',
  ])('refuse a cursor that a client made up with the time %s', async (at) => {
    const made = JSON.stringify(['findings:firstSeen', 'sev1', at, scope.scopeId]);

    const refused = scope.inWorkspace((tx) =>
      listFindings(tx, { filter: {}, sort: 'firstSeen', limit: 1, cursor: btoa(made) }),
    );

    await expect(refused).rejects.toMatchObject({ code: 'invalid_cursor' });
  });
});

describe('the white list', () => {
  const leading: readonly FindingFilter[] = [
    {},
    { itemTypes: ['type-1', 'type-2'] },
    { driftTypes: ['presence'] },
    { changes: ['changed'] },
    { signatures: ['s1:1'] },
  ];
  const combinations: { name: string; filter: () => FindingFilter; sort: FindingSort }[] = [];
  for (const sort of findingSorts) {
    for (const states of [undefined, ['new', 'acknowledged'] as const]) {
      for (const wanted of [undefined, ['sev1', 'sev2'] as const]) {
        const candidates = [
          ...leading.map((one) => () => one),
          () => ({ scopeIds: [scope.scopeId] }),
          () => ({ sourceIds: [scope.sourceId] }),
        ];
        for (const [index, one] of candidates.entries()) {
          const name = `${sort} of ${states ?? 'any state'}, ${wanted ?? 'any severity'}, filter ${index}`;
          const filter = () => ({ ...one(), states, severities: wanted });
          if (sort !== '-lastSeen' || (index === 0 && wanted === undefined)) {
            combinations.push({ name, filter, sort });
          }
        }
      }
    }
  }

  test.each(combinations)('answers $name by index scans alone', async ({ filter, sort }) => {
    const plans = await explainList(scope, filter(), sort);

    expect(branchesOf(filter(), sort)).not.toBeNull();
    expect(plans.filter(({ node }) => node === 'Seq Scan' || node.startsWith('Bitmap'))).toEqual([]);
    expect(plans.filter(({ node }) => /Index (?:Only )?Scan/.test(node)).length).toBeGreaterThan(0);
    // What is sorted is what the scans gave, a page of each at most; and no scan goes through more than its page.
    expect(plans.filter(({ removed }) => removed > 0)).toEqual([]);
    expect(Math.max(...plans.map(({ rows }) => rows))).toBeLessThanOrEqual(51);
  });

  test.each<[string, FindingFilter, FindingSort]>([
    ['text', { text: 'a' }, '-firstSeen'],
    ['two fields of the second rank', { itemTypes: ['type-1'], changes: ['added'] }, '-firstSeen'],
    ['last sight by severity', { severities: ['sev1'] }, '-lastSeen'],
    [
      'more values than are worth a scan each',
      { itemTypes: Array.from({ length: 30 }, (_, n) => `type-${n}`) },
      'severity',
    ],
  ])('leaves %s to the planner', (_name, filter, sort) => {
    expect(branchesOf(filter, sort)).toBeNull();
  });
});

describe('the counts of a filter', () => {
  test('are those of its findings, value by value', async () => {
    await fc.assert(
      fc.asyncProperty(anyFilter, async (filter) => {
        const { items } = await scope.inWorkspace((tx) =>
          listFindings(tx, { filter, sort: 'firstSeen', limit: 1_000_000 }),
        );

        const { total, facets } = await scope.inWorkspace((tx) => countFindingFacets(tx, filter));

        expect(total).toBe(items.length);
        for (const field of [
          'state',
          'severity',
          'driftType',
          'change',
          'itemType',
          'scopeId',
          'sourceId',
        ] as const) {
          const counted = Object.fromEntries(facets[field].values.map(({ value, count }) => [value, count]));
          const expected = Object.groupBy(items, (item) => item[field]);
          expect(counted).toEqual(
            Object.fromEntries(Object.entries(expected).map(([value, group]) => [value, group?.length])),
          );
        }
        const signatures = Map.groupBy(items, ({ changeSignature }) => changeSignature);
        expect(facets.signature.values.length + facets.signature.omittedValues).toBe(signatures.size);
      }),
      { numRuns: 20 },
    );
  });
});

interface PlanNode {
  readonly node: string;
  readonly rows: number;
  readonly removed: number;
}

/** Every node of the plan that answers the first page, with the rows that one loop of it gave. */
async function explainList(on: TestScope, filter: FindingFilter, sort: FindingSort): Promise<PlanNode[]> {
  return on.inWorkspace(async (tx) => {
    // The planner has no use for an index on some thousand rows; this is about whether it can be used.
    await tx.client.query('set local enable_seqscan = off; set local enable_bitmapscan = off');
    const nodes: PlanNode[] = [];
    const client = {
      query: async (sql: string, values: unknown[]) => {
        const { rows } = await tx.client.query(`explain (analyze, format json) ${sql}`, values);
        collect(rows[0]['QUERY PLAN'][0].Plan, nodes);
        return { rows: [] };
      },
    };
    await listFindings({ ...tx, client: client as unknown as typeof tx.client }, { filter, sort, limit: 50 });
    return nodes;
  });
}

function collect(plan: Record<string, unknown>, nodes: PlanNode[]): void {
  const isMerging = ['Sort', 'Nested Loop', 'Incremental Sort', 'Function Scan'].includes(
    String(plan['Node Type']),
  );
  nodes.push({
    node: String(plan['Node Type']),
    rows: isMerging ? 0 : Number(plan['Actual Rows'] ?? 0),
    removed: Number(plan['Rows Removed by Filter'] ?? 0),
  });
  for (const child of (plan.Plans as Record<string, unknown>[] | undefined) ?? []) collect(child, nodes);
}

test('the findings of an item with the longest id there can be are found by an index', async () => {
  const long = await TestScope.open(database);
  // Random, so that the database can't pack it into less.
  const externalId = Array.from({ length: 1024 }, () =>
    String.fromCodePoint(randomInt(0x10000, 0x30000)),
  ).join('');
  // So many others that no index of the workspace alone is as good; counted, or it would be taken for an empty one.
  const others = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`other ${index}`, 'A']));
  await long.see({ [externalId]: 'A', ...others });
  const owner = await connectOwner(testDatabase.ownerUrl);
  await owner.query('analyze driftplane.findings').finally(() => owner.end());
  const params = new SqlParams([long.workspaceId]);
  const condition = filterCondition({ externalId }, params);

  const page = await long.inWorkspace((tx) =>
    listFindings(tx, { filter: { externalId }, sort: '-firstSeen', limit: 10 }),
  );
  const { rows } = await long.inWorkspace(async ({ client }) => {
    await client.query('set local enable_seqscan = off');
    return client.query<{ 'QUERY PLAN': string }>(
      `explain select from driftplane.findings f where f.workspace_id = $1 and ${condition}`,
      params.values,
    );
  });

  expect(page.items.map((finding) => finding.externalId)).toEqual([externalId]);
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('findings_external_id_idx');
});
