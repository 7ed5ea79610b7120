import type { ItemTypeRegistry } from '../../../core/item-type-registry.ts';
import { limits } from '../../../core/limits.ts';
import { createItemReader } from '../../../core/read-item.ts';
import { sha256Bytes } from '../../../core/sha256.ts';
import type { WorkspaceTransaction } from '../../../db/workspace-transaction.ts';
import { getDigestKey, type ScopeHead } from '../sync-run-store.ts';
import type { LiveIndexCache } from './live-index-cache.ts';
import { loadLiveIndex } from './load-live-index.ts';
import type { IngestRules } from './part-reader.ts';
import { listRegistriesInUse, loadOldRules, recordRegistry } from './rules-in-force.ts';

/** All that reading the items of a run needs, as of the scope's head. */
export async function openIngest(
  tx: WorkspaceTransaction,
  options: { head: ScopeHead; registry: ItemTypeRegistry; indexes: LiveIndexCache },
): Promise<IngestRules> {
  const { head, registry, indexes } = options;
  const { scopeId, headSeq } = head;
  await recordRegistry(tx, registry);
  const digestKey = await getDigestKey(tx);
  let index = indexes.get(scopeId, headSeq);
  if (index === undefined) {
    index = await loadLiveIndex(tx, { scopeId, headSeq });
    indexes.set(scopeId, index);
  }
  const lastRegistries = await listRegistriesInUse(tx, scopeId);
  const old = await loadOldRules(tx, {
    registry,
    lastRegistries,
    liveRules: index.rulesDigests,
    digestKey,
  });
  return {
    registry,
    reader: createItemReader({ registry, digestKey, maxDepth: limits.maxDepth }),
    isSameRegistry: lastRegistries.every((digest) => digest === registry.digest),
    oldReaders: old.readers,
    oldRules: old.digests,
    // Not the key itself, so that a raw hash is never a digest of a secret too.
    rawKey: sha256Bytes(`raw ${digestKey}`),
    itemTypes: head.selection.itemTypes,
    index,
  };
}
