import { describe, expect, it } from 'vitest';
import {
  allowedReviewEvents,
  nextReviewState,
  type PlanReviewState,
  planReviewEvents,
  planReviewStates,
} from './plan-review-state.ts';
import { documentedTable, tableOf } from './test-state-table.ts';

/** Written down once more, by meaning: `event: from → to` for each state that it leads to. */
const allowed: Record<string, readonly string[]> = {
  submit: ['draft rejected → in_review'],
  approve: ['in_review → in_review'],
  approve_last: ['in_review approved → approved'],
  reject: ['in_review approved → rejected'],
  withdraw: ['in_review approved → draft'],
  publish: ['draft in_review approved → published'],
  supersede: ['draft in_review approved published rejected → superseded'],
};

describe('the review of a version', () => {
  it.each(planReviewStates.flatMap((state) => planReviewEvents.map((event) => ({ state, event }))))(
    'answers $event in $state',
    ({ state, event }) => {
      const next = allowed[event]
        ?.map((rule) => rule.split(' → ') as [string, string])
        .find(([from]) => from.split(' ').includes(state))?.[1];

      expect(nextReviewState(state, event)).toBe(next ?? null);
    },
  );

  it('is the table in docs/plans.md', () => {
    expect(documentedTable('Reviews', 'plans.md')).toEqual(
      tableOf(planReviewStates, planReviewEvents, nextReviewState),
    );
  });

  it.each<[PlanReviewState, string[]]>([
    ['draft', ['submit', 'publish', 'supersede']],
    ['in_review', ['approve', 'approve_last', 'reject', 'withdraw', 'publish', 'supersede']],
    ['approved', ['approve_last', 'reject', 'withdraw', 'publish', 'supersede']],
    ['published', ['supersede']],
    ['rejected', ['submit', 'supersede']],
    ['superseded', []],
  ])('names what is allowed in %s', (state, events) => {
    expect(allowedReviewEvents(state)).toEqual(events);
  });

  it('comes into force from every state in which nobody refused it, and leaves it only by another version', () => {
    const reached = (from: PlanReviewState): Set<PlanReviewState> => {
      const found = new Set([from]);
      for (const state of found) {
        for (const event of planReviewEvents) {
          const next = nextReviewState(state, event);
          if (next !== null) found.add(next);
        }
      }
      return found;
    };

    for (const state of ['draft', 'in_review', 'approved', 'rejected'] as const) {
      expect(reached(state)).toContain('published');
    }
    expect([...reached('published')]).toEqual(['published', 'superseded']);
    expect([...reached('superseded')]).toEqual(['superseded']);
  });
});
