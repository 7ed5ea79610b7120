import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OpenFile } from './byte-source.ts';
import type { FileForm } from './export-files.ts';
import { locatorText, splitRecords } from './split-records.ts';

/** A file in memory whose reads give as many bytes as `sizes` say, over and over; everything where they say nothing. */
function fileOf(content: string | Uint8Array, sizes: readonly number[] = [], firstOffset = 0): OpenFile {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : Buffer.from(content);
  let at = 0;
  let reads = 0;
  return {
    isVerbatim: true,
    firstOffset,
    expectedBytes: bytes.length,
    hasChanged: () => false,
    close: () => {},
    read(target) {
      const size = sizes[reads++ % sizes.length] ?? target.length;
      const count = bytes.copy(target, 0, at, Math.min(bytes.length, at + Math.min(size, target.length)));
      at += count;
      return reads % 2 === 0 ? count : Promise.resolve(count);
    },
  };
}

interface Split {
  /** `locator text`, and what is inherited. */
  readonly records: string[];
  /** `locator code` */
  readonly faults: string[];
  readonly offsets: number[];
}

async function split(file: OpenFile, form: FileForm): Promise<Split> {
  const result: Split = { records: [], faults: [], offsets: [] };
  const inherits = (inherited: object | null): string =>
    inherited === null ? '' : ` ${JSON.stringify(inherited)}`;
  for await (const batch of splitRecords(file, form)) {
    for (const { bytes, start, end, locator, inherited, offset } of batch.records) {
      result.records.push(
        `${locatorText(locator)} ${bytes.toString('utf8', start, end)}${inherits(inherited)}`,
      );
      result.offsets.push(offset);
    }
    for (const { code, locator, inherited } of batch.faults)
      result.faults.push(`${locatorText(locator)} ${code}${inherits(inherited)}`);
  }
  return result;
}

const recordsOf = async (text: string, form: FileForm = 'json') => (await split(fileOf(text), form)).records;
const faultsOf = async (text: string, form: FileForm = 'json') => (await split(fileOf(text), form)).faults;

describe('however the source is cut into reads', () => {
  const object = fc
    .dictionary(
      fc.string({ unit: 'grapheme', maxLength: 3 }),
      fc.jsonValue({ maxDepth: 1, stringUnit: 'grapheme' }),
    )
    .map((value) => ({ x: value }));
  const line = fc.oneof(
    { weight: 6, arbitrary: object.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.constantFrom('', ' ', '\t', '{"broken":', '[1]', '17', '"é') },
  );
  const lines = fc
    .tuple(fc.array(line), fc.constantFrom('\n', '\r\n', '\n\n', ' \n'), fc.constantFrom('', '\n'))
    .map(([lines, newline, end]) => lines.join(newline) + end);
  const pretty = fc.constantFrom(undefined, 2, '\t');
  const array = fc
    .tuple(fc.array(object), pretty)
    .map(([values, indent]) => JSON.stringify(values, null, indent));
  const list = fc
    .tuple(
      fc.array(object),
      pretty,
      fc.constantFrom({}, { '@odata.context': 'x#y' }, { '@odata.nextLink': 'n' }),
    )
    .map(([value, indent, rest]) => JSON.stringify({ ...rest, value }, null, indent));
  const documents = fc
    .tuple(
      fc.array(object, { minLength: 1, maxLength: 4 }),
      pretty,
      fc.constantFrom('', '\n', ' ', '\r\n\r\n'),
    )
    .map(([values, indent, between]) =>
      values.map((value) => JSON.stringify(value, null, indent)).join(between),
    );
  const file = fc.oneof(
    fc.tuple(lines, fc.constant<FileForm>('lines')),
    fc.tuple(fc.oneof(array, list, documents), fc.constant<FileForm>('json')),
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

  it('the records, their places and the faults are the same', async () => {
    await fc.assert(
      fc.asyncProperty(file, sizes, async ([text, form], sizes) => {
        expect(await split(fileOf(text, sizes), form)).toEqual(await split(fileOf(text), form));
      }),
      { numRuns: 300 },
    );
  });

  it('the offset of a record is where its bytes stand in the file', async () => {
    await fc.assert(
      fc.asyncProperty(file, sizes, fc.constantFrom(0, 3), async ([text, form], sizes, firstOffset) => {
        const { records, offsets } = await split(fileOf(text, sizes, firstOffset), form);
        const bytes = Buffer.from(text, 'utf8');

        for (const [index, record] of records.entries()) {
          const start = record.slice(record.indexOf(' ') + 1, record.indexOf(' ') + 4);
          expect(bytes.toString('utf8', offsets[index]! - firstOffset).startsWith(start)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('a record that is larger than the buffer is whole', async () => {
    const large = JSON.stringify({ x: 'é'.repeat(700_000), y: 1 });

    const { records } = await split(fileOf(`{"a":1}\n${large}\n{"b":2}`, [65_537]), 'lines');

    expect(records).toEqual([':1 {"a":1}', `:2 ${large}`, ':3 {"b":2}']);
  });
});

describe('lines', () => {
  it.each([
    ['{"a":1}\n{"b":2}\n', [':1 {"a":1}', ':2 {"b":2}']],
    ['{"a":1}\n{"b":2}', [':1 {"a":1}', ':2 {"b":2}']],
    ['{"a":1}\r\n\r\n  \n\t{"b":2} \r\n', [':1 {"a":1}', ':4 {"b":2}']],
    ['\n\r\n {"a":1}\n\n{"b":2}', [':3 {"a":1}', ':5 {"b":2}']],
    ['{"a":1}\nnull\nnot json\n', [':1 {"a":1}', ':2 null', ':3 not json']],
    ['{"a":"\\n"}\n[\n]', [':1 {"a":"\\n"}', ':2 [', ':3 ]']],
    ['{"a":1}\u2028{"b":2}', [':1 {"a":1}\u2028{"b":2}']],
  ])('of %j are one record each', async (text, records) => {
    expect(await recordsOf(text, 'lines')).toEqual(records);
  });

  it('that are not UTF-8 are faults, and the others are kept', async () => {
    const content = Buffer.concat([
      Buffer.from('{"a":1}\n{"b":"'),
      Buffer.from([0xe4]),
      Buffer.from('"}\n{"c":"\\u00e4"}'),
    ]);

    expect(await split(fileOf(content), 'lines')).toMatchObject({
      records: [':1 {"a":1}', ':3 {"c":"\\u00e4"}'],
      faults: [':2 invalid_encoding'],
    });
  });
});

describe('an array', () => {
  it.each([
    ['[]', []],
    [' [ ] ', []],
    ['[{"a":1},\n {"b":[1,2]} , 3]', ['#/0 {"a":1}', '#/1 {"b":[1,2]}', '#/2 3']],
    ['[[1],[]]', ['#/0 [1]', '#/1 []']],
  ])('%j gives its elements', async (text, records) => {
    expect(await split(fileOf(text), 'json')).toMatchObject({ records, faults: [] });
  });

  it.each([
    ['[{"a":1},{"b":', ['#/0 {"a":1}'], ['#/1 invalid_json']],
    ['[{"a":1},', ['#/0 {"a":1}'], ['#/1 invalid_json']],
    ['[{"a":1}', ['#/0 {"a":1}'], ['#/0 invalid_json']],
    ['[', [], ['#/0 invalid_json']],
    ['[{"a":1},]', ['#/0 {"a":1}'], ['#/1 invalid_json']],
    ['[,]', [], ['#/0 invalid_json']],
    ['[{"a":1} {"b":2}]', ['#/0 {"a":1}'], ['#/0 invalid_json']],
    ['[{"a":1},nul,{"b":2}]', ['#/0 {"a":1}'], ['#/1 invalid_json']],
    ['[{"a":1}] x', ['#/0 {"a":1}'], [' invalid_json']],
    ['[{"a":1}][]', ['#/0 {"a":1}'], [' invalid_json']],
    ['[12', ['#/0 12'], ['#/0 invalid_json']],
  ])('%j keeps what is before the fault, and names the fault', async (text, records, faults) => {
    expect(await split(fileOf(text), 'json')).toMatchObject({ records, faults });
  });
});

describe('a list in an object', () => {
  const context = 'https://graph/$metadata#things';

  it('gives its elements with what they take over from it', async () => {
    const text = JSON.stringify({ '@odata.context': context, value: [{ id: 1 }, { id: 2 }] });
    const inherited = ` {"@odata.context":"${context}"}`;

    expect(await split(fileOf(text), 'json')).toMatchObject({
      records: [`#/value/0 {"id":1}${inherited}`, `#/value/1 {"id":2}${inherited}`],
      faults: [],
    });
  });

  it('says that it goes on in another page', async () => {
    const text = JSON.stringify({
      '@odata.context': context,
      '@odata.nextLink': 'https://next',
      value: [{ id: 1 }],
    });
    const inherited = ` {"@odata.context":"${context}"}`;

    expect(await split(fileOf(text), 'json')).toMatchObject({
      records: [`#/value/0 {"id":1}${inherited}`],
      faults: [` incomplete_pages${inherited}`],
    });
  });

  it('of Kubernetes gives its items, and says that it goes on', async () => {
    const items = [{ kind: 'Pod' }];

    expect(await recordsOf(JSON.stringify({ kind: 'List', items }))).toEqual(['#/items/0 {"kind":"Pod"}']);
    expect(
      await recordsOf(JSON.stringify({ kind: 'PodList', metadata: { continue: '' }, items })),
    ).toHaveLength(1);
    expect(await faultsOf(JSON.stringify({ kind: 'PodList', metadata: { continue: '' }, items }))).toEqual(
      [],
    );
    expect(await faultsOf(JSON.stringify({ items, kind: 'PodList', metadata: { continue: 'x' } }))).toEqual([
      ' incomplete_pages',
    ]);
  });

  it.each([
    '{"value":[{"id":1}],"id":"x"}',
    '{"value":{"id":1}}',
    '{"value":"text"}',
    '{"items":[{"id":1}]}',
    '{"kind":"Deployment","items":[]}',
    '{"kind":["List"],"items":[]}',
  ])('is none: %s is one item', async (text) => {
    expect(await recordsOf(text)).toEqual([` ${text}`]);
  });

  it('may be empty', async () => {
    expect(await split(fileOf('{"value":[]}'), 'json')).toMatchObject({ records: [], faults: [] });
  });

  it('is not followed by anything', async () => {
    expect(await split(fileOf('{"value":[{"id":1}]}\n{"value":[{"id":2}]}'), 'json')).toMatchObject({
      records: ['#/value/0 {"id":1}'],
      faults: [' invalid_json'],
    });
  });
});

describe('documents', () => {
  it.each([
    ['{"id":1}', [' {"id":1}']],
    ['\n {\n"id":1\n}\n\n', [' {\n"id":1\n}']],
    ['17', [' 17']],
    ['{"id":1}\n{"id":2}\n\nbroken\n{"id":3}', [':1 {"id":1}', ':2 {"id":2}', ':4 broken', ':5 {"id":3}']],
    ['{"id":1}{"id":2}', [':1 {"id":1}', ':1 {"id":2}']],
    ['{\n"id":1\n}\n{\n"id":2\n}', [':1 {\n"id":1\n}', ':4 {\n"id":2\n}']],
    ['{"id":1} {\n"id":2}\n{"value":[1]}', [':1 {"id":1}', ':1 {\n"id":2}', ':3 {"value":[1]}']],
    ['\n\n{"id":1}\n{"id":2}', [':3 {"id":1}', ':4 {"id":2}']],
    ['\n{"id":1}{"id":2}', [':2 {"id":1}', ':2 {"id":2}']],
  ])('%j are split where they end', async (text, records) => {
    expect(await split(fileOf(text), 'json')).toMatchObject({ records, faults: [] });
  });

  it.each([
    ['"text', [], [' invalid_json']],
    ['{"id":1', [], [' invalid_json']],
    ['not json', [], [' invalid_json']],
    ['{\n"id":1}\nbroken', [':1 {\n"id":1}'], [':3 invalid_json']],
  ])('%j are kept up to where they are broken', async (text, records, faults) => {
    expect(await split(fileOf(text), 'json')).toMatchObject({ records, faults });
  });

  it('of one list twice are no list: its elements could be lost', async () => {
    const text = '{"value":[{"id":"1"}],"value":[{"id":"2"}]}';

    expect(await split(fileOf(text), 'json')).toMatchObject({ records: [` ${text}`], faults: [] });
  });
});

describe('a file without JSON', () => {
  it.each(['', ' ', '\n\r\n\t '])('is empty: %j', async (text) => {
    expect(await faultsOf(text, 'json')).toEqual([' empty_file']);
    expect(await faultsOf(text, 'lines')).toEqual([' empty_file']);
  });
});

describe('locatorText', () => {
  it.each([
    ['whole', 0, ''],
    ['line', 12, ':12'],
    ['index', 3, '#/3'],
    ['value', 3, '#/value/3'],
    ['items', 0, '#/items/0'],
  ] as const)('of %s %d is %j', (form, position, text) => {
    expect(locatorText({ form, position })).toBe(text);
  });
});
