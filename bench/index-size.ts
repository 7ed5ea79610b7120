import { createHash } from 'node:crypto';
import { LiveIndex, type LiveVersion } from '../src/features/inventory/ingest/live-index.ts';

/** Bytes of the packed index of the live versions, at two sizes of inventory. */
export interface IndexSize {
  readonly items: number;
  readonly bytes: number;
  readonly moreItems: number;
  readonly moreBytes: number;
}

/** What a sync holds per item: the index at so many items, and at ten times as many. */
export function measureIndexSize(items: number): IndexSize {
  const moreItems = items * 10;
  return { items, bytes: bytesOfIndex(items), moreItems, moreBytes: bytesOfIndex(moreItems) };
}

function bytesOfIndex(count: number): number {
  return new LiveIndex({ headSeq: 1, count, versions: makeVersions(count) }).byteLength;
}

function* makeVersions(count: number): Generator<LiveVersion> {
  for (let versionId = 1; versionId <= count; versionId++) {
    const rawHash = createHash('sha256').update(String(versionId)).digest();
    yield { versionId, rawHash, rulesDigest: 'bench' };
  }
}
