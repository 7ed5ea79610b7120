import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutIntoParts } from './push-parts.ts';

async function cut(chunks: readonly string[], partBytes: number): Promise<string[]> {
  const parts: string[] = [];
  const buffers = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  for await (const part of cutIntoParts(buffers, partBytes)) parts.push(part.toString());
  return parts;
}

describe('cutIntoParts', () => {
  test('cuts behind lines only', async () => {
    const parts = await cut(['aaaa\nbb', 'bb\ncc', 'cc\n'], 6);

    expect(parts).toEqual(['aaaa\n', 'bbbb\n', 'cccc\n']);
  });

  test('keeps a line whole that is longer than a part', async () => {
    const parts = await cut(['aaaaaa', 'aaaaaa', 'a\nb\n'], 4);

    expect(parts).toEqual(['aaaaaaaaaaaaa\nb\n']);
  });

  test('loses nothing and never cuts a line, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[ab]{0,9}$/)),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 20 }),
        async (lines, sizes, partBytes) => {
          const text = lines.map((line) => `${line}\n`).join('');
          const chunks: string[] = [];
          for (let at = 0, index = 0; at < text.length; index++) {
            const size = sizes[index % sizes.length] as number;
            chunks.push(text.slice(at, at + size));
            at += size;
          }

          const parts = await cut(chunks, partBytes);

          expect(parts.join('')).toBe(text);
          expect(parts.every((part) => part.endsWith('\n'))).toBe(true);
        },
      ),
    );
  });
});
