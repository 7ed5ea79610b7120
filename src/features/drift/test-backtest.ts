import type pg from 'pg';
import { expect } from 'vitest';
import type { JsonObject } from '../../core/json-value.ts';
import type { Database } from '../../db/database.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { Backtest, BacktestEffect, ListedBacktestChange } from '../executions/backtest.ts';
import {
  type BacktestRequest,
  getBacktest,
  listBacktestChanges,
  requestBacktest,
} from '../executions/backtest-service.ts';
import { type BacktestAttempt, runBacktestJob } from './backtest-runner.ts';
import { generate } from './test-drift.ts';
import { TestHistory, type TestItems } from './test-history.ts';

/** The service that the sources of `openHistory` are bound to. */
export const SERVICE = 'shop';
/** So few that a history need not be long to be read in two snapshots. */
const PAIRS_AT_ONCE = 25;

/** A history whose source is bound to a service, with a run for each of the states; their drift is generated. */
export async function openHistory(
  database: Database,
  states: readonly TestItems[],
  workspaceId?: string,
): Promise<TestHistory> {
  const history = await TestHistory.open(database, workspaceId);
  await history.asApp(({ client }) =>
    client.query('update driftplane.sources set service_id = $2 where source_id = $1', [
      history.sourceId,
      SERVICE,
    ]),
  );
  for (const state of states) await history.run(state);
  for (let runSeq = 2; runSeq <= states.length; runSeq++) await generate(history, runSeq);
  return history;
}

/** A document that is no plan yet, for the whole workspace unless it says otherwise. */
export function documentOf(content: JsonObject): BacktestRequest['plan'] {
  return { document: { name: 'tried', scopeType: 'workspace', ...content } };
}

export type Tried = Backtest & { readonly changes: readonly ListedBacktestChange[] };

/** Asks for a backtest and does its job. */
export async function tryPlan(
  history: TestHistory,
  plan: BacktestRequest['plan'],
  more: Partial<BacktestRequest> = {},
): Promise<Tried> {
  const { backtestId } = await history.asApp((tx) =>
    requestBacktest(tx, { plan, scopeIds: null, days: 30, ...more }),
  );
  await doJob(history, backtestId);
  return readTried(history, backtestId);
}

/** One attempt of its job. */
export function doJob(
  { database, workspaceId }: Pick<TestHistory, 'database' | 'workspaceId'>,
  backtestId: string,
  options: Partial<BacktestAttempt> = {},
): Promise<void> {
  const { signal } = new AbortController();
  const attempt = { workspaceId, backtestId, signal, isLastAttempt: true, pairsAtOnce: PAIRS_AT_ONCE };
  return runBacktestJob(database, { ...attempt, ...options });
}

/** What it came to, with all of its changes. */
export function readTried(history: TestHistory, backtestId: string): Promise<Tried> {
  return history.asApp(async (tx) => {
    const backtest = await getBacktest(tx, backtestId);
    if (backtest.summary !== null) return { ...backtest, changes: await listAllChanges(tx, backtestId) };
    // Of one without a result nothing is told, and nothing may be kept.
    await expect(listAllChanges(tx, backtestId)).rejects.toMatchObject({ code: 'invalid_transition' });
    const { rowCount } = await tx.client.query(
      'select from driftplane.plan_backtest_changes where backtest_id = $1',
      [backtestId],
    );
    expect(rowCount).toBe(0);
    return { ...backtest, changes: [] };
  });
}

export async function listAllChanges(
  tx: WorkspaceTransaction,
  backtestId: string,
  effect?: BacktestEffect,
): Promise<ListedBacktestChange[]> {
  const items: ListedBacktestChange[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await listBacktestChanges(tx, backtestId, { cursor, limit: 100, effect });
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    cursor = page.nextCursor;
  }
}

/** A change in a few words. */
export function shownChange({
  externalId,
  driftType,
  effects,
  before,
  after,
  absence,
  reasons,
}: ListedBacktestChange): string {
  const side = (one: typeof before): string => (one === null ? 'none' : `${one.severity} ${one.route}`);
  const because = absence === 'held_back' ? reasons.map(({ code }) => code).join(', ') : (absence ?? '');
  return `${externalId} ${driftType}: ${effects.join(' and ')}, ${side(before)} → ${side(after)}${because === '' ? '' : ` (${because})`}`;
}

/** The same database, where `onConnect` is called before each connection of a job is given out. */
export function watchConnections(
  database: Database,
  onConnect: (count: number) => void | Promise<void>,
): Database {
  let count = 0;
  const app = Object.create(database.app, {
    connect: {
      value: async (): Promise<pg.PoolClient> => {
        await onConnect(++count);
        return database.app.connect();
      },
    },
  }) as pg.Pool;
  return { ...database, app };
}
