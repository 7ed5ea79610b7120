import type { Comparison, ItemPair } from '../../core/compare.ts';
import type { NamedItem } from '../../core/diff-report.ts';
import type { ItemChange } from '../../core/generate.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { diffProperties } from '../../core/property-diff.ts';
import type { ItemReader } from '../../core/read-item.ts';
import { readingOf, type SideItem, type SideRecord } from './reading.ts';
import { rereadRecords } from './reread.ts';

/** Bytes of changed items that are held at once to compare their properties. */
const PAIR_BATCH_BYTES = 16 * 1024 * 1024;

/**
 * What a comparison found, item by item. The changed ones are read once more, a bounded part at a time, to
 * say how they changed. Throws ChangedFile.
 */
export async function listChanges(
  comparison: Comparison<SideItem>,
  reader: ItemReader,
): Promise<ItemChange[]> {
  const changes: ItemChange[] = [
    ...comparison.added.map((item) => presenceChange('added', item)),
    ...comparison.removed.map((item) => presenceChange('removed', item)),
  ];
  for (const batch of batches(comparison.changed)) {
    const facts = await readFacts(
      batch.flatMap(({ before, after }) => [before, after]),
      reader,
    );
    for (const { before, after } of batch) {
      const { type, externalId } = readingOf(after);
      const properties = diffProperties(
        facts.get(before) as JsonObject,
        facts.get(after) as JsonObject,
        type,
      );
      changes.push({
        change: 'changed',
        type,
        externalId,
        label: nameItem(after).label,
        path: after.path,
        beforeHash: readingOf(before).contentHash,
        afterHash: readingOf(after).contentHash,
        properties,
      });
    }
  }
  return changes;
}

function presenceChange(change: 'added' | 'removed', item: SideItem): ItemChange {
  const { contentHash: hash, type, externalId } = readingOf(item);
  const hashes =
    change === 'added' ? { beforeHash: null, afterHash: hash } : { beforeHash: hash, afterHash: null };
  return {
    change,
    type,
    externalId,
    label: nameItem(item).label,
    path: item.path,
    ...hashes,
    properties: [],
  };
}

function* batches(pairs: readonly ItemPair<SideItem>[]): Generator<ItemPair<SideItem>[]> {
  let batch: ItemPair<SideItem>[] = [];
  let bytes = 0;
  for (const pair of pairs) {
    batch.push(pair);
    bytes += pair.before.length + pair.after.length;
    if (bytes < PAIR_BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

async function readFacts(
  records: readonly SideRecord[],
  reader: ItemReader,
): Promise<Map<SideRecord, JsonObject>> {
  const facts = new Map<SideRecord, JsonObject>();
  await rereadRecords(records, (record, raw) => {
    const item = reader.read(raw);
    if (item.isRead) facts.set(record, item.facts);
  });
  return facts;
}

/** An item as people know it. */
export function nameItem(item: SideItem): NamedItem {
  const { itemType, externalId, label } = readingOf(item);
  return { itemType, externalId, label: label ?? externalId };
}
