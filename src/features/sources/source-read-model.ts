import { DriftplaneError } from '../../core/errors.ts';
import { scopeKeyOf } from '../../core/scope-key.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { cutPage, decodeCursor, encodeCursor } from '../../http/page.ts';
import { findScope, listScopeIds, listScopes } from './scope-store.ts';
import type { Scope, Source } from './source.ts';
import { findSource, listSourceRows } from './source-store.ts';

/** One page, and where the next one begins. */
export interface SourcePage<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** Archived ones too. Throws `source_not_found`. */
export async function getSource(tx: WorkspaceTransaction, sourceId: string): Promise<Source> {
  const source = isUuid(sourceId) ? await findSource(tx, sourceId) : undefined;
  if (source === undefined) throw new DriftplaneError('source_not_found', 'there is no such source');
  return source;
}

/** Throws `scope_not_found`. */
export async function getScope(tx: WorkspaceTransaction, scopeId: string): Promise<Scope> {
  const scope = isUuid(scopeId) ? await findScope(tx, scopeId) : undefined;
  if (scope === undefined) throw new DriftplaneError('scope_not_found', 'there is no such scope');
  return scope;
}

/** The sources in the order in which they were made. Throws `invalid_cursor`. */
export async function listSources(
  tx: WorkspaceTransaction,
  query: {
    readonly kind?: 'files' | 'push' | undefined;
    readonly includesArchived: boolean;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<SourcePage<Source>> {
  const after = query.cursor === undefined ? null : readSourceCursor(query.cursor);
  const rows = await listSourceRows(tx, {
    kind: query.kind ?? null,
    includesArchived: query.includesArchived,
    after,
    limit: query.limit + 1,
  });
  return cutPage(rows, query.limit, ({ createdAt, sourceId }) =>
    encodeCursor('sources', [createdAt.toISOString(), sourceId]),
  );
}

/** The scopes of a source, one for each selection it has had, and whether it is the present one. Throws `source_not_found`, `invalid_cursor`. */
export async function listScopesOfSource(
  tx: WorkspaceTransaction,
  sourceId: string,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<SourcePage<{ readonly scope: Scope; readonly isCurrent: boolean }>> {
  const source = await getSource(tx, sourceId);
  const currentKey = scopeKeyOf(source);
  const scopes = await listScopes(tx, {
    sourceId,
    afterScopeId: query.cursor === undefined ? null : readScopeCursor(query.cursor),
    limit: query.limit + 1,
  });
  const rows = scopes.map((scope) => ({ scope, isCurrent: scope.scopeKey === currentKey }));
  return cutPage(rows, query.limit, ({ scope }) => encodeCursor('scopes', [scope.scopeId]));
}

/** The ids of all scopes of the workspace or of one source, from `fromScopeId` on, sorted. */
export async function listScopeIdsFrom(
  tx: WorkspaceTransaction,
  query: { readonly sourceId: string | null; readonly fromScopeId: string | null },
): Promise<string[]> {
  return listScopeIds(tx, query);
}

function readSourceCursor(cursor: string): { createdAt: Date; sourceId: string } {
  const [at, sourceId] = decodeCursor('sources', cursor, 2);
  const createdAt = new Date(typeof at === 'string' ? at : Number.NaN);
  if (Number.isNaN(createdAt.getTime()) || typeof sourceId !== 'string' || !isUuid(sourceId)) {
    throw invalidCursor();
  }
  return { createdAt, sourceId };
}

function readScopeCursor(cursor: string): string {
  const [scopeId] = decodeCursor('scopes', cursor, 1);
  if (typeof scopeId !== 'string' || !isUuid(scopeId)) throw invalidCursor();
  return scopeId;
}

function invalidCursor(): DriftplaneError {
  return new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
}
