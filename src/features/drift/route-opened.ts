import type { DemotionCode, Disposition } from '../../core/disposition.ts';
import {
  isRoutedByWorld,
  type RoutableFinding,
  type RoutingInputs,
  routeFindings,
} from '../../core/routing.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { ExecutionRouting } from '../executions/execution.ts';
import {
  countRoutes,
  listOpenedFindings,
  rerouteFindings,
  usedBudgets,
} from '../findings/finding-routing.ts';
import { hasOpenIncident } from '../plans/incident-read-model.ts';
import type { ResolvedPlan } from './resolve-plan.ts';
import type { RunPair } from './run-pair.ts';

/**
 * Where the findings that an execution opened go, after what their plan says by itself: budgets that are used up and
 * incidents that are not open take them lower. What that depended on is recorded.
 */
export async function routeOpened(
  tx: WorkspaceTransaction,
  context: { readonly executionId: string; readonly pair: RunPair; readonly resolved: ResolvedPlan },
): Promise<ExecutionRouting> {
  const { executionId, pair, resolved } = context;
  const { content } = resolved.plan;
  const demoted: Partial<Record<DemotionCode, number>> = {};
  let inputs: RoutingInputs | null = null;
  if (resolved.planId !== null && isRoutedByWorld(content)) {
    inputs = {
      ...(await usedBudgets(tx, { planId: resolved.planId, executionId })),
      hasOpenIncident: await hasOpenIncident(tx, pair.observation.source.serviceId),
    };
    const rerouted = routeFindings(content, await routable(tx, executionId), inputs);
    for (const { disposition } of rerouted) {
      for (const code of disposition.demotedBy) demoted[code] = (demoted[code] ?? 0) + 1;
    }
    await rerouteFindings(tx, rerouted);
  }
  return { inputs, routes: await countRoutes(tx, executionId), demoted };
}

async function routable(tx: WorkspaceTransaction, executionId: string): Promise<RoutableFinding[]> {
  // Many findings share what their plan says of them.
  const known = new Map<string, Disposition>();
  return (await listOpenedFindings(tx, executionId)).map(({ disposition: text, ...finding }) => {
    const disposition = known.get(text) ?? (JSON.parse(text) as Disposition);
    known.set(text, disposition);
    return { ...finding, disposition };
  });
}
