import { expect, test } from 'vitest';
import type { KnownSubject } from '../findings/generated-finding.ts';
import { WaitingSubjects } from './waiting-subjects.ts';

const subject = (externalId: string, itemType = 'box'): KnownSubject => ({
  subjectKey: `${itemType} ${externalId}`,
  driftType: 'configuration',
  itemType,
  externalId,
});
const item = (externalId: string, itemType = 'box') => ({ itemType, externalId });

async function idsOf(batches: AsyncIterable<KnownSubject[]>): Promise<string[]> {
  const ids: string[] = [];
  for await (const batch of batches) ids.push(...batch.map(({ externalId }) => externalId));
  return ids;
}

async function* pagesOf(pages: KnownSubject[][], onRead = () => {}): AsyncGenerator<KnownSubject[]> {
  for (const page of pages) {
    onRead();
    yield page;
  }
}

test('subjects are handed out up to where the drift has come, each once', async () => {
  const pages = [[subject('a'), subject('b'), subject('c')], [subject('d'), subject('a', 'crate')], []];
  const waiting = await WaitingSubjects.open(pagesOf(pages));

  const told = [
    await idsOf(waiting.upTo(item('b'))),
    await idsOf(waiting.upTo(item('b2'))),
    await idsOf(waiting.upTo(item('z'))),
    await idsOf(waiting.upTo(null)),
    await idsOf(waiting.upTo(null)),
  ];

  expect(told).toEqual([['a', 'b'], [], ['c', 'd'], ['a'], []]);
});

test('subjects that the drift has named are left out', async () => {
  const waiting = await WaitingSubjects.open(pagesOf([[subject('a'), subject('b'), subject('c')]]));

  const told = await idsOf(waiting.upTo(item('b'), new Set(['box b'])));

  expect(told).toEqual(['a']);
  expect(await idsOf(waiting.upTo(null))).toEqual(['c']);
});

test('ids are in the order of their bytes, not of their UTF-16 code units', async () => {
  const waiting = await WaitingSubjects.open(pagesOf([[subject('\ufb01'), subject('\u{1f600}')]]));

  const told = await idsOf(waiting.upTo(item('\ufb01')));

  expect(told).toEqual(['\ufb01']);
  expect(await idsOf(waiting.upTo(null))).toEqual(['\u{1f600}']);
});

test('no more pages are read than the drift has come to, and no batch is large', async () => {
  let read = 0;
  const page = (name: string) => Array.from({ length: 250 }, (_, index) => subject(`${name}${index + 100}`));
  const waiting = await WaitingSubjects.open(pagesOf([page('a'), page('b'), page('c')], () => read++));

  const lengths: number[] = [];
  for await (const batch of waiting.upTo(item('b'))) lengths.push(batch.length);

  expect(lengths).toEqual([100, 100, 50]);
  expect(read).toBe(2);
});
