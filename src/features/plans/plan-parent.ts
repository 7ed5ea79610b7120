import type { ErrorDetail } from '../../core/errors.ts';
import { isUuid, type WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { listAncestors } from './plan-store.ts';

/**
 * What is wrong with the plan that another one is said to be made of: it must be there, in the same workspace, and not
 * be made of that other one itself. `planId` is null for a plan that is not there yet.
 */
export async function requireParent(
  tx: WorkspaceTransaction,
  { planId, parentId }: { readonly planId: string | null; readonly parentId: string | null },
): Promise<ErrorDetail[]> {
  if (parentId === null) return [];
  const line = isUuid(parentId) ? await listAncestors(tx, parentId) : [];
  const fault = (detail: string): ErrorDetail[] => [{ pointer: '/parentId', line: null, detail }];
  if (line.length === 0) return fault('there is no such plan in this workspace');
  if (planId !== null && line.includes(planId)) return fault('the plan would be its own ancestor');
  return [];
}
