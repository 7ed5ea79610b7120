import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { Source } from './source.ts';
import { newSourceSchema } from './source-contract.ts';
import { createSource } from './source-service.ts';

/** A source as a client asks for it, in a transaction; `push` unless said otherwise. */
export function makeSource(
  tx: WorkspaceTransaction,
  wanted: Readonly<Record<string, unknown>>,
  fileRoots: readonly string[] = [],
): Promise<Source> {
  return createSource(tx, newSourceSchema.parse({ kind: 'push', ...wanted }), fileRoots);
}
