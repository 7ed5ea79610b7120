import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { OpenFile } from './byte-source.ts';
import type { FileForm } from './export-files.ts';
import { locatorText, splitRecords } from './split-records.ts';

/** Bytes of one item, so that a test need not make 16 MiB of it. */
const MAX = 200;
vi.mock(import('../../core/limits.ts'), () => ({
  limits: { maxItemBytes: 200, maxListBytes: 2_000, maxDepth: 512, maxConfigBytes: 1024 } as never,
}));

function fileOf(content: string, size: number): OpenFile {
  const bytes = Buffer.from(content, 'utf8');
  let at = 0;
  return {
    isVerbatim: true,
    firstOffset: 0,
    expectedBytes: bytes.length,
    hasChanged: () => false,
    close: () => {},
    read(target) {
      const count = bytes.copy(target, 0, at, Math.min(bytes.length, at + size));
      at += count;
      return count;
    },
  };
}

async function split(content: string, form: FileForm, size: number) {
  const result = { records: [] as string[], faults: [] as string[] };
  for await (const { records, faults } of splitRecords(fileOf(content, size), form)) {
    for (const { bytes, start, end, locator } of records)
      result.records.push(`${locatorText(locator)} ${bytes.toString('utf8', start, end)}`);
    for (const { code, locator } of faults) result.faults.push(`${locatorText(locator)} ${code}`);
  }
  return result;
}

const item = (length: number): string => `{"x":"${'x'.repeat(length - 8)}"}`;

describe('what is too large', () => {
  it('is exactly what has more bytes than allowed', async () => {
    expect(await split(item(MAX), 'json', 64)).toEqual({ records: [` ${item(MAX)}`], faults: [] });
    expect(await split(item(MAX + 1), 'json', 64)).toEqual({ records: [], faults: [' item_too_large'] });
  });

  it('is one line, and the lines behind it are read, however the source is cut', async () => {
    const lengths = fc.array(fc.constantFrom(10, MAX, MAX + 1, MAX + 150, MAX * 5), { minLength: 1 });

    await fc.assert(
      fc.asyncProperty(lengths, fc.constantFrom(1, 7, 64, 333, 100_000), async (lengths, size) => {
        const lines = lengths.map((length, index) => ({ length, place: `:${index + 1}` }));

        const { records, faults } = await split(
          lines.map(({ length }) => item(length)).join('\n'),
          'lines',
          size,
        );

        expect(records).toEqual(
          lines.filter(({ length }) => length <= MAX).map(({ length, place }) => `${place} ${item(length)}`),
        );
        expect(faults).toEqual(
          lines.filter(({ length }) => length > MAX).map(({ place }) => `${place} item_too_large`),
        );
      }),
      { numRuns: 60 },
    );
  });

  it.each([7, 100_000])(
    'is an element of an array, of which those before it are kept (reads of %d)',
    async (size) => {
      const { records, faults } = await split(`[${item(10)},${item(MAX * 3)}]`, 'json', size);

      expect(records).toEqual([`#/0 ${item(10)}`]);
      expect(faults[0]).toBe('#/1 item_too_large');
    },
  );

  it.each([7, 100_000])(
    'is passed over in an array, but not where it is larger than what is held (reads of %d)',
    async (size) => {
      const skipped = await split(`[${item(MAX * 3)},${item(10)}]`, 'json', size);
      const stopped = await split(`[${item(MAX * 50)},${item(10)}]`, 'json', size);

      expect(skipped).toEqual({ records: [`#/1 ${item(10)}`], faults: ['#/0 item_too_large'] });
      expect(stopped).toEqual({ records: [], faults: ['#/0 item_too_large'] });
    },
  );

  it('does not stop a file that is large but whose items are not', async () => {
    const items = Array.from({ length: 100 }, () => item(150));

    expect((await split(`[${items}]`, 'json', 64)).records).toHaveLength(100);
    expect((await split(items.join('\n'), 'json', 64)).records).toHaveLength(100);
  });
});
