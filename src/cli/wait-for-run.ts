import { setTimeout as delay } from 'node:timers/promises';
import { DriftplaneError } from '../core/errors.ts';
import type { ExecutionResponse } from '../features/executions/execution-contract.ts';
import type { RunResponse } from '../features/inventory/sync-run-contract.ts';
import type { ApiClient } from './api-client.ts';
import type { Terminal } from './terminal.ts';

const POLL_MS = 250;

/** A run that is over, and the drift that it led to; null for the first run of a scope, which has none. */
export interface FinishedRun {
  readonly run: RunResponse;
  readonly execution: ExecutionResponse | null;
}

/** Waits until a run is settled or held, and until its drift is generated. */
export async function waitForRun(api: ApiClient, runId: string, terminal: Terminal): Promise<FinishedRun> {
  const show = (run: RunResponse): void => terminal.progress(`run ${runId}: ${run.status}`);
  let run = await getRun(api, runId);
  while (run.status === 'queued' || run.status === 'running') {
    show(run);
    await delay(POLL_MS);
    run = await getRun(api, runId);
  }
  let execution = await findExecution(api, run);
  while (execution !== null && (execution.status === 'queued' || execution.status === 'running')) {
    terminal.progress(`drift of run ${runId}: ${execution.status}`);
    await delay(POLL_MS);
    execution = await findExecution(api, run);
  }
  terminal.progress(null);
  return { run, execution };
}

function getRun(api: ApiClient, runId: string): Promise<RunResponse> {
  return api.call<RunResponse>({ resource: 'runs', path: [runId] });
}

async function findExecution(api: ApiClient, run: RunResponse): Promise<ExecutionResponse | null> {
  if (run.runSeq === null || run.runSeq === 1) return null;
  const executions = api.listAll<ExecutionResponse>(
    { resource: 'executions', query: { scopeId: run.scopeId, currentRunId: run.runId } },
    1,
  );
  for await (const execution of executions) return execution;
  return null;
}

/** What the exit code says of a run: 1 drift, 3 none but something was not checked, 0 none. Throws where it failed. */
export function exitCodeOfRun({ run, execution }: FinishedRun): 0 | 1 | 3 {
  if (run.error !== null && run.status !== 'succeeded' && run.status !== 'partial') {
    throw new DriftplaneError('run_interrupted', `run ${run.runId} ${run.status}: ${run.error.message}`);
  }
  if (execution !== null && execution.status === 'failed') {
    throw new DriftplaneError(
      'internal_error',
      `the drift of run ${run.runId} could not be generated: ${execution.error?.message ?? ''}`,
    );
  }
  if ((execution?.counts.findings ?? 0) > 0) return 1;
  const isChecked = run.status === 'succeeded' && (run.counts.ambiguous ?? 0) === 0;
  return isChecked ? 0 : 3;
}
