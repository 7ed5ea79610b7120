import type { Finding, HeldCandidate } from '../../core/generate.ts';
import type { DriftedItem } from '../inventory/interval-read-model.ts';
import type { ItemDrift } from './item-change.ts';

/** What became of one identity, before a plan is asked. */
export type ComparedItem =
  /** It drifted. */
  | { readonly kind: 'drifted'; readonly item: DriftedItem; readonly drift: ItemDrift }
  /** It came (or, told backwards, went), and nothing proves that it had not been there. */
  | { readonly kind: 'unproven'; readonly item: DriftedItem; readonly drift: ItemDrift }
  /** One of the runs said two things about it. */
  | { readonly kind: 'ambiguous'; readonly item: DriftedItem }
  /** Nothing is left of what happened on the way. */
  | { readonly kind: 'settled'; readonly item: DriftedItem };

/** The same with what a plan makes of it. */
export type DriftPart =
  | Exclude<ComparedItem, { kind: 'drifted' }>
  | (Extract<ComparedItem, { kind: 'drifted' }> & {
      /** A plan may have held back all of them. Sorted by drift type. */
      readonly findings: readonly Finding[];
      /** What the plan held back of it; sorted likewise. */
      readonly held: readonly HeldCandidate[];
    });
