import { describe, expect, it } from 'vitest';
import { executionEvents, executionStates, nextExecutionState } from './execution-state.ts';
import { allowedRunEvents, isApplied, isSettled, nextRunState, runEvents, runStates } from './run-state.ts';
import { documentedTable, tableOf } from './test-state-table.ts';

describe('a sync run', () => {
  it.each(runStates.flatMap((state) => runEvents.map((event) => ({ state, event }))))(
    'answers $event in $state',
    ({ state, event }) => {
      const allowed: Record<string, string> = {
        'queued start': 'running',
        'queued fail': 'failed',
        'queued cancel': 'cancelled',
        'running succeed': 'succeeded',
        'running finish_partially': 'partial',
        'running fail': 'failed',
        'running cancel': 'cancelled',
        'running hold': 'held',
        'held confirm': 'succeeded',
        'held confirm_partially': 'partial',
        'held reject': 'rejected',
        'held expire': 'rejected',
        'held replace': 'rejected',
      };

      expect(nextRunState(state, event)).toBe(allowed[`${state} ${event}`] ?? null);
    },
  );

  it('is the table in docs/finding-lifecycle.md', () => {
    expect(documentedTable('Sync runs')).toEqual(tableOf(runStates, runEvents, nextRunState));
  });

  it('is settled where nothing can happen to it, and applied where it is the observed state', () => {
    expect(runStates.filter(isSettled)).toEqual(['succeeded', 'partial', 'failed', 'cancelled', 'rejected']);
    expect(runStates.filter(isApplied)).toEqual(['succeeded', 'partial']);
    expect(allowedRunEvents('held')).toEqual(['confirm', 'confirm_partially', 'reject', 'expire', 'replace']);
  });
});

describe('an execution', () => {
  it('is the table in docs/finding-lifecycle.md', () => {
    expect(documentedTable('Executions')).toEqual(
      tableOf(executionStates, executionEvents, nextExecutionState),
    );
  });

  it('that succeeded stays so whatever happens', () => {
    expect(executionEvents.map((event) => nextExecutionState('succeeded', event))).toEqual(
      executionEvents.map(() => null),
    );
  });

  it('that a lost worker left running can be started again', () => {
    expect(nextExecutionState('running', 'start')).toBe('running');
  });
});
