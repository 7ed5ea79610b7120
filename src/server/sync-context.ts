import type { ItemTypeRegistry } from '../core/item-type-registry.ts';
import type { Database } from '../db/database.ts';
import { requestDrift } from '../features/drift/drift-trigger.ts';
import { createIngestTurns } from '../features/inventory/ingest/ingest-turns.ts';
import { LiveIndexCache } from '../features/inventory/ingest/live-index-cache.ts';
import type { SyncContext } from '../features/inventory/sync-run-service.ts';
import type { Metrics } from '../http/metrics.ts';

/** What syncing needs, with its consequences wired: an applied run asks for its drift. One per process. */
export function createSyncContext(options: {
  readonly database: Database;
  readonly registry: ItemTypeRegistry;
  readonly fileRoots: readonly string[];
  readonly metrics: Metrics;
}): SyncContext {
  return {
    ...options,
    indexes: new LiveIndexCache(),
    turns: createIngestTurns(options.database),
    onRunApplied: requestDrift,
  };
}
