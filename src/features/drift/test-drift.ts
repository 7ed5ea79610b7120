import type { Execution } from '../executions/execution.ts';
import { listExecutions } from '../executions/execution-service.ts';
import { generateDrift } from './drift-service.ts';
import type { TestHistory } from './test-history.ts';

/** The executions of a history, by the order of their current runs. */
export async function executionsOf(history: TestHistory): Promise<Execution[]> {
  const page = { after: null, limit: 100 };
  const executions = await history.inWorkspace((tx) =>
    listExecutions(tx, { scopeId: history.scopeId }, page),
  );
  const order = new Map(history.runs.map(({ runId, runSeq }) => [runId, runSeq]));
  return executions.sort((a, b) => (order.get(a.currentRunId) ?? 0) - (order.get(b.currentRunId) ?? 0));
}

/** Of the run with this ordinal. */
export async function executionOf(history: TestHistory, runSeq: number): Promise<Execution> {
  const runId = history.runs[runSeq - 1]?.runId;
  const found = (await executionsOf(history)).find(({ currentRunId }) => currentRunId === runId);
  if (found === undefined) throw new Error(`run ${runSeq} has no execution`);
  return found;
}

/** Does the job of a run, and gives its execution as it is then. */
export async function generate(history: TestHistory, runSeq: number): Promise<Execution> {
  const { executionId } = await executionOf(history, runSeq);
  await generateDrift(history.database, { workspaceId: history.workspaceId, executionId });
  return executionOf(history, runSeq);
}

export interface FindingRow {
  external_id: string;
  drift_type: string;
  change: string;
  state: string;
  resolution: string | null;
  severity: string;
  occurrence_count: number;
}

/** By item, drift type and the run that opened them. */
export async function findingsOf(history: TestHistory): Promise<FindingRow[]> {
  const { rows } = await history.inWorkspace((tx) =>
    tx.client.query<FindingRow>(
      `select external_id, drift_type, change, state, resolution, severity, occurrence_count
       from driftplane.findings where scope_id = $1 order by external_id, drift_type, first_run_seq`,
      [history.scopeId],
    ),
  );
  return rows;
}

/** A finding in a few words. */
export function shown({ external_id, drift_type, change, state, resolution }: FindingRow): string {
  return [external_id, drift_type, change, state, resolution].filter((word) => word !== null).join(' ');
}
