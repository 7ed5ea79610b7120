import { describe, expect, it } from 'vitest';
import { backtestEvents, backtestStates, nextBacktestState } from './backtest-state.ts';
import { documentedTable, tableOf } from './test-state-table.ts';

describe('a backtest', () => {
  it('is the table in docs/finding-lifecycle.md', () => {
    expect(documentedTable('Backtests')).toEqual(tableOf(backtestStates, backtestEvents, nextBacktestState));
  });

  it('that is over stays so whatever happens', () => {
    for (const state of ['succeeded', 'failed', 'cancelled'] as const) {
      expect(backtestEvents.map((event) => nextBacktestState(state, event))).toEqual(
        backtestEvents.map(() => null),
      );
    }
  });

  it('that a lost worker left running can be started again', () => {
    expect(nextBacktestState('running', 'start')).toBe('running');
  });
});
