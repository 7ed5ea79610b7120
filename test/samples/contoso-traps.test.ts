import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json-value.ts';
import {
  type Comparison,
  compare,
  encode,
  encodings,
  mapMembers,
  mapObjects,
  readItems,
  rewriteBytes,
  rewriteValues,
  type SampleItem,
  samples,
  writeExport,
} from './sample-exports.ts';

// What means nothing must change nothing: each test writes the samples again in another form, and expects the
// same findings, byte for byte.

let reference: Comparison;

beforeAll(async () => {
  reference = await compare(samples.october, samples.november);
});

/** Compares the samples with first the one and then the other export written again by `rewrite`. */
async function expectNoEffect(
  rewrite: (exportPath: string) => string,
  { isMemberOrderKept = true } = {},
): Promise<void> {
  const comparisons = await Promise.all([
    compare(rewrite(samples.october), samples.november),
    compare(samples.october, rewrite(samples.november)),
  ]);

  for (const { document, findings } of comparisons) {
    expect(document.findings).toEqual(reference.document.findings);
    // Where a finding shows an object, its members stand as in the export.
    if (isMemberOrderKept) expect(findings).toBe(reference.findings);
    expect(document.findingsDigest).toBe(reference.document.findingsDigest);
    expect(document.summary).toEqual(reference.document.summary);
    expect(document.problems).toEqual([]);
  }
}

/** Only the cipher suites have an order that means something. */
const hasMeaningfulOrder = (object: JsonObject): boolean =>
  String(object.settingDefinitionId).includes('tlsciphersuites');

const isAnnotation = (name: string): boolean =>
  name.startsWith('#') || (name.includes('@odata.') && name !== '@odata.type' && !name.endsWith('.bind'));

const isEmpty = (value: JsonValue): boolean => value === null || (Array.isArray(value) && value.length === 0);

/** Counted up, so that no two are the same. */
function counter(): (value: JsonValue) => JsonValue {
  let count = 0;
  return (value) => (typeof value === 'number' ? value + ++count : `${String(value)}${++count}`);
}

function withAssignments(value: JsonObject, assignments: JsonValue | undefined): JsonObject {
  if (!isEmpty(value.assignments ?? null)) return value;
  const { assignments: _, ...rest } = value;
  return assignments === undefined ? rest : { ...rest, assignments };
}

const changes: Record<string, (value: JsonObject) => JsonValue> = {
  'arrays in another order': (value) =>
    mapObjects(value, (object) =>
      hasMeaningfulOrder(object)
        ? object
        : mapMembers(object, (name, member) => [name, Array.isArray(member) ? member.toReversed() : member]),
    ),

  'settings[].id numbered anew': (value) => {
    const renumber = counter();
    return mapMembers(value, (name, member) =>
      name === 'settings' && Array.isArray(member)
        ? [name, member.map((setting) => ({ ...(setting as JsonObject), id: renumber('9') }))]
        : [name, member],
    );
  },

  'another settingCount': (value) =>
    mapMembers(value, (name, member) => [name, name === 'settingCount' ? 99 : member]),

  'no annotations and action links': (value) =>
    mapObjects(value, (object) =>
      mapMembers(object, (name, member) => (isAnnotation(name) ? null : [name, member])),
    ),

  'more annotations and action links': (value) =>
    mapObjects(value, (object) => ({
      '@odata.etag': 'W/"1"',
      '@microsoft.graph.tips': 'Use $select.',
      'anything@odata.navigationLink': 'https://graph.microsoft.com/beta/anything',
      '#microsoft.graph.anything': { title: 'anything', target: 'https://graph.microsoft.com/beta/anything' },
      ...object,
    })),

  'other times of creation and of saving': (value) => {
    const count = counter();
    return mapObjects(value, (object) =>
      mapMembers(object, (name, member) => [
        name,
        /^(created|lastModified|modified)DateTime$/.test(name) ? count('2027-01-01T00:00:00.00') : member,
      ]),
    );
  },

  'version counters counted up': (value) => {
    const count = counter();
    return mapObjects(value, (object) =>
      mapMembers(object, (name, member) => [name, name === 'version' ? count(member) : member]),
    );
  },

  'ids of assignments and of compliance actions made anew': (value) => {
    const count = counter();
    const renew = (list: JsonValue): JsonValue =>
      Array.isArray(list)
        ? list.map((one) => (isJsonObject(one) && 'id' in one ? { ...one, id: count('new') } : one))
        : list;
    return mapObjects(value, (object) =>
      mapMembers(object, (name, member) => [
        name,
        ['assignments', 'scheduledActionsForRule', 'scheduledActionConfigurations'].includes(name)
          ? renew(member)
          : member,
      ]),
    );
  },

  'null and [] left out': (value) =>
    mapObjects(value, (object) =>
      mapMembers(object, (name, member) => (isEmpty(member) ? null : [name, member])),
    ),

  'null for []': (value) =>
    mapObjects(value, (object) =>
      mapMembers(object, (name, member) => [name, isEmpty(member) ? null : member]),
    ),

  'no assignments as []': (value) => withAssignments(value, []),
  'no assignments as null': (value) => withAssignments(value, null),
  'no assignments as no member': (value) => withAssignments(value, undefined),

  'values in sets repeated': (value) =>
    mapMembers(value, (name, member) => [
      name,
      name === 'roleScopeTagIds' && Array.isArray(member) ? [...member, ...member] : member,
    ]),
};

describe('the same objects in other words', () => {
  test.each(Object.entries(changes))('%s: the same findings', async (_, change) => {
    await expectNoEffect((exportPath) => rewriteValues(exportPath, change));
  });

  test('members in another order: the same findings', async () => {
    const reverse = (value: JsonObject): JsonValue =>
      mapObjects(value, (object) => Object.fromEntries(Object.entries(object).reverse()));

    await expectNoEffect((exportPath) => rewriteValues(exportPath, reverse), { isMemberOrderKept: false });
  });
});

const escapeAll = (json: string): string =>
  json.replace(/['<>&\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

const writings: Record<string, (item: SampleItem) => string> = {
  'line feeds': ({ text }) => text.replaceAll('\r\n', '\n'),
  'carriage returns and line feeds': ({ text }) => text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n'),
  'no white space': ({ value }) => JSON.stringify(value),
  'tabs for indentation': ({ value }) => JSON.stringify(value, null, '\t'),
  'eight spaces for indentation': ({ value }) => JSON.stringify(value, null, 8),
  'every special character escaped': ({ value }) => escapeAll(JSON.stringify(value, null, 2)),
};

describe('the same text in other bytes', () => {
  test.each(encodings)('all in %s: the same findings', async (encoding) => {
    await expectNoEffect((exportPath) => rewriteBytes(exportPath, ({ text }) => encode(text, encoding)));
  });

  test('every file in another encoding than before: the same findings', async () => {
    await expectNoEffect((exportPath) =>
      rewriteBytes(exportPath, ({ text, encoding }) => {
        const next = encodings[(encodings.indexOf(encoding) + 1) % encodings.length] ?? 'utf8';
        return encode(text, next);
      }),
    );
  });

  test.each(Object.entries(writings))('%s: the same findings', async (_, write) => {
    await expectNoEffect((exportPath) =>
      rewriteBytes(exportPath, (item) => encode(write(item), item.encoding)),
    );
  });
});

/** The n-th file gets the n-th last name, so that the files are read in the reverse order. */
function reverseNames(exportPath: string): string {
  const items = readItems(exportPath).sort((a, b) => (a.path < b.path ? -1 : 1));
  return writeExport(
    items.map(({ bytes }, index) => ({
      path: `${String(items.length - index).padStart(3, '0')}.json`,
      bytes,
    })),
  );
}

const utf8 = (items: readonly SampleItem[]): JsonValue[] => items.map(({ value }) => value);

const layouts: Record<string, (exportPath: string) => string> = {
  'all in one folder': (exportPath) =>
    writeExport(
      readItems(exportPath).map(({ path, bytes }) => ({ path: path.replaceAll('/', ' - '), bytes })),
    ),

  'each in a folder of its own, many levels down': (exportPath) =>
    writeExport(
      readItems(exportPath).map(({ bytes }, index) => ({ path: `${index}/a/b/c/d/e/f/item.json`, bytes })),
    ),

  'one NDJSON file': (exportPath) => {
    const lines = utf8(readItems(exportPath)).map((value) => JSON.stringify(value));
    return writeExport([{ path: 'all.ndjson', bytes: Buffer.from(`${lines.join('\n')}\n`) }]);
  },

  'one NDJSON file in the reverse order': (exportPath) => {
    const lines = utf8(readItems(exportPath)).map((value) => JSON.stringify(value));
    return writeExport([{ path: 'all.ndjson', bytes: Buffer.from(`${lines.reverse().join('\n')}\n`) }]);
  },

  'one JSON array': (exportPath) => {
    const bytes = encode(JSON.stringify(utf8(readItems(exportPath)), null, 2), 'utf16le');
    return writeExport([{ path: 'all.json', bytes }]);
  },

  'one answer of the API': (exportPath) => {
    const bytes = Buffer.from(JSON.stringify({ value: utf8(readItems(exportPath)) }));
    return writeExport([{ path: 'all.json', bytes }]);
  },

  'each file compressed': (exportPath) =>
    writeExport(
      readItems(exportPath).map(({ path, bytes }) => ({ path: `${path}.gz`, bytes: gzipSync(bytes) })),
    ),
};

describe('the same items in other files', () => {
  test('files named in the reverse order: the same output, byte for byte', async () => {
    const { text } = await compare(reverseNames(samples.october), reverseNames(samples.november));

    expect(text).toBe(reference.text);
  });

  test.each(Object.entries(layouts))('%s: the same findings', async (_, layout) => {
    await expectNoEffect(layout);
  });

  test('files that hold no JSON are counted and not read', async () => {
    expect(reference.stderr).toContain('5 files not read');

    const more = writeExport([
      ...readItems(samples.october),
      { path: 'notes.txt', bytes: Buffer.from('{ broken') },
      { path: 'SettingsCatalog/list.csv', bytes: Buffer.from([0xff, 0xfe, 0x00]) },
      { path: 'PowerShellScripts/Set-TimeZone.ps1', bytes: Buffer.from('# text') },
    ]);
    const { document, findings, stderr } = await compare(more, samples.november);

    expect(findings).toBe(reference.findings);
    expect(document.problems).toEqual([]);
    expect(stderr).toContain('6 files not read');
  });

  test.each(['october', 'november'] as const)(
    'the export of %s against itself: no finding',
    async (month) => {
      const { document, exitCode } = await compare(samples[month], samples[month]);

      expect(exitCode).toBe(0);
      expect(document.findings).toEqual([]);
      expect(document.summary).toMatchObject({ added: 0, removed: 0, changed: 0 });
      expect(document.summary.unchanged).toBe(document.summary.currentItems);
    },
  );
});
