import type { GeneratedFinding, KnownAcceptance, KnownFinding } from './known-finding.ts';
import { reconcile } from './reconcile.ts';
import { applyReconcileAction, openedFinding, type ReconcileAction } from './reconcile-action.ts';

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
  #last: { generated: GeneratedFinding | null; isKnown: boolean; baseline: string | null } = {
    generated: null,
    isKnown: true,
    baseline: null,
  };

  constructor(value: string | null, mode: 'rolling' | 'pinned' = 'rolling') {
    this.value = value;
    this.pin = value;
    this.mode = mode;
  }

  /** A run in which the subject has `value`; with `isHeldBack` a change makes no finding. */
  run(value: string | null, { isHeldBack = false } = {}): ReconcileAction[] {
    this.runSeq++;
    const baseline = this.mode === 'rolling' ? this.value : this.pin;
    this.value = value;
    const isDrift = value !== baseline && !isHeldBack;
    const generated = isDrift ? generatedOf(baseline, value) : null;
    this.#last = { generated, isKnown: true, baseline };
    return this.repeat();
  }

  /** A run that does not know the value. */
  runUnknown(): ReconcileAction[] {
    this.runSeq++;
    this.#last = {
      generated: null,
      isKnown: false,
      baseline: this.mode === 'pinned' ? this.pin : this.value,
    };
    return this.repeat();
  }

  /** The last run reconciled (once more). */
  repeat(): ReconcileAction[] {
    const { generated, isKnown, baseline } = this.#last;
    const actions = reconcile({
      mode: this.mode,
      runSeq: this.runSeq,
      now: new Date(this.now).toISOString(),
      subjects: [
        {
          subjectKey: 'subject',
          valueNow: isKnown ? { kind: 'known', hash: this.value } : { kind: 'unknown' },
          valueAtBaseline: { kind: 'known', hash: baseline },
          findings: this.findings,
          acceptances: this.acceptances,
          generated,
        },
      ],
    });
    for (const action of actions) this.#apply(action, generated);
    return actions;
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
