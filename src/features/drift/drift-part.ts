import type { Finding, HeldCandidate } from '../../core/generate.ts';
import type { DriftedItem } from '../inventory/interval-read-model.ts';
import type { ItemDrift } from './item-change.ts';

/** What became of one identity. */
export type DriftPart =
  /** It drifted; a plan may have held back all of its findings. */
  | {
      readonly kind: 'drifted';
      readonly item: DriftedItem;
      readonly drift: ItemDrift;
      /** Sorted by drift type. */
      readonly findings: readonly Finding[];
      /** What the plan held back of it; sorted likewise. */
      readonly held: readonly HeldCandidate[];
    }
  /** It came (or, told backwards, went), and nothing proves that it had not been there. */
  | { readonly kind: 'unproven'; readonly item: DriftedItem; readonly drift: ItemDrift }
  /** One of the runs said two things about it. */
  | { readonly kind: 'ambiguous'; readonly item: DriftedItem }
  /** Nothing is left of what happened on the way. */
  | { readonly kind: 'settled'; readonly item: DriftedItem };
