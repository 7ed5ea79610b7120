import { DriftplaneError } from '../../core/errors.ts';
import { scopeKeyOf } from '../../core/scope-key.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { findScopeByKey, insertScope } from './scope-store.ts';
import type { Scope, Source } from './source.ts';

/** The scope of a source under its present selection; made when it is first needed. */
export async function ensureScope(
  tx: WorkspaceTransaction,
  source: Pick<Source, 'sourceId' | 'selection'>,
): Promise<Scope> {
  const scopeKey = scopeKeyOf(source);
  const known = await findScopeByKey(tx, scopeKey);
  if (known !== undefined) return known;
  await insertScope(tx, source);
  const made = await findScopeByKey(tx, scopeKey);
  if (made === undefined)
    throw new DriftplaneError('internal_error', `scope ${scopeKey} was made and is not there`);
  return made;
}
