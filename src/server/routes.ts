import { registerAuditRoutes } from '../features/audit/audit-routes.ts';
import { registerDriftRoutes } from '../features/drift/drift-routes.ts';
import { registerAnalyticsRoutes } from '../features/executions/analytics-routes.ts';
import { registerBacktestRoutes } from '../features/executions/backtest-routes.ts';
import { registerExecutionRoutes } from '../features/executions/execution-routes.ts';
import { registerFindingRoutes } from '../features/findings/finding-routes.ts';
import { registerItemRoutes } from '../features/inventory/item-routes.ts';
import { registerSyncRunRoutes } from '../features/inventory/sync-run-routes.ts';
import type { SyncContext } from '../features/inventory/sync-run-service.ts';
import { registerTypeRoutes } from '../features/inventory/type-routes.ts';
import { registerIncidentRoutes } from '../features/plans/incident-routes.ts';
import { registerPlanLookupRoutes } from '../features/plans/plan-lookup-routes.ts';
import { registerPlanRoutes } from '../features/plans/plan-routes.ts';
import { registerPlanVersionRoutes } from '../features/plans/plan-version-routes.ts';
import { registerSourceRoutes } from '../features/sources/source-routes.ts';
import { registerTokenRoutes } from '../features/workspaces/token-routes.ts';
import { registerWorkspaceRoutes } from '../features/workspaces/workspace-routes.ts';
import type { Api } from '../http/api.ts';

/** What the features' routes are given. */
export interface RouteServices {
  readonly context: SyncContext;
  /** The largest part of a push that is taken, unpacked. */
  readonly maxPartBytes: number;
}

/** Registers the routes of every feature. */
export function registerFeatureRoutes(api: Api, { context, maxPartBytes }: RouteServices): void {
  const { registry } = context;
  registerWorkspaceRoutes(api, context);
  registerTokenRoutes(api, context);
  registerSourceRoutes(api, context);
  registerSyncRunRoutes(api, { context, maxPartBytes });
  registerItemRoutes(api, context);
  registerTypeRoutes(api, { registry });
  registerPlanRoutes(api, context);
  registerPlanVersionRoutes(api, context);
  registerPlanLookupRoutes(api, context);
  registerIncidentRoutes(api, context);
  registerFindingRoutes(api, context);
  registerExecutionRoutes(api, context);
  registerAnalyticsRoutes(api, context);
  registerBacktestRoutes(api, context);
  registerDriftRoutes(api, context);
  registerAuditRoutes(api, context);
}
