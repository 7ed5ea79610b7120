import { setTimeout as delay } from 'node:timers/promises';
import type { BacktestResponse } from '../features/executions/backtest-contract.ts';
import type { ApiClient } from './api-client.ts';
import type { Terminal } from './terminal.ts';

const POLL_MS = 250;

/** Waits until a backtest is over, however it ends. */
export async function waitForBacktest(
  api: ApiClient,
  started: BacktestResponse,
  terminal: Terminal,
): Promise<BacktestResponse> {
  const path = ['backtests', started.backtestId];
  let backtest = started;
  while (backtest.status === 'queued' || backtest.status === 'running') {
    terminal.progress(`backtest ${backtest.backtestId}: ${statusText(backtest)}`);
    await delay(POLL_MS);
    backtest = await api.call<BacktestResponse>({ resource: 'plans', path });
  }
  terminal.progress(null);
  return backtest;
}

/** With how far it is while it runs. */
export function statusText({ status, progress, isCancelRequested }: BacktestResponse): string {
  if (status !== 'queued' && status !== 'running') return status;
  const done =
    status === 'running' && progress !== null ? ` ${progress.donePairs}/${progress.totalPairs} pairs` : '';
  return `${status}${done}${isCancelRequested ? ', to be cancelled' : ''}`;
}
