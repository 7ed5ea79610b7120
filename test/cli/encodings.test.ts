import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { driftOf, expectHonest, idsOf, problemsOf } from './expect-honest.ts';
import { runDiff, sides, useTempFolders, writeExport, writeFiles } from './run-cli.ts';

const tempFolder = useTempFolders();

const items = ['1', '2', '3'].map((id) => ({ id, name: `Gerät ${id} 😀` }));
const textOf = (item: unknown) => JSON.stringify(item);

function utf16(text: string, options: { isBigEndian?: boolean; hasBom?: boolean } = {}): Buffer {
  const bytes = Buffer.from(`${options.hasBom ? '\ufeff' : ''}${text}`, 'utf16le');
  return options.isBigEndian ? bytes.swap16() : bytes;
}

function utf32(text: string, hasBom: boolean): Buffer {
  const points = [...(hasBom ? '\ufeff' : ''), ...text].map((character) => character.codePointAt(0)!);
  return Buffer.from(new Uint32Array(points).buffer);
}

const readable: [what: string, encode: (text: string) => Buffer][] = [
  ['UTF-8', (text) => Buffer.from(text)],
  ['UTF-8 with a mark', (text) => Buffer.from(`\ufeff${text}`)],
  ['UTF-16 LE with a mark', (text) => utf16(text, { hasBom: true })],
  ['UTF-16 LE without', (text) => utf16(text)],
  ['UTF-16 BE with a mark', (text) => utf16(text, { isBigEndian: true, hasBom: true })],
  ['UTF-16 BE without', (text) => utf16(text, { isBigEndian: true })],
];

describe.concurrent('an encoding that is known', () => {
  it('makes no drift, whichever it is, in each form, compressed or not', async () => {
    const runs = readable.map(async ([what, encode]) => {
      const cwd = await tempFolder();
      await writeExport(cwd, 'baseline', 'folder', items);
      await writeFiles(cwd, {
        'current/1.json': encode(textOf(items[0])),
        'current/2.ndjson': encode(`${textOf(items[1])}\r\n${textOf(items[0])}\r\n`),
        'current/3.json.gz': gzipSync(encode(`[\n${textOf(items[2])},\n${textOf(items[0])}]\n`)),
        'current/4.ndjson.gz': gzipSync(encode(`${textOf(items[1])}\n\n${textOf(items[2])}`)),
      });
      return { what, run: await runDiff({ cwd }) };
    });

    for (const { what, run } of await Promise.all(runs)) {
      const report = expectHonest(run);
      const seen = { what, status: run.status, unchanged: report.summary.unchanged };
      expect(seen).toEqual({ what, status: 0, unchanged: 3 });
    }
  });

  it.each(readable.slice(1))('counts lines as editors do: %s', async (_, encode) => {
    const cwd = await tempFolder();
    const baseline = await writeExport(cwd, 'baseline', 'ndjson', items);
    // U+0A0A, U+220A and U+7B7D hold the bytes of line feeds, quotes and braces.
    const odd = { id: '2', name: '\u0a0a\u220a\u0a22\u7b7d\u5c22' };
    await writeFiles(cwd, { 'current.ndjson': encode(`${textOf(items[0])}\n${textOf(odd)}\n\n{"id":`) });

    const report = expectHonest(await runDiff({ cwd, baseline, current: 'current.ndjson' }));

    expect(problemsOf(report)).toEqual(['invalid_json current.ndjson:4']);
    expect(report.findings[0]!.changes[0]!.after).toBe(odd.name);
    expect(idsOf(report.unprovenRemovals)).toEqual(['3']);
  });
});

describe.concurrent('an encoding that is not known', () => {
  const two = textOf(items[1]);
  const broken: [what: string, bytes: Buffer, code: RegExp][] = [
    ['Latin-1', Buffer.from('{"id":"2","name":"Gerät"}', 'latin1'), /^invalid_encoding$/],
    [
      'a cut UTF-8 sequence',
      Buffer.from([0x7b, 0x22, 0x69, 0x64, 0x22, 0x3a, 0x22, 0xc3, 0x22, 0x7d]),
      /^invalid_encoding$/,
    ],
    [
      'an overlong UTF-8 sequence',
      Buffer.from([...Buffer.from('{"id":"'), 0xc0, 0xb2, ...Buffer.from('"}')]),
      /^invalid_encoding$/,
    ],
    [
      'a surrogate in UTF-8',
      Buffer.from([...Buffer.from('{"id":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')]),
      /^invalid_encoding$/,
    ],
    ['UTF-32 with a mark', utf32(two, true), /^(invalid_encoding|not_text)$/],
    ['UTF-32 without', utf32(two, false), /^(invalid_encoding|not_text)$/],
    [
      'UTF-16 behind a mark of UTF-8',
      Buffer.concat([Buffer.from('\ufeff'), utf16(two)]),
      /^(invalid_encoding|not_text|invalid_json)$/,
    ],
    [
      'UTF-8 behind a mark of UTF-16',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(two)]),
      /^(invalid_encoding|not_text|invalid_json)$/,
    ],
    [
      'UTF-16 LE behind a mark of BE',
      Buffer.concat([Buffer.from([0xfe, 0xff]), utf16(two)]),
      /^(invalid_encoding|not_text|invalid_json)$/,
    ],
    [
      'UTF-16 with half a character',
      utf16(two, { hasBom: true }).subarray(0, -1),
      /^(invalid_encoding|invalid_json)$/,
    ],
    [
      'UTF-16 with a lone surrogate',
      utf16('{"id":"2","name":"\ud83d"}', { hasBom: true }),
      /^invalid_encoding$/,
    ],
    ['UTF-7', Buffer.from('+AHsAIgBpAGQAIg-'), /^invalid_json$/],
    [
      'NUL bytes at the end',
      Buffer.concat([Buffer.from(two), Buffer.alloc(512)]),
      /^(not_text|invalid_json)$/,
    ],
    ['two marks', Buffer.from(`\ufeff\ufeff${two}`), /^(invalid_json|invalid_encoding)$/],
  ];

  it.each(sides)('is a problem, and proves no absence (%s)', async (side) => {
    const cwd = await tempFolder();
    const all = broken.map(([what], index) => ({ id: `${index}`, what }));
    for (const each of sides) await writeExport(cwd, each, 'folder', all);
    await writeFiles(
      cwd,
      Object.fromEntries(broken.map(([, bytes], index) => [`${side}/${index + 1}.json`, bytes])),
    );

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    const codes = new Map(report.problems.map(({ code, path }) => [path, code]));
    for (const [index, [what, , code]] of broken.entries()) {
      expect(`${codes.get(`${side}/${index + 1}.json`)}`, what).toMatch(code);
    }
    const unproven = side === 'current' ? report.unprovenRemovals : report.unprovenAdditions;
    expect(unproven).toHaveLength(broken.length);
    expect(driftOf(report)).toEqual([]);
  });

  it('is not guessed into different texts: no two broken bytes are the same character', async () => {
    const cwd = await tempFolder();
    await writeFiles(cwd, {
      'baseline/1.json': Buffer.from('{"id":"1","name":"\xe4"}', 'latin1'),
      'current/1.json': Buffer.from('{"id":"1","name":"\xf6"}', 'latin1'),
    });

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual([
      'invalid_encoding baseline/1.json',
      'invalid_encoding current/1.json',
    ]);
  });

  it('deep in a large NDJSON is a problem of its line', async () => {
    const cwd = await tempFolder();
    const many = Array.from({ length: 5_000 }, (_, id) => ({ id: `${id}`, text: 'x'.repeat(50) }));
    const baseline = await writeExport(cwd, 'baseline', 'ndjson', many);
    const lines = many.map((item) => Buffer.from(`${textOf(item)}\n`));
    lines[4_321] = Buffer.from('{"id":"4321","text":"\xe4"}\n', 'latin1');
    await writeFiles(cwd, { 'current.ndjson': Buffer.concat(lines) });

    const report = expectHonest(await runDiff({ cwd, baseline, current: 'current.ndjson' }));

    expect(problemsOf(report)).toEqual(['invalid_encoding current.ndjson:4322']);
    expect(idsOf(report.unprovenRemovals)).toEqual(['4321']);
    expect(report.summary.unchanged).toBe(4_999);
  });
});

describe.concurrent('a compressed file', () => {
  const lines = `${items.map(textOf).join('\n')}\n`;
  const whole = gzipSync(lines);

  it('may have several members', async () => {
    const cwd = await tempFolder();
    const baseline = await writeExport(cwd, 'baseline', 'folder', items);
    const members = items.map((item) => gzipSync(`${textOf(item)}\n`));
    await writeFiles(cwd, { 'current.ndjson.gz': Buffer.concat(members) });

    const run = await runDiff({ cwd, baseline, current: 'current.ndjson.gz' });

    expect(expectHonest(run).summary.unchanged).toBe(3);
    expect(run.status).toBe(0);
  });

  const flipped = Buffer.from(whole);
  flipped[whole.length - 6] = flipped[whole.length - 6]! ^ 0xff;

  it('that is not whole proves no absence', async () => {
    const broken: [what: string, bytes: Uint8Array][] = [
      ['it is truncated', whole.subarray(0, -12)],
      ['only its check sum is truncated', whole.subarray(0, -4)],
      ['its check sum is wrong', flipped],
      ['it is not compressed', Buffer.from(lines)],
      ['it is a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
      ['it is the header only', whole.subarray(0, 10)],
      ['bytes follow', Buffer.concat([whole, Buffer.from('trailing')])],
    ];
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', [...items, { id: '4' }]);
    await writeExport(cwd, 'current', 'folder', [items[0]]);
    const files = broken.map(([what, bytes]) => [`current/${what}.ndjson.gz`, bytes] as const);
    await writeFiles(cwd, Object.fromEntries(files));

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    const places = report.problems.filter(({ code }) => code === 'invalid_gzip').map(({ path }) => path);
    expect(places.map((path) => path.replace(/\.gz.*$/, '.gz')).sort()).toEqual(
      files.map(([path]) => path).sort(),
    );
    expect(driftOf(report)).toEqual([]);
    expect(idsOf(report.unprovenRemovals)).toContain('4');
  });

  it('that is empty, or holds nothing, proves nothing', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', items);
    await writeFiles(cwd, { 'current/1.json.gz': '', 'current/2.json.gz': gzipSync('') });

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    expect(run.status).toBe(3);
    expect(problemsOf(report)).toEqual([
      expect.stringMatching(/^(empty_file|invalid_gzip) current\/1\.json\.gz$/),
      'empty_file current/2.json.gz',
    ]);
    expect(report.unprovenRemovals).toHaveLength(3);
  });

  it('under a name without .gz is read or reported', async () => {
    const cwd = await tempFolder();
    await writeExport(cwd, 'baseline', 'folder', items);
    await writeFiles(cwd, { 'current/all.ndjson': whole });

    const run = await runDiff({ cwd });
    const report = expectHonest(run);

    if (run.status === 0) expect(report.summary.unchanged).toBe(3);
    else
      expect(problemsOf(report)).toEqual([
        expect.stringMatching(/^(not_text|invalid_\w+) current\/all\.ndjson/),
      ]);
    expect(driftOf(report)).toEqual([]);
  });

  it('is the same as the uncompressed one', async () => {
    const cwd = await tempFolder();
    const baseline = await writeExport(cwd, 'baseline', 'ndjson', items);
    await writeFiles(cwd, {
      'current.ndjson.gz': gzipSync(`${textOf(items[0])}\n${textOf({ ...items[1], name: 'x' })}\n`),
    });

    const report = expectHonest(await runDiff({ cwd, baseline, current: 'current.ndjson.gz' }));

    expect(driftOf(report).sort()).toEqual(['changed 2', 'removed 3']);
  });
});
