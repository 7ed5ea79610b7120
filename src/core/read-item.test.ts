import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentHash } from './content-hash.ts';
import { createItemTypeRegistry, type InheritedMembers, parseItemTypes } from './item-type-registry.ts';
import { type ItemTypeDefinition, itemTypeSchema } from './item-type-schema.ts';
import { createItemReader, type Item, type ItemReader, type RawItem, type UnreadItem } from './read-item.ts';
import { parseYaml } from './yaml-document.ts';

function readerOf(builtIn: readonly ItemTypeDefinition[]): ItemReader {
  const registry = createItemTypeRegistry({ own: [], builtIn });
  if (!registry.ok) throw new Error(JSON.stringify(registry.details));
  return createItemReader({ registry: registry.registry, digestKey: 'key', maxDepth: 32 });
}

const define = (definition: object): ItemTypeDefinition => itemTypeSchema.parse(definition);
const thing = define({
  itemType: 'thing',
  match: [{ path: '/type', is: ['thing'] }],
  identity: ['/id', '/meta/uid'],
  label: ['/title', '/name'],
  volatile: ['/at'],
  sensitive: ['/secret'],
});
const json = define({ itemType: 'json', isFallback: true, identity: ['/id'], weakIdentity: ['/name'] });
const pod = define({
  itemType: 'pod',
  match: [{ path: '/kind', is: ['*'], has: ['/kind', '/metadata/uid'] }, { has: ['/settings', '/x'] }],
  identity: ['/metadata/uid', '/name'],
});
const reader = readerOf([thing, pod, json]);

function raw(text: string, inherited: InheritedMembers = null): RawItem {
  const bytes = new TextEncoder().encode(`##${text}##`);
  return { bytes, start: 2, end: bytes.length - 2, inherited };
}

function read(text: string): Item {
  const item = reader.read(raw(text));
  if (!item.isRead) throw new Error(item.flaw.detail);
  return item;
}

function flawOf(text: string): UnreadItem['flaw'] {
  const item = reader.read(raw(text));
  if (item.isRead) throw new Error('it was read');
  return item.flaw;
}

describe('an item', () => {
  it('has type, id, label, facts and their hash', () => {
    const item = read('{"type":"thing","meta":{"uid":"u"},"name":"A thing","at":1,"secret":"s"}');

    expect(item).toMatchObject({
      type: { name: 'thing' },
      externalId: 'u',
      identityPointer: '/meta/uid',
      label: 'A thing',
      isContradictory: false,
      flaws: [],
    });
    expect(Object.keys(item.facts)).toEqual(['type', 'meta', 'name', 'secret']);
    expect(item.contentHash).toBe(contentHash(item.facts));
  });

  it.each([
    ['{"type":"thing","id":1,"title":"T","name":"N"}', 'T'],
    ['{"type":"thing","id":1,"title":" ","name":"N"}', 'N'],
    ['{"type":"thing","id":1,"title":["T"]}', '1'],
    ['{"type":"thing","id":"i"}', 'i'],
    [`{"type":"thing","id":1,"name":"${'n'.repeat(301)}"}`, `${'n'.repeat(300)}…`],
    ['{"type":"thing","id":1,"name":"https://user:password@host/"}', '[redacted]'],
  ])('%s is called %s', (text, label) => {
    expect(read(text).label).toBe(label);
  });

  it('says the same whatever its white space, the order of its members and what is volatile', () => {
    const one = read('{"type":"thing","id":1,"at":1}');
    const other = read(' {\n"at" : 2 , "id":1.0 ,"\\u0074ype":"thing" }\r\n');

    expect(other.contentHash).toBe(one.contentHash);
  });
});

describe('what is no item', () => {
  it.each([
    ['{"id":1', 'invalid_json', 'column 8: it ends in the middle of a value'],
    ['{"id":1,}', 'invalid_json', 'column 9: a member name in double quotes was expected'],
    ['{\n"id":\n tru }', 'invalid_json', 'line 3, column 2: a value was expected'],
    ['{"id":1} x', 'invalid_json', 'column 10: more text follows the value'],
    ['{"id":1}{"id":2}', 'invalid_json', 'column 9: more text follows the value'],
    ['', 'invalid_json', 'column 1: it ends in the middle of a value'],
    ['[]', 'not_an_object', 'it is an array'],
    ['null', 'not_an_object', 'it is null'],
    ['"text"', 'not_an_object', 'it is a string'],
    ['17', 'not_an_object', 'it is a number'],
    [
      '['.repeat(33) + ']'.repeat(33),
      'nesting_too_deep',
      'column 33: arrays and objects are nested more than 32 deep',
    ],
  ])('%j is %s', (text, code, detail) => {
    expect(flawOf(text)).toEqual({ code, detail, itemType: null });
  });

  it('has no identity, which leaves its type incomplete, or every type where that is not known', () => {
    expect(flawOf('{"type":"thing","name":"N"}')).toEqual({
      code: 'missing_identity',
      detail: 'no id at /id, /meta/uid',
      itemType: 'thing',
    });
    expect(flawOf('{"title":"N"}')).toEqual({
      code: 'missing_identity',
      detail: 'no id at /id, /name',
      itemType: null,
    });
  });

  it('says twice who or what it is', () => {
    for (const text of [
      '{"id":1,"id":2}',
      '{"id":1,"type":"thing","type":"x"}',
      '{"type":"thing","meta":{"uid":1,"uid":1}}',
    ])
      expect(flawOf(text)).toMatchObject({ code: 'missing_identity', itemType: null });
  });

  it('stands beside the items', () => {
    const companion = define({
      itemType: 'contents',
      isCompanion: true,
      match: [{ has: ['/files'] }],
      title: 'Contents',
    });
    const reader = readerOf([companion, json]);

    expect(reader.read(raw('{"files":[],"id":1}'))).toEqual({
      isRead: false,
      flaw: { code: 'companion_file', detail: 'it is "Contents"', itemType: null },
    });
    expect(reader.identify(raw('{"files":[],"id":1}'))).toBeNull();
  });

  it('is never shown', () => {
    const texts = ['{"secretValue":tru}', '{"id":"secretValue"', '["secretValue"]', '{"x":"secretValue"}'];

    for (const text of texts) expect(flawOf(text).detail).not.toContain('secretValue');
  });
});

describe('an item that JSON.parse would read wrongly', () => {
  it('says two things at once where a member stands twice, and says where', () => {
    const item = read('{"type":"thing","id":1,"a":{"x":1,"x":2},"b":[{"y":1},{"y":1,"y":2}]}');

    expect(item.isContradictory).toBe(true);
    expect(item.flaws).toEqual([
      { code: 'duplicate_key', detail: 'twice in one object: /a/x, /b/1/y', itemType: 'thing' },
    ]);
  });

  it('still has its identity where what stands twice is not what it was found by', () => {
    const item = read('{"type":"thing","id":1,"meta":{"uid":1,"uid":2}}');

    expect(item).toMatchObject({ externalId: '1', isContradictory: true });
  });

  it('names no more than three places', () => {
    const [flaw] = read('{"id":1,"a":1,"a":1,"b":1,"b":1,"c":1,"c":1,"d":1,"d":1,"e":1,"e":1}').flaws;

    expect(flaw?.detail).toBe('twice in one object: /a, /b, /c and 2 more');
  });

  it('keeps a number that a double can not hold digit by digit', () => {
    const item = read('{"id":9007199254740993,"a":[1,12345678901234567890],"b":{"c":-1e999}}');

    expect(item.externalId).toBe('9007199254740993');
    expect(item.facts).toMatchObject({ a: [1, '12345678901234567890'], b: { c: '-1e999' } });
    expect(item.flaws).toEqual([
      { code: 'unsafe_number', detail: 'kept as text: /id, /a/1, /b/c', itemType: 'json' },
    ]);
  });

  it('keeps such a number the same however it is written', () => {
    const hashes = [
      '90071992547409930',
      '9007199254740993e1',
      '9.007199254740993E+16',
      '90071992547409930.0',
    ].map((number) => read(`{"id":1,"n":${number}}`).contentHash);

    expect(new Set(hashes).size).toBe(1);
  });

  it('keeps numbers apart that are the same double', () => {
    const hashes = ['9007199254740992', '9007199254740993', '9007199254740994'].map(
      (number) => read(`{"id":1,"n":${number}}`).contentHash,
    );

    expect(new Set(hashes).size).toBe(3);
  });

  it('keeps members called like those of Object.prototype', () => {
    const item = read('{"id":1,"__proto__":{"id":2},"constructor":null}');

    expect(item.externalId).toBe('1');
    expect(Object.keys(item.facts)).toEqual(['id', '__proto__', 'constructor']);
  });
});

describe('identify', () => {
  it('finds type and id without reading', () => {
    expect(reader.identify(raw('{"type":"thing","x":{"id":0},"meta":{"uid":"\\u0061"}}'))).toMatchObject({
      type: { name: 'thing' },
      externalId: 'a',
      identityPointer: '/meta/uid',
    });
  });

  it.each([
    '{"id":1} x',
    '{"id":1}{}',
    '{"id":1,"id":1}',
    '{"id":1,"a":{"b":1,"b":1}}',
    '{"id":1,"a":9007199254740993}',
    '{"id":1',
    '[{"id":1}]',
    '{}',
  ])('leaves it to read to judge %s', (text) => {
    expect(reader.identify(raw(text))).toBeNull();
  });

  it('tells objects apart whose deciding members differ only in being null', () => {
    const texts = [
      '{"settings":1,"x":{},"name":"a"}',
      '{"settings":null,"x":[],"name":"a"}',
      '{"x":0,"name":"a"}',
    ];

    const types = texts.map((text) => reader.identify(raw(text))?.type.name);

    expect(types).toEqual(['pod', 'json', 'json']);
  });

  /** Names that decide on type or identity somewhere, and others. */
  const name = fc.constantFrom(
    ...[
      'id',
      'uid',
      'name',
      'displayName',
      'metadata',
      'meta',
      'kind',
      'apiVersion',
      'type',
      '@odata.type',
      'arn',
    ],
    ...['@odata.context', 'settings', 'technologies', 'platforms', 'templateReference', '__proto__', 'x', ''],
  );
  const text = fc.constantFrom(
    ...[
      'a',
      '',
      'thing',
      'Secret',
      'v1',
      '0',
      '😀',
      '\ud800',
      '#microsoft.graph.iosCompliancePolicy',
      '"',
      '\\',
      '__proto__',
    ],
    ...[
      'https://graph.microsoft.com/beta/$metadata#deviceManagement/configurationPolicies/$entity',
      'x'.repeat(1025),
    ],
  );
  /** JSON texts of scalars, in other ways than JSON.stringify's too. */
  const scalar = fc.oneof(
    text.map((value) => JSON.stringify(value)),
    fc.constantFrom(
      'null',
      'true',
      'false',
      '0',
      '-0',
      '1.0',
      '1e2',
      '12',
      '23',
      '9007199254740993',
      '"\\u0069d"',
      '"\\/"',
    ),
  );
  const nameText = fc.oneof(
    { weight: 9, arbitrary: name.map((value) => JSON.stringify(value)) },
    {
      weight: 1,
      arbitrary: name.map(
        (value) =>
          `"${[...value].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`,
      ),
    },
  );
  function objectText(depth: number): fc.Arbitrary<string> {
    const value =
      depth === 0
        ? scalar
        : fc.oneof(
            { weight: 4, arbitrary: scalar },
            { weight: 2, arbitrary: objectText(depth - 1) },
            {
              weight: 1,
              arbitrary: fc.array(objectText(depth - 1), { maxLength: 2 }).map((all) => `[${all}]`),
            },
          );
    return fc
      .uniqueArray(fc.tuple(nameText, value), { maxLength: 6, selector: ([name]) => JSON.parse(name) })
      .map((members) => `{${members.map(([name, value]) => `${name} : ${value}`)}}`);
  }
  const inherited = fc.constantFrom<InheritedMembers>(
    null,
    { '@odata.context': 'https://graph.microsoft.com/beta/$metadata#deviceManagement/deviceConfigurations' },
    { type: 'thing' },
  );

  function saysWhatReadSays(reader: ItemReader, raw: RawItem): boolean {
    const known = reader.identify(raw);
    const item = reader.read(raw);
    if (!item.isRead || item.flaws.length > 0) {
      expect(known).toBeNull();
      return false;
    }
    const { type, externalId, identityPointer } = item;
    expect(known).toEqual({ type, externalId, identityPointer });
    return true;
  }

  it('says exactly what read says, or nothing where that has a flaw, for a small registry', () => {
    fc.assert(
      fc.property(objectText(2), inherited, (text, inherited) => {
        saysWhatReadSays(reader, raw(text, inherited));
      }),
      { numRuns: 1000 },
    );
  });

  it('says exactly what read says with the item types of the product', () => {
    const folder = new URL('../../item-types/', import.meta.url);
    const files = readdirSync(folder).sort();
    const builtIn = files.flatMap((name) => {
      const yaml = parseYaml(readFileSync(new URL(name, folder), 'utf8'));
      const parsed = yaml.ok ? parseItemTypes(yaml.value) : yaml;
      return parsed.ok ? parsed.definitions : [];
    });
    const product = readerOf(builtIn);
    let readCount = 0;

    fc.assert(
      fc.property(objectText(2), inherited, (text, inherited) => {
        if (saysWhatReadSays(product, raw(text, inherited))) readCount++;
      }),
      { numRuns: 500 },
    );

    expect(readCount).toBeGreaterThan(50);
  });
});

describe('an identity found without parsing', () => {
  it('keeps a byte order mark within a text', () => {
    const object = '{"type":"thing","id":"\ufeffx"}';

    expect(reader.identify(raw(object))?.externalId).toBe('\ufeffx');
    expect(read(object).externalId).toBe('\ufeffx');
  });

  it('is not taken for one of a type whose objects only look alike when written together', () => {
    const members = Array.from({ length: 13 }, (_, index) => `p${String(index).padStart(2, '0')}`);
    const types = [
      define({ itemType: 'has', identity: ['/id'], match: [{ has: ['/p01'], path: '/p01', is: ['*'] }] }),
      ...members.map((name) =>
        define({ itemType: name, identity: ['/id'], match: [{ path: `/${name}`, is: ['never'] }] }),
      ),
      define({ itemType: 'rest', isFallback: true, identity: ['/id'] }),
    ];
    const many = readerOf(types);

    for (const text of ['{"id":"a","p01":23}', '{"id":"b","p12":3}', '{"id":"c","p01":"x"}']) {
      const item = many.read(raw(text));
      expect(many.identify(raw(text))?.type.name).toBe(item.isRead ? item.type.name : undefined);
    }
  });
});
