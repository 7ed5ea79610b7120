import { describe, expect, it } from 'vitest';
import {
  allowedEvents,
  type FindingState,
  findingEvents,
  findingStates,
  pipelineEvents,
  transition,
  triageEvents,
} from './finding-lifecycle.ts';
import { documentedTable, tableOf } from './test-state-table.ts';

/** Written down once more, by meaning: `event: from → to, …`. */
const allowed: Record<string, string> = {
  acknowledge: 'new snoozed accepted dismissed → acknowledged',
  accept: 'new acknowledged snoozed accepted dismissed → accepted',
  dismiss: 'new acknowledged snoozed accepted dismissed → dismissed',
  snooze: 'new acknowledged snoozed → snoozed',
  reopen: 'acknowledged snoozed accepted dismissed resolved → new',
  revert: 'new acknowledged snoozed accepted → resolved',
  supersede: 'new snoozed → resolved',
  recur: 'resolved → new',
  reaccept: 'resolved → accepted',
  wake: 'snoozed → new',
  expire: 'accepted → new',
};

describe('the lifecycle of a finding', () => {
  it.each(findingStates.flatMap((state) => findingEvents.map((event) => ({ state, event }))))(
    'answers $event in $state',
    ({ state, event }) => {
      const [from = '', to = ''] = allowed[event]?.split(' → ') ?? [];

      expect(transition(state, event)).toBe(from.split(' ').includes(state) ? to : null);
    },
  );

  it('is the table in docs/finding-lifecycle.md', () => {
    expect(documentedTable('Findings: what people do')).toEqual(
      tableOf(findingStates, triageEvents, transition),
    );
    expect(documentedTable('Findings: what runs do')).toEqual(
      tableOf(findingStates, pipelineEvents, transition),
    );
  });

  it.each<[FindingState, string[]]>([
    ['new', ['acknowledge', 'accept', 'dismiss', 'snooze']],
    ['accepted', ['acknowledge', 'accept', 'dismiss', 'reopen']],
    ['resolved', ['reopen']],
  ])('names what a person may do to a finding that is %s', (state, events) => {
    expect(allowedEvents(state)).toEqual(events);
  });

  it('leaves no state without a way out', () => {
    for (const state of findingStates) expect(allowedEvents(state)).not.toEqual([]);
  });
});
