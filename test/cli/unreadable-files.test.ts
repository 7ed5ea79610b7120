import { describe, expect, it } from 'vitest';
import { driftOf, expectHonest, idsOf, problemsOf } from './expect-honest.ts';
import { runDiff, type Side, sides, useTempFolders, writeExport, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** What a file of an export may hold instead of an object, with the code of the problem. */
const brokenFiles: [content: string | Uint8Array, code: string, what: string][] = [
  ['{"id":"2","settings":[{"a":', 'invalid_json', 'truncated between values'],
  ['{"id":"2","name":"Wi-F', 'invalid_json', 'truncated within a text'],
  ['{"id":"2","name":"\\u00', 'invalid_json', 'truncated within an escape'],
  ['{"id":"2","n":tru', 'invalid_json', 'truncated within a word'],
  ['{"id":"2"', 'invalid_json', 'only the last brace is missing'],
  ['Access denied.\n', 'invalid_json', 'prose'],
  ['<!doctype html><html><body>502</body></html>', 'invalid_json', 'an HTML page'],
  ['id: "2"\nname: x\n', 'invalid_json', 'YAML'],
  ['{"id":"2","a":[1,2],}', 'invalid_json', 'a trailing comma in an object'],
  ['{"id":"2","a":[1,2,]}', 'invalid_json', 'a trailing comma in an array'],
  ['// exported\n{"id":"2"}', 'invalid_json', 'a comment before'],
  ['{"id":"2" /* two */}', 'invalid_json', 'a comment inside'],
  ["{'id':'2'}", 'invalid_json', 'single quotes'],
  ['{id:"2"}', 'invalid_json', 'names without quotes'],
  ['{"id":"2","n":NaN}', 'invalid_json', 'NaN'],
  ['{"id":"2","n":-Infinity}', 'invalid_json', 'Infinity'],
  ['{"id":"2","n":012}', 'invalid_json', 'a leading zero'],
  ['{"id":"2","n":0x1F}', 'invalid_json', 'a hexadecimal number'],
  ['{"id":"2","n":+1}', 'invalid_json', 'a plus sign'],
  ['{"id":"2","n":1.}', 'invalid_json', 'a point without digits'],
  ['{"id":"2","n":"a\nb"}', 'invalid_json', 'a raw line break in a text'],
  ['{"id":"2","n":"\\x41"}', 'invalid_json', 'an unknown escape'],
  ['{"id":"2"\u00a0}', 'invalid_json', 'a space that JSON does not know'],
  ['{"id" "2"}', 'invalid_json', 'no colon'],
  ['', 'empty_file', 'nothing'],
  [' \r\n\t\n', 'empty_file', 'white space only'],
  ['\ufeff', 'empty_file', 'a byte order mark only'],
  [png, 'not_text', 'a picture'],
  [new Uint8Array(4096), 'not_text', 'NUL bytes'],
  ['"2"', 'not_an_object', 'a text'],
  ['2', 'not_an_object', 'a number'],
  ['null', 'not_an_object', 'null'],
  ['true', 'not_an_object', 'a boolean'],
  ['[["2"]]', 'not_an_object', 'an array of arrays'],
];

const items = ['1', '2', '3'].map((id) => ({ id, name: `item ${id}` }));

function otherSide(side: Side): Side {
  return side === 'current' ? 'baseline' : 'current';
}

describe.concurrent('a file that can not be read as an item', () => {
  it.each(sides)('is a problem with its own code, one for each of many (%s)', async (side) => {
    const cwd = await tempFolder();
    const good = brokenFiles.map((_, index) => ({ id: `item ${index}` }));
    await writeExport(cwd, otherSide(side), 'folder', good);
    const named = brokenFiles.map(([content], index) => [`${side}/${index + 1}.json`, content] as const);
    await writeFiles(cwd, { ...Object.fromEntries(named), [`${side}/good.json`]: '{"id":"item 0"}' });

    const report = expectHonest(await runDiff({ cwd }));

    const codes = new Map(
      report.problems.map(({ path, code }) => [path.replace(/#.*$|:\d+$/, ''), code] as const),
    );
    const seen = brokenFiles.map(([, , what], index) => [what, codes.get(`${side}/${index + 1}.json`)]);
    expect(seen).toEqual(brokenFiles.map(([, code, what]) => [what, code]));
    expect(driftOf(report)).toEqual([]);
    expect(report.summary).toMatchObject({
      unchanged: 1,
      unprovenRemovals: side === 'current' ? brokenFiles.length - 1 : 0,
      unprovenAdditions: side === 'baseline' ? brokenFiles.length - 1 : 0,
    });
  });

  const typical = brokenFiles.filter(([, , what]) =>
    ['truncated between values', 'nothing', 'a picture', 'null'].includes(what),
  );
  for (const [content, code, what] of typical) {
    it.each(sides)(`proves no absence and gives exit code 3: ${what} (%s)`, async (side) => {
      const cwd = await tempFolder();
      for (const each of sides) await writeExport(cwd, each, 'folder', items);
      await writeFiles(cwd, { [`${side}/2.json`]: content });

      const run = await runDiff({ cwd });
      const report = expectHonest(run);

      expect(run.status).toBe(3);
      expect(problemsOf(report)).toEqual([`${code} ${side}/2.json`]);
      expect(idsOf(report.unprovenRemovals)).toEqual(side === 'current' ? ['2'] : []);
      expect(idsOf(report.unprovenAdditions)).toEqual(side === 'baseline' ? ['2'] : []);
      const reason = expect.stringMatching(`${side}.*${code}`);
      expect(report.coverage).toEqual([{ itemType: 'json', status: 'partial', reason }]);
    });
  }

  it('hides no drift that is proven', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', items);
    await writeFiles(cwd, {
      'current/1.json': '{"id":"1","name":"renamed"}',
      'current/2.json': '{"id":"2",',
      'current/4.json': '{"id":"4"}',
    });

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    // 4 was not in the baseline, which was read completely. 2.json may be any of 2 and 3.
    expect(run.status).toBe(1);
    expect(driftOf(report).sort()).toEqual(['added 4', 'changed 1']);
    expect(idsOf(report.unprovenRemovals)).toEqual(['2', '3']);
  });

  it('is a problem of both sides where both have the same bytes', async () => {
    const cwd = await tempFolder();
    for (const side of sides) {
      await writeExport(cwd, side, 'folder', items);
      await writeFiles(cwd, { [`${side}/2.json`]: '{"id":"2",', [`${side}/5.json`]: '' });
    }

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report).sort()).toEqual(
      ['empty_file', 'invalid_json'].flatMap((code) =>
        sides.map((side) => `${code} ${side}/${code === 'empty_file' ? 5 : 2}.json`),
      ),
    );
    expect(report.summary).toMatchObject({ baselineItems: 2, currentItems: 2, unchanged: 2 });
  });

  it('leaves every type unproven, known and unknown ones', async () => {
    const cwd = await tempFolder();
    const policy = { '@odata.type': '#microsoft.graph.windows10CompliancePolicy', id: 'p', displayName: 'C' };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { uid: 'c', name: 'settings' } };
    await writeExport(cwd, 'baseline', 'folder', [policy, object, { id: '3' }]);
    await writeExport(cwd, 'current', 'folder', ['{']);

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(idsOf(report.unprovenRemovals).sort()).toEqual(['3', 'c', 'p']);
    expect(report.coverage.map(({ status }) => status)).toEqual(['partial', 'partial', 'partial']);
  });

  const whole = typical.filter(([, , what]) => ['truncated between values', 'nothing'].includes(what));

  it.each(whole.flatMap(([content, code, what]) => sides.map((side) => ({ content, code, what, side }))))(
    'proves nothing where it is the whole export: $what ($side)',
    async ({ content, code, side }) => {
      const cwd = await tempFolder();
      const good = await writeExport(cwd, otherSide(side), 'array', items);
      await writeFiles(cwd, { [`${side}.ndjson`]: content });

      const run = await runDiff({ cwd, [otherSide(side)]: good, [side]: `${side}.ndjson` });
      const report = expectHonest(run);

      expect(run.status).toBe(3);
      expect(problemsOf(report)).toEqual([expect.stringMatching(`^${code} ${side}.ndjson`)]);
      const unproven = side === 'current' ? report.unprovenRemovals : report.unprovenAdditions;
      expect(idsOf(unproven)).toEqual(['1', '2', '3']);
    },
  );
});

describe.concurrent('a list that ends before its last page', () => {
  const page = (id: string, next: string) =>
    `{"@odata.context":"https://graph.microsoft.com/beta/$metadata#deviceManagement/deviceCompliancePolicies",${next}` +
    `"value":[{"@odata.type":"#microsoft.graph.windows10CompliancePolicy","id":"${id}"}]}`;
  const nextLink = '"@odata.nextLink":"https://graph.microsoft.com/beta/next",';

  it.each(sides)('proves no absence (%s)', async (side) => {
    const cwd = await tempFolder();
    await writeFiles(cwd, {
      [`${otherSide(side)}/1.json`]: page('1', ''),
      [`${otherSide(side)}/2.json`]: page('2', ''),
      [`${side}/1.json`]: page('1', nextLink),
    });

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual([expect.stringMatching(`^incomplete_pages ${side}/1.json`)]);
    expect(report.coverage[0]!.status).toBe('partial');
    expect(idsOf(side === 'current' ? report.unprovenRemovals : report.unprovenAdditions)).toEqual(['2']);
  });
});
