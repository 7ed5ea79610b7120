import type { ItemChange } from '../../core/candidate.ts';
import type { Comparison, ItemPair } from '../../core/compare.ts';
import { compilePlan } from '../../core/compiled-plan.ts';
import type { NamedItem } from '../../core/diff-report.ts';
import { OFFLINE_SCOPE_KEY } from '../../core/fingerprint.ts';
import { type Generated, generateFindings, joinGenerated } from '../../core/generate.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { PlanDocument } from '../../core/plan-schema.ts';
import { diffProperties } from '../../core/property-diff.ts';
import type { ItemReader } from '../../core/read-item.ts';
import { readingOf, type SideItem, type SideRecord } from './reading.ts';
import { rereadRecords } from './reread.ts';

/** Bytes of changed items that are held at once to compare their properties. */
const PAIR_BATCH_BYTES = 16 * 1024 * 1024;

/**
 * The findings of a comparison. The changed items are read once more to say how they changed, a bounded part
 * at a time, and of each only what its finding shows is kept. Throws ChangedFile.
 */
export async function findDrift(
  comparison: Comparison<SideItem>,
  reader: ItemReader,
  plan: PlanDocument,
): Promise<Generated> {
  const presence: ItemChange[] = [
    ...comparison.added.map((item) => presenceChange('added', item)),
    ...comparison.removed.map((item) => presenceChange('removed', item)),
  ];
  const options = { plan: compilePlan(plan), scopeKey: OFFLINE_SCOPE_KEY };
  const parts = [generateFindings(presence, options)];
  for (const batch of batches(comparison.changed)) {
    const facts = await readFacts(
      batch.flatMap(({ before, after }) => [before, after]),
      reader,
    );
    const changes = batch.map((pair) => propertyChange(pair, facts));
    parts.push(generateFindings(changes, options));
  }
  return joinGenerated(parts);
}

function propertyChange(
  { before, after }: ItemPair<SideItem>,
  facts: ReadonlyMap<SideRecord, JsonObject>,
): ItemChange {
  const { type, externalId } = readingOf(after);
  return {
    change: 'changed',
    type,
    externalId,
    label: nameItem(after).label,
    path: after.path,
    beforeHash: readingOf(before).maskedHash,
    afterHash: readingOf(after).maskedHash,
    properties: diffProperties(facts.get(before) as JsonObject, facts.get(after) as JsonObject, type),
  };
}

function presenceChange(change: 'added' | 'removed', item: SideItem): ItemChange {
  const { maskedHash: hash, type, externalId } = readingOf(item);
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
