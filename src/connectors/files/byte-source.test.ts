import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { openFile, UnreadableFile } from './byte-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'driftplane-bytes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let fileCount = 0;

function fileWith(content: Uint8Array | string, name = 'file.json'): string {
  const path = join(folder, `${fileCount++}-${name}`);
  writeFileSync(path, content);
  return path;
}

/** All that is read, in reads of at most `size` bytes. */
async function contentOf(path: string, size = 100_000) {
  const file = await openFile(path);
  try {
    const parts: Buffer[] = [];
    for (;;) {
      const target = Buffer.alloc(size);
      const count = await file.read(target);
      if (count === 0) break;
      parts.push(target.subarray(0, count));
    }
    return {
      text: Buffer.concat(parts).toString('utf8'),
      isVerbatim: file.isVerbatim,
      firstOffset: file.firstOffset,
    };
  } finally {
    file.close();
  }
}

async function faultOf(path: string): Promise<string> {
  const error = await contentOf(path).then(
    () => null,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(UnreadableFile);
  return (error as UnreadableFile).code;
}

const TEXT = '{"name":"Zoë € 😀","n":[1,2]}\n';
const utf16le = (text: string): Buffer => Buffer.from(text, 'utf16le');
const utf16be = (text: string): Buffer => utf16le(text).swap16();
const bytes = (...values: (Uint8Array | number[])[]): Buffer =>
  Buffer.concat(values.map((value) => Buffer.from(value)));

describe('encodings', () => {
  it.each([
    ['UTF-8', Buffer.from(TEXT), 0],
    ['UTF-8 with a mark', bytes([0xef, 0xbb, 0xbf], Buffer.from(TEXT)), 3],
  ])('%s is read as it is, from behind the mark', async (_, content, firstOffset) => {
    expect(await contentOf(fileWith(content), 7)).toEqual({ text: TEXT, isVerbatim: true, firstOffset });
  });

  it.each([
    ['UTF-16 LE with a mark', bytes([0xff, 0xfe], utf16le(TEXT))],
    ['UTF-16 BE with a mark', bytes([0xfe, 0xff], utf16be(TEXT))],
    ['UTF-16 LE', utf16le(TEXT)],
    ['UTF-16 BE', utf16be(TEXT)],
  ])('%s becomes UTF-8', async (_, content) => {
    expect(await contentOf(fileWith(content), 7)).toMatchObject({ text: TEXT, isVerbatim: false });
  });

  it('UTF-16 is read whole where it is longer than a chunk, with pairs across its ends', async () => {
    const text = `["${'é😀'.repeat(150_000)}"]`;

    expect((await contentOf(fileWith(utf16le(text)))).text).toBe(text);
    expect((await contentOf(fileWith(utf16be(` ${text}`)))).text).toBe(` ${text}`);
  });

  it('a second mark is a character like others', async () => {
    expect((await contentOf(fileWith('\ufeff\ufeff{}'))).text).toBe('\ufeff{}');
    expect((await contentOf(fileWith(utf16le('\ufeff\ufeff{}')))).text).toBe('\ufeff{}');
  });

  it.each([
    ['UTF-32 LE with a mark', [0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0], 'invalid_encoding'],
    ['UTF-32 BE with a mark', [0, 0, 0xfe, 0xff, 0, 0, 0, 0x7b], 'invalid_encoding'],
    ['UTF-32 LE', [0x7b, 0, 0, 0, 0x7d, 0, 0, 0], 'not_text'],
    ['UTF-32 BE', [0, 0, 0, 0x7b, 0, 0, 0, 0x7d], 'not_text'],
    ['a picture', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d], 'not_text'],
    ['zero bytes', [0, 0, 0, 0], 'not_text'],
    ['half a character of UTF-16', [0xff, 0xfe, 0x7b, 0, 0x7d], 'invalid_encoding'],
    ['a lone surrogate in UTF-16', [0xff, 0xfe, 0x22, 0, 0x00, 0xd8, 0x22, 0], 'invalid_encoding'],
    ['a lone surrogate at the end', [0xff, 0xfe, 0x22, 0, 0x00, 0xd8], 'invalid_encoding'],
  ])('%s is refused', async (_, content, code) => {
    expect(await faultOf(fileWith(Buffer.from(content)))).toBe(code);
  });

  it.each([
    ['', ''],
    [[0xef, 0xbb, 0xbf], ''],
    [[0xff, 0xfe], ''],
    ['1', '1'],
    ['{}', '{}'],
    [[0x31, 0], '1'],
  ])('as little as %j is read', async (content, text) => {
    expect((await contentOf(fileWith(Buffer.from(content as string)))).text).toBe(text);
  });
});

describe('gzip', () => {
  it.each(['file.json.gz', 'file.JSON.GZ', 'file.json'])(
    'is unpacked, whatever the name says (%s)',
    async (name) => {
      expect(await contentOf(fileWith(gzipSync(TEXT), name), 7)).toMatchObject({
        text: TEXT,
        isVerbatim: false,
      });
    },
  );

  it('may hold UTF-16, a mark, or nothing', async () => {
    expect((await contentOf(fileWith(gzipSync(bytes([0xff, 0xfe], utf16le(TEXT)))))).text).toBe(TEXT);
    expect((await contentOf(fileWith(gzipSync(`\ufeff${TEXT}`)))).text).toBe(TEXT);
    expect((await contentOf(fileWith(gzipSync('')))).text).toBe('');
  });

  it('may consist of several members', async () => {
    expect((await contentOf(fileWith(bytes(gzipSync('[1,'), gzipSync('2]'))))).text).toBe('[1,2]');
  });

  it('is read whole where it is large', async () => {
    const text = JSON.stringify(Array.from({ length: 60_000 }, (_, index) => `${index}-${index * index}`));

    expect((await contentOf(fileWith(gzipSync(text)))).text).toBe(text);
  });

  const noise = Array.from({ length: 30_000 }, (_, index) => Math.imul(index, 0x9e3779b1) >>> 7).join();
  const packed = gzipSync(`"${noise}"`);
  const damaged = Buffer.from(packed);
  damaged[damaged.length >> 1] = damaged[damaged.length >> 1]! ^ 0xff;

  it.each([
    ['cut short', packed.subarray(0, packed.length - 9), 'file.json.gz'],
    ['cut after its first bytes', packed.subarray(0, 12), 'file.json'],
    ['damaged', damaged, 'file.json.gz'],
    ['none', Buffer.from('{}'), 'file.json.gz'],
    ['empty', Buffer.alloc(0), 'file.json.gz'],
  ])('that is %s is refused', async (_, content, name) => {
    expect(await faultOf(fileWith(content, name))).toBe('invalid_gzip');
  });

  it('of what is no text is refused, and nothing goes on behind it', async () => {
    const packed = gzipSync(Buffer.concat([Buffer.alloc(10), Buffer.from(noise.repeat(4))]), { level: 0 });

    expect(await faultOf(fileWith(packed))).toBe('not_text');
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

describe('a file that can not be read', () => {
  it('is one that is not there, or a folder', async () => {
    mkdirSync(join(folder, 'folder.json'));

    expect(await faultOf(join(folder, 'missing.json'))).toBe('unreadable_file');
    expect(await faultOf(join(folder, 'folder.json'))).toBe('unreadable_file');
  });
});

describe('hasChanged', () => {
  it('notices that a file has grown since it was opened', async () => {
    const path = fileWith(TEXT);
    const file = await openFile(path);

    try {
      expect(file.hasChanged()).toBe(false);
      appendFileSync(path, '{}');
      expect(file.hasChanged()).toBe(true);
    } finally {
      file.close();
    }
  });
});
