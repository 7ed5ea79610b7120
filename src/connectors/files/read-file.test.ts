import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { openForRereading, readRecords } from './read-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'driftplane-read-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONTENT = '\ufeff{"a":"é"}\n\n {"b":2}\n';

it('gives records that can be read again by their offsets where the file holds them as they are', async () => {
  const path = join(folder, 'plain.ndjson');
  writeFileSync(path, CONTENT);
  const again = openForRereading({ path, form: 'lines' });

  const texts: string[] = [];
  for await (const { records, isVerbatim } of readRecords({ path, form: 'lines' })) {
    expect(isVerbatim).toBe(true);
    for (const { offset, start, end } of records) texts.push(again.read(offset, end - start).toString());
  }
  again.close();

  expect(texts).toEqual(['{"a":"é"}', '{"b":2}']);
});

it('says that records of a packed file can not be read so', async () => {
  const path = join(folder, 'packed.ndjson.gz');
  writeFileSync(path, gzipSync(CONTENT));

  for await (const { isVerbatim } of readRecords({ path, form: 'lines' })) expect(isVerbatim).toBe(false);
});

it('takes back all that it read of a file that changed meanwhile', async () => {
  const path = join(folder, 'changing.json');
  writeFileSync(path, '[{"id":1}]');

  const reading = async (): Promise<void> => {
    for await (const { records } of readRecords({ path, form: 'json' }))
      if (records.length > 0) appendFileSync(path, ' ');
  };

  await expect(reading()).rejects.toMatchObject({ code: 'file_changed' });
});

it('gives fewer bytes than asked for where the file has become shorter', () => {
  const path = join(folder, 'shorter.json');
  writeFileSync(path, '{"a":1}');
  const again = openForRereading({ path, form: 'json' });

  expect(again.read(0, 100).toString()).toBe(readFileSync(path, 'utf8'));
  expect(again.read(50, 10)).toHaveLength(0);
  again.close();
});

it('says that a file that is gone has changed', () => {
  expect(() => openForRereading({ path: join(folder, 'gone.json'), form: 'json' })).toThrow(
    expect.objectContaining({ code: 'file_changed' }),
  );
});
