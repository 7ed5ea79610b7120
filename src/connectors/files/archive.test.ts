import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { UnreadableFile } from './byte-source.ts';
import { openExport } from './read-export.ts';

const folder = mkdtempSync(join(tmpdir(), 'driftplane-archive-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files: Readonly<Record<string, string>> = {
  'export/a.json': '{"id":"a"}',
  'export/deep/list.ndjson': '{"id":"b"}\n{"id":"c"}\n',
  'export/page.json': '{"value":[{"id":"d"}]}',
  'export/readme.txt': 'no JSON',
  'export/.git/config.json': '{"id":"hidden"}',
  '__MACOSX/export/._a.json': '\u0000',
};

/** Makes a tar of `files`, and of a link; named as given. */
function writeTar(name: string, options: readonly string[]): string {
  const root = mkdtempSync(join(folder, 'tree-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  symlinkSync('/etc/passwd', join(root, 'export/link.json'));
  execFileSync('tar', [...options, '-cf', join(folder, name), '-C', root, 'export', '__MACOSX']);
  return join(folder, name);
}

/** A zip as small tools write it, deflated. */
function writeZip(name: string): string {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries(files)) {
    const [data, nameBytes] = [Buffer.from(text), Buffer.from(path)];
    const packed = deflateRawSync(data);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), common, nameBytes, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    centrals.push(
      Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), common, tail, nameBytes]),
    );
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 0, 'latin1');
  end.writeUInt16LE(centrals.length, 8);
  end.writeUInt16LE(centrals.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  writeFileSync(join(folder, name), Buffer.concat([...locals, central, end]));
  return join(folder, name);
}

async function read(path: string): Promise<{ ids: string[]; faults: string[] }> {
  const [ids, faults]: [string[], string[]] = [[], []];
  for await (const file of openExport(path).files()) {
    try {
      for await (const batch of file.records()) {
        for (const { bytes, start, end } of batch.records) {
          ids.push(`${file.path.slice(path.length)} ${JSON.parse(bytes.subarray(start, end).toString()).id}`);
        }
      }
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      faults.push(`${file.path.slice(path.length)}: ${error.message}`);
    }
  }
  return { ids: ids.sort(), faults };
}

const expected = [
  '!/export/a.json a',
  '!/export/deep/list.ndjson b',
  '!/export/deep/list.ndjson c',
  '!/export/page.json d',
];

describe('an archive', () => {
  test.each([
    ['export.tar', []],
    ['export.tar.gz', ['-z']],
    ['export.tgz', ['-z']],
  ])('%s is read like the folder that it holds, and no link of it is followed', async (name, options) => {
    const { ids, faults } = await read(writeTar(name, options));

    expect(ids).toEqual(expected);
    expect(faults).toEqual(['!/export/link.json: it is a symlink in an archive, which is not followed']);
  });

  test('a zip is read like the folder that it holds', async () => {
    expect(await read(writeZip('export.zip'))).toEqual({ ids: expected, faults: [] });
  });

  test('that breaks off is a problem of the archive, not silence', async () => {
    const whole = readFileSync(writeTar('whole.tar.gz', ['-z']));
    const path = join(folder, 'cut.tar.gz');
    writeFileSync(path, whole.subarray(0, whole.length - 40));

    await expect(read(path)).rejects.toMatchObject({ code: 'invalid_archive' });
  });

  test('that is none is a problem', async () => {
    for (const name of ['none.zip', 'none.tar', 'none.tgz']) {
      writeFileSync(join(folder, name), 'this is no archive, '.repeat(100));

      await expect(read(join(folder, name))).rejects.toMatchObject({ code: 'invalid_archive' });
    }
  });

  test('that is not there is unreadable', async () => {
    for (const name of ['gone.zip', 'gone.tar']) {
      await expect(read(join(folder, name))).rejects.toMatchObject({ code: 'unreadable_file' });
    }
  });
});
