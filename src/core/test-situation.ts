import type {
  GeneratedFinding,
  KnownAcceptance,
  KnownFinding,
  ProvenValue,
  SubjectValue,
} from './known-finding.ts';
import { reconcile } from './reconcile.ts';
import { applyReconcileAction, openedFinding, type ReconcileAction } from './reconcile-action.ts';
import { isConsidered } from './reversals.ts';

/** One subject through many runs, kept as a store would: what a test tells the value, and what became of it. */
export class TestSubject {
  readonly mode: 'rolling' | 'pinned';
  /** Values are texts; null is absent. */
  value: string | null;
  readonly pin: string | null;
  runSeq = 1;
  now = Date.UTC(2026, 0, 1);
  findings: KnownFinding[] = [];
  acceptances: KnownAcceptance[] = [];
  links = new Map<string, string | null>();
  /** Whether its item is gone. */
  isGone = false;
  #last: { generated: GeneratedFinding | null; now: SubjectValue; baseline: SubjectValue } = {
    generated: null,
    now: { kind: 'unknown' },
    baseline: { kind: 'unknown' },
  };

  constructor(value: string | null, mode: 'rolling' | 'pinned' = 'rolling') {
    this.value = value;
    this.pin = value;
    this.mode = mode;
  }

  /**
   * A run in which the subject has `value`; with `isHeldBack` a change makes no finding. Where its item was gone, that it
   * is back is told elsewhere.
   */
  run(value: string | null, { isHeldBack = false } = {}): ReconcileAction[] {
    const baseline = this.#baseline();
    const isDrift = baseline.kind === 'known' && value !== baseline.hash && !isHeldBack;
    this.runSeq++;
    this.value = value;
    this.isGone = false;
    this.#last = {
      generated: isDrift ? generatedOf(baseline.hash, value) : null,
      now: { kind: 'known', hash: value },
      baseline,
    };
    return this.repeat();
  }

  /** A run in which its item is gone, which is told elsewhere. */
  runGone(): ReconcileAction[] {
    const baseline = this.#baseline();
    this.runSeq++;
    this.value = null;
    this.isGone = true;
    this.#last = { generated: null, now: { kind: 'gone' }, baseline };
    return this.repeat();
  }

  /** A run that does not know the value. */
  runUnknown(): ReconcileAction[] {
    const baseline = this.#baseline();
    this.runSeq++;
    this.#last = { generated: null, now: { kind: 'unknown' }, baseline };
    return this.repeat();
  }

  #baseline(): ProvenValue {
    if (this.mode === 'pinned') return { kind: 'known', hash: this.pin };
    return this.isGone ? { kind: 'gone' } : { kind: 'known', hash: this.value };
  }

  /** The last run reconciled (once more). */
  repeat(): ReconcileAction[] {
    const { generated, now, baseline } = this.#last;
    const actions = reconcile({
      mode: this.mode,
      runSeq: this.runSeq,
      now: new Date(this.now).toISOString(),
      subjects: [
        {
          subjectKey: 'subject',
          valueNow: now,
          valueAtBaseline: baseline,
          findings: this.#loaded(generated),
          acceptances: this.acceptances,
          generated,
        },
      ],
    });
    for (const action of actions) this.#apply(action, generated);
    return actions;
  }

  /** The findings that a store loads. */
  #loaded(generated: GeneratedFinding | null): KnownFinding[] {
    return this.findings.filter((finding) =>
      isConsidered(finding, {
        generated: generated?.fingerprint ?? null,
        runSeq: this.runSeq,
        isAccepted: this.acceptances.some(({ findingId }) => findingId === finding.id),
      }),
    );
  }

  #apply(action: ReconcileAction, generated: GeneratedFinding | null): void {
    if (action.kind === 'open' && generated !== null) {
      const id = `F${this.findings.length + 1}`;
      this.links.set(id, action.linkedTo);
      this.findings.push(openedFinding({ id, generated, runSeq: this.runSeq }));
    }
    this.findings = this.findings.map((finding) => applyReconcileAction(finding, action, this.runSeq));
  }

  /** What a person does, where the lifecycle allows it. */
  triage(id: string, state: KnownFinding['state'], expiresAt: string | null = null): void {
    const finding = this.find(id);
    this.acceptances = this.acceptances.filter(({ findingId }) => findingId !== id);
    this.findings = this.findings.map((one) => (one.id === id ? { ...one, state } : one));
    if (state === 'accepted') {
      this.acceptances = [{ id: `A-${id}`, findingId: id, valueHash: finding.currentHash, expiresAt }];
    }
  }

  find(id: string): KnownFinding {
    const found = this.findings.find((finding) => finding.id === id);
    if (found === undefined) throw new Error(`there is no ${id}`);
    return found;
  }

  /** Each finding as `A→B new`, with `!` where it flaps. */
  get states(): string[] {
    return this.findings.map(
      ({ fingerprint, state, isFlapping }) => `${fingerprint} ${state}${isFlapping ? '!' : ''}`,
    );
  }
}

/**
 * What is generated of a change. A value may have several parts, as in `A.x`: those that are the same on both sides are
 * no part of the fingerprint.
 */
export function generatedOf(before: string | null, after: string | null): GeneratedFinding {
  const [old, now] = [before, after].map((value) => value?.split('.') ?? null);
  const isMoved = (_: string, at: number) => old?.[at] !== now?.[at];
  const side = (parts: string[] | null | undefined) =>
    parts === null || parts === undefined
      ? null
      : old !== null && now !== null
        ? parts.filter(isMoved).join('.')
        : parts.join('.');
  return { fingerprint: `${side(old)}→${side(now)}`, baselineHash: before, currentHash: after };
}

/** An action as a short text. */
export function actionText(action: ReconcileAction): string {
  switch (action.kind) {
    case 'open':
      return `open ${action.fingerprint}${action.linkedTo === null ? '' : ` linked to ${action.linkedTo}`}`;
    case 'record':
      return `record ${action.fingerprint} ${action.because}`;
    case 'resolve':
      return `${action.findingId} ${action.resolution}`;
    case 'flip':
      return `flip ${action.findingId}`;
    default:
      return `${action.kind} ${action.findingId}`;
  }
}
