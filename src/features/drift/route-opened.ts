import { type DemotionCode, type Disposition, dispositionOf } from '../../core/disposition.ts';
import type { FindingRoute } from '../../core/plan-route.ts';
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

/** Facts of an inventory are certain. */
const CONFIDENCE = 1;

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
    const rerouted = routeFindings(content, await routable(tx, context), inputs);
    for (const { disposition } of rerouted) {
      for (const code of disposition.demotedBy) demoted[code] = (demoted[code] ?? 0) + 1;
    }
    await rerouteFindings(tx, rerouted);
  }
  return { inputs, routes: await countRoutes(tx, executionId), demoted };
}

async function routable(
  tx: WorkspaceTransaction,
  { executionId, resolved }: { readonly executionId: string; readonly resolved: ResolvedPlan },
): Promise<RoutableFinding[]> {
  // Many findings share their score and drift type, and so what their plan says.
  const known = new Map<string, Disposition>();
  const dispositionFor = (finding: Parameters<typeof dispositionOf>[1]): Disposition => {
    const key = `${finding.driftType} ${finding.score} ${finding.route}`;
    const disposition = known.get(key) ?? dispositionOf(resolved.plan.content, finding);
    known.set(key, disposition);
    return disposition;
  };
  const opened = await listOpenedFindings(tx, executionId);
  return opened.map(({ findingId, fingerprint, driftType, score, route }) => ({
    findingId,
    fingerprint,
    disposition: dispositionFor({ driftType, score, route: route as FindingRoute, confidence: CONFIDENCE }),
  }));
}
