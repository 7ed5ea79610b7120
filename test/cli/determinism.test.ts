import { describe, expect, it } from 'vitest';
import { expectHonest } from './expect-honest.ts';
import {
  type DiffReport,
  formats,
  runDiff,
  type Side,
  sides,
  useTempFolders,
  writeExport,
  writeFiles,
} from './run-cli.ts';

const tempFolder = useTempFolders();

/** Always the same shuffle. */
function shuffled<T>(list: readonly T[], seed: number): T[] {
  const result = [...list];
  let state = seed;
  for (let index = result.length - 1; index > 0; index -= 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = state % (index + 1);
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}

const policy = (id: number, side: Side) => ({
  '@odata.type': '#microsoft.graph.windows10CompliancePolicy',
  id: `policy ${id}`,
  displayName: `Policy ${id}`,
  passwordMinimumLength: side === 'baseline' ? id : id % 7,
  assignments: [
    {
      target: {
        '@odata.type': '#microsoft.graph.groupAssignmentTarget',
        groupId: `${id % (side === 'baseline' ? 5 : 3)}`,
      },
    },
  ],
});
const json = (id: number, side: Side) => ({
  id: `ä${id}`,
  name: 'same name',
  list: [id, id % 2],
  side: id % 3 === 0 ? side : '',
});

/** Drift of every kind, and problems of many. */
function contents(side: Side): unknown[] {
  const ids = Array.from({ length: 40 }, (_, id) => id).filter((id) =>
    side === 'baseline' ? id % 13 !== 5 : id % 11 !== 4,
  );
  return [
    ...ids.map((id) => policy(id, side)),
    ...ids.map((id) => json(id, side)),
    { id: 'twice', a: 1 },
    { id: 'twice', a: 2 },
    { id: 'thrice' },
    { id: 'thrice' },
    { id: 'thrice' },
    { nothing: side },
    { id: 'big', n: 1 },
  ];
}

describe.concurrent('the same exports', () => {
  it.each(formats)(
    'have the same bytes as answer, in whichever order their files were written (%s)',
    async (format) => {
      const outputs = [1, 2].map(async (seed) => {
        const cwd = await tempFolder();
        for (const side of sides) {
          const files = contents(side).map(
            (item, index) => [`${side}/${index % 4}/${index}.json`, JSON.stringify(item)] as const,
          );
          await writeFiles(cwd, Object.fromEntries(shuffled(files, seed)));
          await writeFiles(cwd, { [`${side}/broken.json`]: '{', [`${side}/0/empty.json`]: '' });
        }
        const run = await runDiff({
          cwd,
          format,
          env: { LANG: seed === 1 ? 'C' : 'de_DE.UTF-8', TZ: seed === 1 ? 'Asia/Tokyo' : 'UTC' },
        });
        return { status: run.status, stdout: run.stdout };
      });

      const [first, second] = await Promise.all(outputs);
      expect(first!.stdout).not.toBe('');
      expect(second).toEqual(first);
    },
  );

  it('have the same findings in every form, order of records and layout of JSON', async () => {
    const forms = ['folder', 'ndjson', 'array', 'folder'] as const;
    const reports = await Promise.all(
      forms.map(async (form, seed) => {
        const cwd = await tempFolder();
        const [baseline, current] = await Promise.all(
          sides.map((side) => {
            const items = shuffled(contents(side), seed);
            const isReversed = seed > 2;
            const texts = items.map((item) =>
              isReversed
                ? JSON.stringify(Object.fromEntries(Object.entries(item as object).reverse()))
                : item,
            );
            return writeExport(cwd, side, form, texts);
          }),
        );
        return expectHonest(await runDiff({ cwd, baseline: baseline!, current: current! }));
      }),
    );

    const [first, ...others] = reports.map(withoutPlaces);
    expect(first!.findings.length).toBeGreaterThan(50);
    for (const other of others) expect(other).toEqual(first);
  });

  it('have the digest of their content as inputs digest, whatever their form', async () => {
    const digests = await Promise.all(
      (['folder', 'ndjson', 'array'] as const).map(async (form, seed) => {
        const cwd = await tempFolder();
        const items = [{ id: 'a' }, { id: 'b', n: 1 }, { id: 'c' }];
        const baseline = await writeExport(cwd, 'baseline', form, shuffled(items, seed));
        const current = await writeExport(cwd, 'current', form, shuffled(items.slice(1), seed));
        return expectHonest(await runDiff({ cwd, baseline, current })).inputsDigest;
      }),
    );

    expect(new Set(digests).size).toBe(1);
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it('have another inputs digest and findings digest when anything differs', async () => {
    const cwd = await tempFolder();
    await writeFiles(cwd, {
      'a.ndjson': '{"id":"1","n":1}\n',
      'b.ndjson': '{"id":"1","n":2}\n',
      'c.ndjson': '{"id":"1","n":3}\n',
    });

    const pairs = [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'c'],
      ['a', 'a'],
      ['c', 'c'],
    ] as const;
    const reports = await Promise.all(
      pairs.map(async ([baseline, current]) =>
        expectHonest(await runDiff({ cwd, baseline: `${baseline}.ndjson`, current: `${current}.ndjson` })),
      ),
    );

    expect(new Set(reports.map(({ inputsDigest }) => inputsDigest)).size).toBe(5);
    expect(new Set(reports.map(({ findingsDigest }) => findingsDigest)).size).toBe(4);
    expect(new Set(reports.slice(0, 3).map(({ findings }) => findings[0]!.fingerprint)).size).toBe(3);
  });
});

function withoutPlaces(report: DiffReport) {
  const { summary, coverage, findings, unprovenRemovals, unprovenAdditions, ambiguous, findingsDigest } =
    report;
  return {
    summary,
    coverage,
    findings,
    findingsDigest,
    unprovenRemovals,
    unprovenAdditions,
    ambiguous: ambiguous.map(({ itemType, externalId, paths }) => ({
      itemType,
      externalId,
      count: paths.length,
    })),
  };
}
