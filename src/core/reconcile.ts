import { compareText } from './compare-text.ts';
import type { ReconcileAction } from './reconcile-action.ts';
import { type ReconcileContext, reconcileSubject, type SubjectSituation } from './reconcile-subject.ts';

export interface ReconcileInput extends ReconcileContext {
  /**
   * Every subject that has changed or has a generated finding, a flapping one, or (pinned) an unresolved one.
   * Naming more is safe: a subject that is as it was is left as it is.
   */
  readonly subjects: readonly SubjectSituation[];
}

/**
 * What the findings of a run's subjects come to, given what is known of them: the second pure function of the
 * engine, in docs/finding-lifecycle.md in prose. Sorted by subject key; the actions of a subject are to be
 * carried out in their order. Reconciling the same run once more opens and resolves nothing.
 */
export function reconcile(input: ReconcileInput): ReconcileAction[] {
  const subjects = [...input.subjects].sort((a, b) => compareText(a.subjectKey, b.subjectKey));
  return subjects.flatMap((subject) => reconcileSubject(subject, input));
}
