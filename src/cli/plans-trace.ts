import type { TraceEntry } from '../core/plan-resolution.ts';
import { countText } from '../core/report/count-text.ts';
import type { Column } from './print-listing.ts';

/** The plans that match a step of a resolution, and why each won or lost. */
export const traceColumns: readonly Column<TraceEntry>[] = [
  { title: 'STEP', value: ({ step }) => step },
  { title: 'PLAN', value: ({ name }) => name, canShrink: true },
  { title: 'VERSION', value: ({ version }) => version },
  { title: 'CHOSEN', value: ({ isChosen }) => (isChosen ? 'yes' : 'no') },
  { title: 'WHY', value: ({ because }) => because },
  { title: 'ID', value: ({ planId }) => planId, canDrop: true },
];

/** Said below a trace that is not whole. */
export function omittedText(omittedTraceEntries: number): string {
  return `${countText(omittedTraceEntries, 'more plan')} of these steps, not shown.`;
}
