import { describe, expect, it } from 'vitest';
import { driftOf, expectHonest, idsOf, problemsOf } from './expect-honest.ts';
import {
  type Form,
  forms,
  placeOf,
  runDiff,
  type Side,
  sides,
  useTempFolders,
  writeExport,
  writeFiles,
} from './run-cli.ts';

const tempFolder = useTempFolders();

const items = ['1', '2', '3'].map((id) => ({ id, name: `item ${id}` }));
const sidesAndForms = sides.flatMap((side) => forms.map((form) => ({ side, form })));

/** Both sides hold `items`, but `side` holds `other`. */
async function runWith(side: Side, form: Form, other: readonly unknown[], args: readonly string[] = []) {
  const cwd = await tempFolder();
  const baseline = await writeExport(cwd, 'baseline', form, side === 'baseline' ? other : items);
  const current = await writeExport(cwd, 'current', form, side === 'current' ? other : items);
  await writeFiles(cwd, { 'types.yaml': types });
  const run = await runDiff({ cwd, baseline, current, args });
  return { run, report: expectHonest(run) };
}

const types = `itemTypes:
  - { itemType: acme.rule, match: [{ has: [/ruleId] }, { has: [/ruleBody] }], identity: [/ruleId], volatile: [/hits] }
  - { itemType: acme.host, match: [{ has: [/hostId] }], identity: [/hostId], unordered: [/tags] }
`;

describe.concurrent('an item without identity', () => {
  it.each(sidesAndForms.slice(2))('proves no absence of its type ($side, $form)', async ({ side, form }) => {
    const { run, report } = await runWith(side, form, [items[0], { size: 1 }, items[2]]);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual([`missing_identity ${placeOf(side, form, 2)}`]);
    expect(idsOf(report.unprovenRemovals)).toEqual(side === 'current' ? ['2'] : []);
    expect(idsOf(report.unprovenAdditions)).toEqual(side === 'baseline' ? ['2'] : []);
    expect(report.coverage.map(({ status }) => status)).toEqual(['partial']);
  });

  it('is one whose id is empty, no text or number, or not its own', async () => {
    const without = [
      { id: '' },
      { id: null },
      { id: { value: '2' } },
      { id: ['2'] },
      { id: true },
      {},
      '{"__proto__":{"id":"2"}}',
    ];
    const { run, report } = await runWith('current', 'array', [items[0], ...without, items[2]]);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual(
      without.map((_, index) => `missing_identity current.json#/${index + 1}`),
    );
    expect(report.summary).toMatchObject({ unchanged: 2, unprovenRemovals: 1 });
  });

  it('leaves the other types proven', async () => {
    const cwd = await tempFolder();
    const rules = ['a', 'b'].map((ruleId) => ({ ruleId, ruleBody: 1 }));
    const hosts = ['h', 'i'].map((hostId) => ({ hostId }));
    const baseline = await writeExport(cwd, 'baseline', 'array', [...rules, ...hosts]);
    const current = await writeExport(cwd, 'current', 'array', [rules[0], { ruleBody: 1 }, hosts[0]]);
    await writeFiles(cwd, { 'types.yaml': types });

    const run = await runDiff({ cwd, baseline, current, args: ['--types', 'types.yaml'] });
    const report = expectHonest(run);

    expect(run.status).toBe(1);
    expect(driftOf(report)).toEqual(['removed i']);
    expect(idsOf(report.unprovenRemovals)).toEqual(['b']);
    expect(report.coverage).toEqual([
      { itemType: 'acme.host', status: 'complete', reason: null },
      { itemType: 'acme.rule', status: 'partial', reason: expect.stringContaining('missing_identity') },
    ]);
  });
});

describe.concurrent('the same item twice', () => {
  it.each(sidesAndForms.slice(2))('counts once and is listed ($side, $form)', async ({ side, form }) => {
    const { run, report } = await runWith(side, form, [...items, '{ "name" : "item 2", "id" : "2" }']);

    expect(run.status).toBe(0);
    expect(report.problems.map(({ code }) => code)).toContain('duplicate_item');
    expect(report.problems.find(({ code }) => code === 'duplicate_item')!.path).toContain(side);
    expect(report.summary).toMatchObject({ baselineItems: 3, currentItems: 3, unchanged: 3, ambiguous: 0 });
  });

  it('counts once on both sides where it stands twice on both', async () => {
    const cwd = await tempFolder();
    for (const side of sides) await writeExport(cwd, side, 'folder', [items[0], items[0], items[1]]);

    const report = expectHonest(await runDiff({ cwd }));

    expect(problemsOf(report).map((problem) => problem.replace(/\/\d\.json$/, ''))).toEqual([
      'duplicate_item baseline',
      'duplicate_item current',
    ]);
    expect(report.summary).toMatchObject({ baselineItems: 2, currentItems: 2, unchanged: 2 });
  });

  it('counts once where only volatile members and the order of sets differ', async () => {
    const cwd = await tempFolder();
    const current = await writeExport(cwd, 'current', 'ndjson', [
      { ruleId: 'a', hits: 1 },
      { ruleId: 'a', hits: 2 },
      { hostId: 'h', tags: ['x', 'y'] },
      { hostId: 'h', tags: ['y', 'x', 'x'] },
    ]);
    await writeExport(cwd, 'baseline', 'folder', [{ ruleId: 'a' }, { hostId: 'h', tags: ['y', 'x'] }]);
    await writeFiles(cwd, { 'types.yaml': types });

    const run = await runDiff({ cwd, current, args: ['--types', 'types.yaml'] });

    expect(run.status).toBe(0);
    expect(expectHonest(run).summary).toMatchObject({ currentItems: 2, unchanged: 2, ambiguous: 0 });
  });

  it('of which one was renamed and edited is still one change, not two', async () => {
    const changed = { id: '2', name: 'new' };
    const { report } = await runWith('current', 'folder', [changed, items[0], items[2], changed]);

    expect(driftOf(report)).toEqual(['changed 2']);
  });
});

describe.concurrent('one identity with two contents', () => {
  const other = { id: '2', name: 'another' };

  const contents: { what: string; form: Form; content: unknown[] }[] = [
    { what: 'the known one first', form: 'ndjson', content: [...items, other] },
    { what: 'the known one last', form: 'folder', content: [other, ...items] },
    { what: 'the known one twice', form: 'array', content: [other, ...items, items[1]] },
    { what: 'the known one not', form: 'array', content: [items[0], items[2], other, { id: '2' }] },
  ];

  it.each(sides.flatMap((side) => contents.map((each) => ({ side, ...each }))))(
    'is ambiguous, whichever comes last: $what ($side, $form)',
    async ({ side, form, content }) => {
      const { run, report } = await runWith(side, form, content);

      expect(run.status).toBe(3);
      expect(driftOf(report)).toEqual([]);
      expect(idsOf(report.ambiguous)).toEqual(['2']);
      const places = content.flatMap((item, index) =>
        (item as { id: string }).id === '2' ? [placeOf(side, form, index + 1)] : [],
      );
      expect(report.ambiguous[0]!.paths).toEqual(places);
      expect(report.summary).toMatchObject({ unchanged: 2, unprovenRemovals: 0, unprovenAdditions: 0 });
      expect(problemsOf(report)).toContainEqual(expect.stringMatching(`^conflicting_items ${side}`));
    },
  );

  it.each(sides)('is neither added nor removed where only one side has it (%s)', async (side) => {
    const twice = [
      { id: '9', a: 1 },
      { id: '9', a: 2 },
    ];
    const { run, report } = await runWith(side, 'ndjson', [...items, ...twice]);

    expect(run.status).toBe(3);
    expect(driftOf(report)).toEqual([]);
    expect(idsOf(report.ambiguous)).toEqual(['9']);
    expect(report.ambiguous[0]!.paths).toEqual([`${side}.ndjson:4`, `${side}.ndjson:5`]);
  });

  it('leaves the drift of other items of its type proven', async () => {
    const { run, report } = await runWith('current', 'array', [items[0], items[1], other, { id: '4' }]);

    expect(run.status).toBe(1);
    expect(driftOf(report).sort()).toEqual(['added 4', 'removed 3']);
  });

  it('is none where the types differ', async () => {
    const cwd = await tempFolder();
    const both = [{ ruleId: 'same' }, { hostId: 'same' }];
    for (const side of sides) await writeExport(cwd, side, 'folder', both);
    await writeFiles(cwd, { 'types.yaml': types });

    const run = await runDiff({ cwd, args: ['--types', 'types.yaml'] });

    expect(run.status).toBe(0);
    expect(expectHonest(run).summary.unchanged).toBe(2);
  });

  it('is told from identities that only look alike', async () => {
    const ids = ['a', 'A', 'a ', ' a', 'ä', 'a\u0308', '\ud800', '\ud801', '\ufffd', '1', '01', '\u0000'];
    const cwd = await tempFolder();
    const all = ids.map((id) => ({ id, name: JSON.stringify(id) }));
    const baseline = await writeExport(cwd, 'baseline', 'ndjson', all);
    const current = await writeExport(cwd, 'current', 'array', all);

    const run = await runDiff({ cwd, baseline, current });

    expect(run.status).toBe(0);
    expect(expectHonest(run).summary).toMatchObject({ unchanged: ids.length, ambiguous: 0 });
  });
});

describe.concurrent('an unknown type', () => {
  const unknown: Record<string, unknown>[] = [
    { '@odata.type': '#microsoft.graph.somethingNew', id: '1', displayName: 'of tomorrow' },
    { id: '2', size: 2 },
    { '@odata.type': '#microsoft.graph.__proto__', id: '3' },
    { apiVersion: 'v1', kind: 'constructor', metadata: { uid: '4', name: 'x' } },
    { '@odata.type': { toString: 1 }, kind: 7, id: '5' },
  ];

  it('is said and compared', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', unknown);
    await writeExport(
      cwd,
      'current',
      'folder',
      unknown.map((item) => ({ ...item, extra: 1 })),
    );

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(1);
    expect(new Set(report.problems.map(({ code }) => code))).toEqual(new Set(['unknown_item_type']));
    for (const side of sides) expect(report.problems.some(({ path }) => path.startsWith(side))).toBe(true);
    expect(driftOf(report).sort()).toEqual(unknown.map((_, index) => `changed ${index + 1}`));
  });
});
