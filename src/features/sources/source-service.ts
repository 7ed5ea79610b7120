import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';
import { DriftplaneError, type ErrorDetail } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { normaliseSelection } from '../../core/selection.ts';
import { violates } from '../../db/pg-errors.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { requireRevision } from '../../http/revision.ts';
import { nextTime } from './cron-schedule.ts';
import type { Source, SourceConfig, SyncSchedule } from './source.ts';
import type { NewSource, SourceChange } from './source-contract.ts';
import { resolveSourcePath } from './source-path.ts';
import { findSource, insertSource, updateSource } from './source-store.ts';

/**
 * Configures a new source. Throws `name_taken`, and for its path `path_not_allowed` (which names the roots: only
 * admins may come here) and `path_not_found`.
 */
export async function createSource(
  tx: WorkspaceTransaction,
  wanted: NewSource,
  fileRoots: readonly string[],
): Promise<Source> {
  const config: SourceConfig =
    wanted.kind === 'files' ? { kind: 'files', ...wanted.config } : { kind: 'push' };
  await requirePath(config, fileRoots);
  const schedule = wanted.kind === 'files' ? wanted.schedule : null;
  const source = await saved(() =>
    insertSource(tx, {
      sourceId: randomUUID(),
      config,
      name: wanted.name,
      selection: normaliseSelection(wanted.selection.itemTypes),
      binding: wanted.binding,
      schedule,
      nextSyncAt: nextSync(schedule, tx.now),
      safeguard: wanted.safeguard,
      revision: 1,
      createdAt: tx.now,
      updatedAt: tx.now,
      archivedAt: null,
    }),
  );
  tx.audit({
    action: 'source.create',
    target: { kind: 'source', id: source.sourceId },
    detail: { after: settingsOf(source) },
  });
  return source;
}

/**
 * Changes what is named in `change`; a new path or selection counts from the next sync on. Nothing happens where
 * all is so already. Throws `source_not_found`, `invalid_transition` for an archived one, `revision_mismatch`,
 * `invalid_request` for what a source of its kind does not have, and what `createSource` throws.
 */
export async function changeSource(
  tx: WorkspaceTransaction,
  sourceId: string,
  { revision, change, fileRoots }: { revision: number; change: SourceChange; fileRoots: readonly string[] },
): Promise<Source> {
  const before = await lockSource(tx, sourceId);
  if (before.archivedAt !== null) throw archived(before);
  requireRevision(revision, before.revision);
  requireFitting(before.config, change);
  const schedule = change.schedule === undefined ? before.schedule : change.schedule;
  const isSameSchedule =
    canonicalJson(scheduleJson(schedule)) === canonicalJson(scheduleJson(before.schedule));
  const after: Source = {
    ...before,
    config: change.config === undefined ? before.config : { kind: 'files', ...change.config },
    name: change.name ?? before.name,
    selection:
      change.selection === undefined ? before.selection : normaliseSelection(change.selection.itemTypes),
    binding: { ...before.binding, ...given(change.binding) },
    schedule,
    nextSyncAt: isSameSchedule ? before.nextSyncAt : nextSync(schedule, tx.now),
    safeguard: { ...before.safeguard, ...given(change.safeguard) },
    revision: before.revision + 1,
    updatedAt: tx.now,
  };
  const changed = changedSettings(settingsOf(before), settingsOf(after));
  if (changed === null) return before;
  if (change.config !== undefined) await requirePath(after.config, fileRoots);
  const source = await saved(() => updateSource(tx, after));
  tx.audit({ action: 'source.update', target: { kind: 'source', id: sourceId }, detail: changed });
  return source;
}

/** Ends the syncs of a source; its scopes stay readable and its name is free. Again it changes nothing. Throws `source_not_found`. */
export async function archiveSource(tx: WorkspaceTransaction, sourceId: string): Promise<Source> {
  const before = await lockSource(tx, sourceId);
  if (before.archivedAt !== null) return before;
  const source = await updateSource(tx, {
    ...before,
    nextSyncAt: null,
    revision: before.revision + 1,
    updatedAt: tx.now,
    archivedAt: tx.now,
  });
  tx.audit({
    action: 'source.archive',
    target: { kind: 'source', id: sourceId },
    detail: { before: { name: before.name } },
  });
  return source;
}

/**
 * The source, which no other transaction archives or changes until this one ends: for who starts a sync of it.
 * Throws `source_not_found`, and `invalid_transition` where it is archived.
 */
export async function lockLiveSource(tx: WorkspaceTransaction, sourceId: string): Promise<Source> {
  const source = await lockSource(tx, sourceId);
  if (source.archivedAt !== null) throw archived(source);
  return source;
}

async function lockSource(tx: WorkspaceTransaction, sourceId: string): Promise<Source> {
  const source = isUuid(sourceId) ? await findSource(tx, sourceId, { isForUpdate: true }) : undefined;
  if (source === undefined) throw new DriftplaneError('source_not_found', 'there is no such source');
  return source;
}

function archived({ name }: Source): DriftplaneError {
  return new DriftplaneError('invalid_transition', `the source ${JSON.stringify(name)} is archived`, {
    extensions: { state: 'archived', allowed: [] },
  });
}

function requireFitting({ kind }: SourceConfig, change: SourceChange): void {
  if (kind === 'files') return;
  const details: ErrorDetail[] = [];
  const refuse = (pointer: string, detail: string) => details.push({ pointer, line: null, detail });
  if (change.config !== undefined) refuse('/config', 'a push source has no path');
  if (change.schedule !== undefined && change.schedule !== null) {
    refuse('/schedule', 'a push source is synced when somebody pushes');
  }
  if (details.length === 0) return;
  throw new DriftplaneError('invalid_request', 'a push source does not have this', { details });
}

async function requirePath(config: SourceConfig, fileRoots: readonly string[]): Promise<void> {
  if (config.kind === 'files') await resolveSourcePath(config, fileRoots, { namesRoots: true });
}

async function saved(save: () => Promise<Source>): Promise<Source> {
  try {
    return await save();
  } catch (cause) {
    if (!violates(cause, 'sources_name_key')) throw cause;
    throw new DriftplaneError('name_taken', 'there is another source of this name', {
      details: [{ pointer: '/name', line: null, detail: 'another source has this name' }],
      cause,
    });
  }
}

function nextSync(schedule: SyncSchedule | null, now: Date): Date | null {
  return schedule === null ? null : nextTime(schedule, now);
}

/** Without the members that are undefined. */
function given<T extends object>(members: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(members ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function scheduleJson(schedule: SyncSchedule | null): JsonObject | null {
  return schedule === null ? null : { ...schedule };
}

/** What people set, for the audit trail. */
function settingsOf({ config, name, selection, binding, schedule, safeguard }: Source): JsonObject {
  return {
    config: { ...config },
    name,
    selection: { itemTypes: selection.itemTypes === null ? null : [...selection.itemTypes] },
    binding: { ...binding },
    schedule: scheduleJson(schedule),
    safeguard: { ...safeguard },
  };
}

function changedSettings(before: JsonObject, after: JsonObject) {
  const names = Object.keys(before).filter((name) => {
    return canonicalJson(before[name] ?? null) !== canonicalJson(after[name] ?? null);
  });
  if (names.length === 0) return null;
  const pick = (settings: JsonObject): JsonObject =>
    Object.fromEntries(names.map((name) => [name, settings[name] ?? null]));
  return { before: pick(before), after: pick(after) };
}
