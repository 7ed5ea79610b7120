import type { PlanDocumentInput } from '../plan-schema.ts';

/** What one template says. Its category is where it is listed (plan-templates.ts). */
export interface PlanTemplateData {
  /** Stable: it is named in requests and in plan files. */
  readonly id: string;
  readonly title: string;
  /** What it is for, for whom, and what it does; for people who choose. */
  readonly description: string;
  /**
   * A plan document without what only its user knows: `scopeRef` (of a service or repo plan) and the primary
   * document. Shared by all who ask for it, so it must not be changed.
   */
  readonly plan: Readonly<
    Omit<PlanDocumentInput, 'status' | 'description' | 'scopeRef' | 'primaryDocId' | 'primaryDocSystem'>
  >;
}
