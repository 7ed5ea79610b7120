import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/core/json-value.ts';
import { itemNamed, readFiles, readItems, samples } from './sample-exports.ts';

// What makes real exports hard is in the samples. These tests keep it there: an editor that saves a file as
// UTF-8, or a tool that sorts its members, would leave contoso-findings.test.ts green and worth less.

const october = readItems(samples.october);
const november = readItems(samples.november);
const all = [...october, ...november];

/** The items that are in both exports, by id. */
const pairs = october.flatMap((before) => {
  const after = november.find(({ value }) => value.id === before.value.id);
  return after === undefined ? [] : [{ before, after }];
});

const pairOf = (octoberName: string, novemberName = octoberName) => ({
  before: itemNamed(samples.october, octoberName),
  after: itemNamed(samples.november, novemberName),
});

function settingIds({ settings }: JsonObject): Record<string, JsonValue | undefined> {
  return Object.fromEntries(
    (settings as JsonObject[]).map(({ id, settingInstance }) => [
      (settingInstance as JsonObject).settingDefinitionId,
      id,
    ]),
  );
}

describe('the samples hold what real exports hold', () => {
  test('four encodings, most files in UTF-16', () => {
    const counts = (encoding: string) => all.filter((item) => item.encoding === encoding).length;

    expect(counts('utf16le')).toBeGreaterThan(all.length / 2);
    for (const encoding of ['utf8', 'utf8bom', 'utf16be']) expect(counts(encoding)).toBeGreaterThan(1);
  });

  test('policies whose encoding changed', () => {
    const changed = pairs.filter(({ before, after }) => before.encoding !== after.encoding);

    expect(changed.length).toBeGreaterThan(5);
  });

  test('characters beyond ASCII, in a policy whose encoding changed', () => {
    const { before, after } = pairOf('CA003 – Block legacy authentication');

    expect(before.encoding).not.toBe(after.encoding);
    expect(before.value.displayName).toContain('Zürich, København, 東京');
    expect(after.value.displayName).toBe(before.value.displayName);
  });

  test('both kinds of line ends, and four kinds of indentation', () => {
    expect(all.some(({ text }) => text.includes('\r\n'))).toBe(true);
    expect(all.some(({ text }) => text.includes('\n') && !text.includes('\r'))).toBe(true);
    for (const start of ['{"', '{\t"', '{  "', '{    "'])
      expect(all.some(({ text }) => text.replace(/[\r\n]+/, '').startsWith(start))).toBe(true);
  });

  test('text that is escaped in one export only', () => {
    const { before, after } = pairOf('Windows - Guest Wi-Fi - v1.0');

    expect(before.text).toContain('<WLANProfile');
    expect(after.text).toContain('\\u003cWLANProfile');
  });

  test('a file with another version in its name, and the same policy in it', () => {
    const { before, after } = pairOf(
      'Windows - Hello for Business - v1.1',
      'Windows - Hello for Business - v1.2',
    );

    expect(after.value.id).toBe(before.value.id);
    expect(after.value.name).toBe(before.value.name);
  });

  test('a policy that was renamed, and its file with it', () => {
    const { before, after } = pairOf(
      'Windows - Defender Antivirus - v2.3',
      'Windows - Defender Antivirus - v2.4',
    );

    expect(after.value.id).toBe(before.value.id);
    expect(after.value.name).not.toBe(before.value.name);
  });

  test('a file that moved into a folder below another one', () => {
    const { before, after } = pairOf('macOS - FileVault - v1.0');

    expect(before.path.split('/')).toHaveLength(3);
    expect(after.path.split('/')).toHaveLength(4);
  });

  test('settings inserted in the middle, which renumbered the others', () => {
    const { before, after } = pairOf(
      'Windows - Defender Antivirus - v2.3',
      'Windows - Defender Antivirus - v2.4',
    );

    const was = settingIds(before.value);
    const is = settingIds(after.value);
    const renumbered = Object.keys(was).filter((setting) => was[setting] !== is[setting]);
    expect(Object.keys(is).length - Object.keys(was).length).toBe(2);
    expect(renumbered).toHaveLength(3);
    expect(after.value.settingCount).not.toBe(before.value.settingCount);
  });

  test('times, and the counters of saves, that differ where nothing else does', () => {
    const { before, after } = pairOf('Windows - Compliance - v2.0');

    expect(after.value.version).not.toBe(before.value.version);
    expect(after.value.lastModifiedDateTime).not.toBe(before.value.lastModifiedDateTime);
  });

  test('annotations and action links, in one export only', () => {
    const { before, after } = pairOf('Windows - Compliance - v2.0');
    const annotations = /"(?:[^"]*@odata\.(?:editLink|navigationLink)|#microsoft\.graph\.assign)":/g;

    expect(before.text.match(annotations)?.length).toBeGreaterThan(3);
    expect(after.text.match(annotations)).toBeNull();
  });

  test('a policy without a type at its root', () => {
    const { before, after } = pairOf('macOS - FileVault - v1.0');

    expect(before.value['@odata.type']).toBe('#microsoft.graph.deviceManagementConfigurationPolicy');
    expect(after.value['@odata.type']).toBeUndefined();
  });

  test('no assignments as [], as null and as no member', () => {
    const edge = pairOf('Windows - Microsoft Edge - v3.0');
    const hello = pairOf('Windows - Hello for Business - v1.1', 'Windows - Hello for Business - v1.2');

    expect(edge.before.value.assignments).toEqual([]);
    expect(edge.after.value).not.toHaveProperty('assignments');
    expect(hello.before.value).not.toHaveProperty('assignments');
    expect(hello.after.value.assignments).toBeNull();
  });

  test('members and arrays in another order', () => {
    const { before, after } = pairOf('Windows - Microsoft Edge - v3.0');

    expect(Object.keys(after.value)[0]).not.toBe(Object.keys(before.value)[0]);
    expect(after.value.roleScopeTagIds).toEqual((before.value.roleScopeTagIds as JsonValue[]).toReversed());
  });

  test('files that hold no JSON', () => {
    const others = readFiles(samples.october).filter(({ path }) => !path.endsWith('.json'));

    expect(others.map(({ path }) => path).sort()).toEqual([
      'PowerShellScripts/Set-TimeZone.ps1',
      'README.txt',
    ]);
  });

  test('all of it in less than 200 KB', () => {
    const bytes = [samples.october, samples.november].flatMap(readFiles).map((file) => file.bytes.length);

    expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(200_000);
  });
});
