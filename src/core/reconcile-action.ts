import { DriftplaneError } from './errors.ts';
import { type FindingState, type PipelineEvent, transition } from './finding-lifecycle.ts';
import type { GeneratedFinding, KnownFinding, SubjectChange } from './known-finding.ts';

/** Most reversals that a finding remembers. */
const MAX_FLIPS = 10;

/** Why a generated finding was only recorded: quiet on purpose. */
export type RecordReason = 'accepted' | 'dismissed' | 'way_back' | 'flapping';

/**
 * What is to be done about a subject. Each generated finding has exactly one of `open`, `seen_again`, `recur`
 * with its own row, and `record`.
 *
 * - `open`: a new row in state `new`, linked to the finding whose value it replaces;
 * - `seen_again`: unresolved, and generated again: no state changes;
 * - `recur`: event `recur`; resolved, and there again. Also of a superseded finding whose value is back;
 * - `record`: generated, and nothing is opened; `findingId` is the row with its fingerprint, if there is one;
 * - `resolve`: event `revert` (the value is proven to be what it was before) or `supersede` (another value is
 *   there, found by `byFingerprint`, which may have no row; null where nothing of the subject is left);
 * - `undo`: the value is back, and a state that is a decision (dismissed) or past (superseded) stays;
 * - `reaccept`: event `reaccept`; resolved, and its accepted value is there again;
 * - `reopen_expired`: event `expire`; its accepted value is there and the acceptance is over;
 * - `flip`: a reversal in this run, an event only, one per subject and run; `isBack`: towards the value before;
 * - `mark_flapping`: three reversals within ten runs; from now on they change no state;
 * - `calm`: ten runs without a reversal, or dismissed.
 *
 * Where an action has the value before and after, the row takes them over: the same drift may begin at another
 * value of the subject, as not all of it is in the fingerprint. `applyReconcileAction` says when.
 */
export type ReconcileAction = { readonly subjectKey: string } & (
  | { readonly kind: 'open'; readonly fingerprint: string; readonly linkedTo: string | null }
  | ({ readonly kind: 'seen_again' | 'recur' | 'reaccept'; readonly findingId: string } & SubjectChange)
  | ({
      readonly kind: 'record';
      readonly fingerprint: string;
      readonly findingId: string | null;
      readonly because: RecordReason;
    } & SubjectChange)
  | { readonly kind: 'resolve'; readonly findingId: string; readonly resolution: 'reverted' }
  | {
      readonly kind: 'resolve';
      readonly findingId: string;
      readonly resolution: 'superseded';
      readonly byFingerprint: string | null;
    }
  | { readonly kind: 'undo'; readonly findingId: string }
  | { readonly kind: 'reopen_expired'; readonly findingId: string; readonly acceptanceId: string }
  | { readonly kind: 'flip'; readonly findingId: string; readonly isBack: boolean }
  | { readonly kind: 'mark_flapping'; readonly findingId: string }
  | { readonly kind: 'calm'; readonly findingId: string }
);

/** The finding that an `open` makes. */
export function openedFinding(input: {
  readonly id: string;
  readonly generated: GeneratedFinding;
  readonly runSeq: number;
}): KnownFinding {
  const { id, generated, runSeq } = input;
  const { fingerprint, baselineHash, currentHash } = generated;
  return {
    id,
    fingerprint,
    state: 'new',
    baselineHash,
    currentHash,
    openedRunSeq: runSeq,
    isUndone: false,
    flipRunSeqs: [],
    isFlapping: false,
  };
}

/**
 * The finding after an action that names it (any other leaves it as it is): what has to be stored, and what
 * the next run has to be told.
 */
export function applyReconcileAction(
  finding: KnownFinding,
  action: ReconcileAction,
  runSeq: number,
): KnownFinding {
  if (action.kind === 'open' || action.findingId !== finding.id) return finding;
  switch (action.kind) {
    case 'seen_again':
      return arrived(finding, action, runSeq);
    case 'record':
      return isStandingDecision(finding.state, action.because) ? arrived(finding, action, runSeq) : finding;
    case 'recur':
    case 'reaccept': {
      const { baselineHash, currentHash } = action;
      const state = moved(finding, action.kind);
      return { ...state, baselineHash, currentHash, isUndone: false, openedRunSeq: runSeq };
    }
    case 'reopen_expired':
      return moved(finding, 'expire');
    case 'resolve':
      return action.resolution === 'reverted'
        ? { ...moved(finding, 'revert'), isUndone: true }
        : moved(finding, 'supersede');
    case 'undo':
      return { ...finding, isUndone: true };
    case 'flip': {
      const flipRunSeqs = [...finding.flipRunSeqs, runSeq].slice(-MAX_FLIPS);
      return { ...finding, flipRunSeqs, isUndone: action.isBack };
    }
    case 'mark_flapping':
      return { ...finding, isFlapping: true };
    case 'calm':
      // On the way again: what of it is undone now is said by the actions behind this one.
      return { ...finding, isFlapping: false, isUndone: false };
  }
}

/** Its value is there: where it had been undone, or found another one, it is now the last step of its subject's way. */
function arrived(finding: KnownFinding, change: SubjectChange, runSeq: number): KnownFinding {
  if (!finding.isUndone && finding.currentHash === change.currentHash) return finding;
  const { baselineHash, currentHash } = change;
  return { ...finding, baselineHash, currentHash, isUndone: false, openedRunSeq: runSeq };
}

/** Whether the record says that the finding is there and its decision still holds. */
function isStandingDecision(state: FindingState, because: RecordReason): boolean {
  return state === because;
}

function moved(finding: KnownFinding, event: PipelineEvent): KnownFinding {
  const state = transition(finding.state, event);
  if (state === null) {
    throw new DriftplaneError('internal_error', `finding ${finding.id} is ${finding.state}: no ${event}`);
  }
  return { ...finding, state };
}
