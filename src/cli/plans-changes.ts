import type { PlanChange } from '../core/plan-comparison.ts';
import type { Column } from './print-listing.ts';

/** What is otherwise in another version of a plan, property by property. */
export const changeColumns: readonly Column<PlanChange>[] = [
  { title: 'PATH', value: ({ path }) => path, canShrink: true },
  { title: 'CHANGE', value: ({ op }) => op },
  {
    title: 'BEFORE',
    value: ({ op, before }) => (op === 'add' ? null : JSON.stringify(before)),
    canShrink: true,
  },
  {
    title: 'AFTER',
    value: ({ op, after }) => (op === 'remove' ? null : JSON.stringify(after)),
    canShrink: true,
  },
];
