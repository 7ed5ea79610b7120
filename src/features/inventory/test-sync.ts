import { randomInt, randomUUID } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { readPushedBody } from '../../connectors/push/pushed-records.ts';
import {
  createItemTypeRegistry,
  type ItemTypeRegistry,
  parseItemTypes,
} from '../../core/item-type-registry.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase } from '../../db/test-database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { ignoredMetrics } from '../../http/metrics.ts';
import type { Source } from '../sources/source.ts';
import { createSource } from '../sources/source-service.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';
import { createIngestTurns } from './ingest/ingest-turns.ts';
import { LiveIndexCache } from './ingest/live-index-cache.ts';
import { loadItemTypes } from './item-type-files.ts';
import { closePush, openPush, type ReceivedPart, receivePart } from './push-service.ts';
import { syncFiles } from './sync-files.ts';
import type { AppliedRun, SyncRun } from './sync-run.ts';
import { getRun } from './sync-run-read-model.ts';
import { type SyncContext, startSync } from './sync-run-service.ts';

/** An interval as it is stored, in the words of a test. */
interface StoredInterval {
  readonly itemType: string;
  readonly externalId: string;
  readonly facts: JsonObject;
  readonly from: number;
  readonly to: number | null;
  readonly openedBy: string;
  readonly closedBy: string | null;
}

/** Syncs for tests: a workspace on a real database, sources of files that are written for each run, pushes. */
export interface SyncBench {
  readonly database: Database;
  readonly ownerUrl: string;
  readonly workspaceId: string;
  readonly context: SyncContext;
  /** The runs for which generators were told to go to work. */
  readonly applied: AppliedRun[];
  inWorkspace<T>(work: (tx: WorkspaceTransaction) => Promise<T>): Promise<T>;
  createFiles(options?: {
    itemTypes?: string[];
    minRemovedItems?: number;
  }): Promise<{ source: Source; path: string }>;
  createPush(options?: { itemTypes?: string[]; minRemovedItems?: number }): Promise<Source>;
  /** Writes the objects (or the text as it is) to the source's file and syncs it. */
  sync(
    files: { source: Source; path: string },
    content: readonly object[] | string,
    registry?: ItemTypeRegistry,
  ): Promise<SyncRun>;
  openPush(source: Source): Promise<SyncRun>;
  sendPart(runId: string, partNo: number, content: readonly object[] | string): Promise<ReceivedPart>;
  closePush(runId: string, parts: number, completeTypes?: readonly string[]): Promise<SyncRun>;
  push(
    source: Source,
    content: readonly object[] | string,
    completeTypes?: readonly string[],
  ): Promise<SyncRun>;
  intervals(scopeId: string): Promise<StoredInterval[]>;
  stagedRows(runId: string): Promise<number>;
  close(): Promise<void>;
}

export function linesOf(content: readonly object[] | string): string {
  return typeof content === 'string'
    ? content
    : content.map((object) => `${JSON.stringify(object)}\n`).join('');
}

/** A registry of these types only, written as in a types file, before the built-in fallback. */
export function registryOf(itemTypes: readonly JsonObject[]): ItemTypeRegistry {
  const parsed = parseItemTypes({ itemTypes });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.details));
  const fallback = loadItemTypes(null).types.filter(({ definition }) => definition.isFallback);
  const result = createItemTypeRegistry({
    own: parsed.definitions,
    builtIn: fallback.map(({ definition }) => definition),
  });
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.registry;
}

/** The types `box` and `crate`, told by their member `kind`. */
const boxRegistry = registryOf(
  ['box', 'crate'].map((name) => ({
    itemType: name,
    match: [{ path: '/kind', is: [name] }],
    identity: ['/id'],
    label: ['/name'],
    evidence: { show: ['/**'] },
    volatile: ['/seenAt'],
  })),
);

/** A box with a number. */
export function box(id: string, size: unknown = 1, more: object = {}): object {
  return { kind: 'box', id, name: `Box ${id}`, size, ...more };
}

export async function createSyncBench(
  registry: ItemTypeRegistry = boxRegistry,
  onApplied: SyncContext['onRunApplied'] = async () => {},
): Promise<SyncBench> {
  const testDatabase = await createTestDatabase();
  const database = openDatabase(testDatabase.urls, { maxConnections: 8 });
  const { workspaceId } = await createWorkspace(testDatabase.ownerUrl, { name: 'test' });
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'driftplane-sync-')));
  const applied: AppliedRun[] = [];
  const context: SyncContext = {
    database,
    registry,
    indexes: new LiveIndexCache(),
    turns: createIngestTurns(database),
    fileRoots: [folder],
    metrics: ignoredMetrics,
    onRunApplied: async (tx, run) => {
      applied.push(run);
      await onApplied(tx, run);
    },
  };
  const inWorkspace = <T>(work: (tx: WorkspaceTransaction) => Promise<T>): Promise<T> =>
    withWorkspace(database.app, { workspaceId, actor: systemActor }, work);
  const create = (config: object, options: { itemTypes?: string[]; minRemovedItems?: number } = {}) =>
    inWorkspace((tx) =>
      createSource(
        tx,
        {
          ...config,
          name: `source ${randomUUID()}`,
          selection: { itemTypes: options.itemTypes ?? null },
          binding: { serviceId: null, repoFullName: null, docClass: null },
          schedule: null,
          safeguard: { maxRemovedShare: 0.3, minRemovedItems: options.minRemovedItems ?? 20 },
        } as unknown as Parameters<typeof createSource>[1],
        [folder],
      ),
    );
  const bench: SyncBench = {
    database,
    ownerUrl: testDatabase.ownerUrl,
    workspaceId,
    context,
    applied,
    inWorkspace,
    async createFiles(options) {
      const path = join(folder, `${randomUUID()}.ndjson`);
      writeFileSync(path, '');
      return { source: await create({ kind: 'files', config: { path } }, options), path };
    },
    createPush: (options) => create({ kind: 'push', config: {} }, options),
    async sync({ source, path }, content, types = registry) {
      writeFileSync(path, linesOf(content));
      const { runId } = await inWorkspace((tx) => startSync(tx, source, 'manual'));
      await syncFiles(
        { ...context, registry: types },
        { workspaceId, runId, holderKey: randomInt(2 ** 40), signal: new AbortController().signal },
      );
      return inWorkspace((tx) => getRun(tx, runId));
    },
    openPush: (source) => inWorkspace((tx) => openPush(tx, source)),
    sendPart(runId, partNo, content) {
      const body = readPushedBody(Readable.from([Buffer.from(linesOf(content))]), {
        isGzip: false,
        maxBytes: 64 * 1024 * 1024,
      });
      return receivePart(context, { workspaceId, actor: systemActor, runId, partNo, body });
    },
    closePush: (runId, parts, completeTypes = ['*']) =>
      closePush(context, { workspaceId, actor: systemActor, runId, parts, completeTypes }),
    async push(source, content, completeTypes = ['*']) {
      const { runId } = await bench.openPush(source);
      await bench.sendPart(runId, 1, content);
      return bench.closePush(runId, 1, completeTypes);
    },
    intervals: (scopeId) =>
      inWorkspace(async (tx) => {
        const { rows } = await tx.client.query(
          `select item_type, external_id, facts, from_seq, to_seq, opened_by, closed_by from driftplane.item_versions
           where workspace_id = $1 and scope_id = $2
           order by item_type collate "C", external_id collate "C", from_seq`,
          [workspaceId, scopeId],
        );
        return rows.map((row) => ({
          itemType: row.item_type,
          externalId: row.external_id,
          facts: JSON.parse(row.facts),
          from: row.from_seq,
          to: row.to_seq,
          openedBy: row.opened_by,
          closedBy: row.closed_by,
        }));
      }),
    async stagedRows(runId) {
      const { rows } = await database.ingest.query(
        `select (select count(*) from driftplane_staging.items where run_id = $1)
           + (select count(*) from driftplane_staging.old_forms where run_id = $1)
           + (select count(*) from driftplane_staging.parts where run_id = $1) as count`,
        [runId],
      );
      return rows[0].count;
    },
    async close() {
      rmSync(folder, { recursive: true, force: true });
      await database.close();
      await testDatabase.drop();
    },
  };
  return bench;
}
