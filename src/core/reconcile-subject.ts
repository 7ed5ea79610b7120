import { transition } from './finding-lifecycle.ts';
import { findingPath, type Standing, standFromPin, standOnPath } from './finding-path.ts';
import {
  type GeneratedFinding,
  isOpen,
  isUnanswered,
  type KnownAcceptance,
  type KnownFinding,
  type ProvenValue,
  type SubjectChange,
  type SubjectValue,
} from './known-finding.ts';
import { applyReconcileAction, type ReconcileAction, type RecordReason } from './reconcile-action.ts';
import { hasReversalIn, isCalm, isThirdReversal } from './reversals.ts';

/** What holds for all subjects of a run. */
export interface ReconcileContext {
  readonly mode: 'rolling' | 'pinned';
  /** Ordinal of the current run in its scope, one more with every applied run. */
  readonly runSeq: number;
  /** Instant, ISO 8601 in UTC: what acceptances expire by. */
  readonly now: string;
}

/** What is known of one subject when a run is reconciled. */
export interface SubjectSituation {
  readonly subjectKey: string;
  readonly valueNow: SubjectValue;
  /**
   * In the baseline run. In pinned mode without it only findings of this pin are reverted; in rolling mode it is only
   * asked whether the subject was gone.
   */
  readonly valueAtBaseline?: SubjectValue;
  /**
   * The subject's findings: all that are unresolved, all that are not undone (superseded ones), those with a
   * reversal in the last ten runs, those of `acceptances`, and the one whose fingerprint is generated now.
   */
  readonly findings: readonly KnownFinding[];
  /** In force or expired, not revoked. */
  readonly acceptances: readonly KnownAcceptance[];
  /** At most one finding is generated per subject. */
  readonly generated: GeneratedFinding | null;
}

/** What is to be done about one subject, in the order in which it is to be done. */
export function reconcileSubject(situation: SubjectSituation, context: ReconcileContext): ReconcileAction[] {
  const draft = new Draft(situation, context);
  const { valueNow } = situation;
  if (valueNow.kind === 'unknown') answerGenerated(draft, false);
  else if (valueNow.kind === 'gone' && context.mode === 'rolling') endWithItem(draft);
  else reconcileKnownValue(draft, hashOf(valueNow));
  return draft.actions;
}

/** An action without the subject's key. */
type Act = ReconcileAction extends infer Action
  ? Action extends ReconcileAction
    ? Omit<Action, 'subjectKey'>
    : never
  : never;

/** The subject as it is after the actions so far. */
class Draft {
  readonly actions: ReconcileAction[] = [];
  readonly situation: SubjectSituation;
  readonly context: ReconcileContext;
  /** Not where a flapping subject has only come to rest. */
  countsReversals = true;
  #findings: readonly KnownFinding[];

  constructor(situation: SubjectSituation, context: ReconcileContext) {
    this.situation = situation;
    this.context = context;
    this.#findings = [...situation.findings].sort((a, b) => a.openedRunSeq - b.openedRunSeq);
  }

  get findings(): readonly KnownFinding[] {
    return this.#findings;
  }

  /** The row of the generated fingerprint. */
  get known(): KnownFinding | null {
    const { generated } = this.situation;
    return this.#findings.find(({ fingerprint }) => fingerprint === generated?.fingerprint) ?? null;
  }

  find(id: string): KnownFinding | null {
    return this.#findings.find((finding) => finding.id === id) ?? null;
  }

  act(act: Act): void {
    const action = { subjectKey: this.situation.subjectKey, ...act } as ReconcileAction;
    this.actions.push(action);
    this.#findings = this.#findings.map((finding) =>
      applyReconcileAction(finding, action, this.context.runSeq),
    );
  }
}

function reconcileKnownValue(draft: Draft, value: string | null): void {
  const flapping = draft.findings.findLast((finding) => finding.isFlapping && isOpen(finding)) ?? null;
  const isReversal = flapping !== null && isReversalOf(flapping, draft, value);
  const path = findingPath(draft.findings);
  const marked = draft.findings.filter(({ isFlapping }) => isFlapping);
  const isQuiet = marked.length > 0 && isCalm(draft.findings, draft.context.runSeq, isReversal);
  const calmed = marked.filter((finding) => isQuiet || !isOpen(finding));
  for (const { id } of calmed) draft.act({ kind: 'calm', findingId: id });
  if (calmed.length > 0) draft.countsReversals = isReversal || draft.situation.generated !== null;
  reopenExpired(draft, value);
  if (flapping !== null && !isQuiet) reconcileFlapping(draft, flapping, value, isReversal);
  else reconcileSteady(draft, path, value, calmed.length > 0);
}

/** Whether a flapping subject has turned again since the last look. */
function isReversalOf(flapping: KnownFinding, draft: Draft, value: string | null): boolean {
  const { context, findings, known, situation } = draft;
  if (hasReversalIn(findings, context.runSeq) || !isFamiliar(draft, value)) return false;
  // New in this very run, which is reconciled once more.
  if (known?.openedRunSeq === context.runSeq) return false;
  if (context.mode === 'rolling') return situation.generated !== null;
  return (value !== flapping.currentHash) !== flapping.isUndone;
}

/** Whether the subject is known to have had this value. */
function isFamiliar({ findings, known, situation }: Draft, value: string | null): boolean {
  return known !== null || isValue(situation.valueAtBaseline, value) || isEndOfAny(findings, value);
}

/** Whether one of the findings leads from this value, or to it. */
function isEndOfAny(findings: readonly KnownFinding[], value: string | null): boolean {
  return findings.some(({ baselineHash, currentHash }) => baselineHash === value || currentHash === value);
}

/**
 * Reversals of a flapping subject are events only. A value off its way is a finding all the same: nothing would tell of it
 * when the subject has come to rest there.
 */
function reconcileFlapping(
  draft: Draft,
  flapping: KnownFinding,
  value: string | null,
  isReversal: boolean,
): void {
  const isRepeated = isRepeatedWayBack(draft);
  if (isReversal) draft.act({ kind: 'flip', findingId: flapping.id, isBack: value !== flapping.currentHash });
  const { generated } = draft.situation;
  if (generated === null) return;
  const isRolling = draft.context.mode === 'rolling';
  const isNews = isRolling ? !isEndOfAny(findingPath(draft.findings), value) : !isFamiliar(draft, value);
  const isSilent = draft.known === null || draft.known.state === 'resolved';
  const acceptance = acceptanceInForce(draft, value);
  if (isSilent && !isNews && acceptance === null) recordGenerated(draft, 'flapping');
  else respond(draft, value, isRepeated);
  acceptAgain(draft, value);
  if (isNews) supersedeOthers(draft, [draft.known?.id, acceptance?.findingId], generated.fingerprint);
}

/** The rules for a subject that does not flap. */
function reconcileSteady(
  draft: Draft,
  path: readonly KnownFinding[],
  value: string | null,
  isCalmNow: boolean,
): void {
  const { generated } = draft.situation;
  const standing = standOn(path, value, draft);
  const { undone, teller } = standing;
  const isToldElsewhere = teller !== null && teller.id !== draft.known?.id;
  const isRepeated = isRepeatedWayBack(draft);
  const isRolling = draft.context.mode === 'rolling';
  const isWayBack = isRolling && (undone.length > 0 || isToldElsewhere || isRepeated);
  if (undone.length > 0 && undo(draft, standing) === 'flapping') {
    respond(draft, value, isWayBack);
    acceptAgain(draft, value);
    return;
  }
  // Where the way back was found before, what it left has been settled.
  const isSettled = isRepeated && !isToldElsewhere;
  if (generated === null && !isSettled && isBackWithItem(draft)) resumeWay(draft, standing, value);
  resolveReopened(draft, value);
  respond(draft, value, isWayBack);
  if (isSettled) return;
  if (generated !== null || isCalmNow) settleOthers(draft, standing, value);
  else if ((isRolling && undone.length > 0) || acceptanceInForce(draft, value) !== null) {
    tellAgain(draft, standing, value);
  }
  if (generated === null && !isRolling && value === null && undone.length === 0) {
    // That there is nothing of it is still so, but where its item is gone.
    const isGone = draft.situation.valueNow.kind === 'gone';
    supersedeByNothing(draft, ({ currentHash }) => currentHash === null && !isGone);
  }
}

/** The item is gone, and that is told elsewhere: what nobody has answered for gives way to nothing. */
function endWithItem(draft: Draft): void {
  for (const { id, isFlapping } of draft.findings) {
    if (isFlapping) draft.act({ kind: 'calm', findingId: id });
  }
  supersedeByNothing(draft);
}

/** Whether the subject was gone with its item, whose coming back is told elsewhere. */
function isBackWithItem({ context, situation }: Draft): boolean {
  return context.mode === 'rolling' && situation.valueAtBaseline?.kind === 'gone';
}

/** What was there before the item was gone is told again; with another value a new way begins. */
function resumeWay(draft: Draft, standing: Standing, value: string | null): void {
  const isTold = tellAgain(draft, standing, value);
  if (isTold || standing.undone.length > 0) return;
  // As where a person has reopened it meanwhile.
  supersedeByNothing(draft, ({ isFlapping, currentHash }) => isFlapping || currentHash === value);
  const path = findingPath(draft.findings);
  // What is open stays on the way, and so does what lies before it.
  for (const { id } of path.slice(path.findLastIndex(isOpen) + 1)) draft.act({ kind: 'undo', findingId: id });
}

function standOn(path: readonly KnownFinding[], value: string | null, draft: Draft): Standing {
  const { context, situation } = draft;
  if (context.mode === 'rolling') return standOnPath(path, value);
  return standFromPin(path, value, isValue(situation.valueAtBaseline, value));
}

/** Whether this run was reconciled before and found then that the value was back. */
function isRepeatedWayBack({ findings, context }: Draft): boolean {
  return (
    context.mode === 'rolling' &&
    findings.some(({ isUndone, flipRunSeqs }) => isUndone && flipRunSeqs.includes(context.runSeq))
  );
}

/** The finding that tells the value is unresolved again, and what nobody has answered for gives way to it. */
function settleOthers(draft: Draft, standing: Standing, value: string | null): void {
  const { teller } = standing;
  const { known } = draft;
  const acceptance = acceptanceInForce(draft, value);
  // What was generated is told by its own finding, as where a person has reopened it.
  const isTold = known !== null && isOpen(known) && known.id !== teller?.id;
  if (!isTold || acceptance !== null) tellAgain(draft, standing, value);
  const accepted = acceptance === null ? null : draft.find(acceptance.findingId);
  const { fingerprint } = teller ?? draft.situation.generated ?? accepted ?? {};
  if (fingerprint !== undefined) supersedeOthers(draft, [teller?.id, draft.known?.id], fingerprint);
  // Its finding may have been `new`, of another change to the value.
  acceptAgain(draft, value);
}

/** The finding that tells the value is unresolved again, or accepted; false where there is none. */
function tellAgain(draft: Draft, { teller }: Standing, value: string | null): boolean {
  if (acceptAgain(draft, value)) return true;
  if (teller === null) return false;
  comeBack(draft, { kind: 'recur', findingId: teller.id, ...changeOf(teller) });
  return true;
}

/** The finding of an accepted value is accepted again; false where the value is not, or needs not to be. */
function acceptAgain(draft: Draft, value: string | null): boolean {
  const { context, situation } = draft;
  const acceptance = acceptanceInForce(draft, value);
  const isAtPin = context.mode === 'pinned' && isValue(situation.valueAtBaseline, value);
  if (acceptance === null || isAtPin) return false;
  const { findingId } = acceptance;
  // Wherever it has come from now.
  const baselineHash = (situation.generated ?? draft.find(findingId))?.baselineHash ?? null;
  comeBack(draft, { kind: 'reaccept', findingId, baselineHash, currentHash: value });
  return true;
}

/** The value is back at what it was before `undone`: they are resolved, unless this makes the subject flap. */
function undo(draft: Draft, { undone }: Standing): 'flapping' | 'done' {
  const visible = undone.findLast(isOpen);
  const turned = visible ?? undone.at(-1);
  const isThird = turned !== undefined && countReversal(draft, turned.id, true);
  if (isThird && visible !== undefined) {
    draft.act({ kind: 'mark_flapping', findingId: visible.id });
    return 'flapping';
  }
  for (const { id, state } of undone) {
    if (transition(state, 'revert') === null) draft.act({ kind: 'undo', findingId: id });
    else draft.act({ kind: 'resolve', findingId: id, resolution: 'reverted' });
  }
  return 'done';
}

/** A finding that a person reopened although the value is back: there is still nothing to see. */
function resolveReopened(draft: Draft, value: string | null): void {
  const { context, situation } = draft;
  const isAtStart =
    context.mode === 'pinned'
      ? isValue(situation.valueAtBaseline, value)
      : situation.generated === null && findingPath(draft.findings).length === 0;
  for (const finding of draft.findings) {
    // At the pinned value nothing is drift, also not what found this value before.
    const isOver = context.mode === 'pinned' || finding.currentHash !== value;
    const isBack = (isAtStart && isOver) || finding.baselineHash === value;
    if (isOpen(finding) && finding.isUndone && isBack) {
      draft.act({ kind: 'resolve', findingId: finding.id, resolution: 'reverted' });
    }
  }
}

/** The one answer to the generated finding. */
function respond(draft: Draft, value: string | null, isWayBack: boolean): void {
  if (acceptanceInForce(draft, value) !== null) recordGenerated(draft, 'accepted');
  else answerGenerated(draft, isWayBack);
}

/** What is said of the generated finding by its own row, or a new one. */
function answerGenerated(draft: Draft, isWayBack: boolean): void {
  const { generated } = draft.situation;
  if (generated === null) return;
  const { known } = draft;
  if (known !== null && isOpen(known)) {
    // The way back to what it found takes it nowhere else.
    const change = changeOf(isWayBack && !known.isUndone ? known : generated);
    draft.act({ kind: 'seen_again', findingId: known.id, ...change });
  } else if (isWayBack) recordGenerated(draft, 'way_back');
  else if (known?.state === 'dismissed') recordGenerated(draft, 'dismissed');
  else if (known !== null) comeBack(draft, { kind: 'recur', findingId: known.id, ...changeOf(generated) });
  else {
    const linkedTo = findingPath(draft.findings).at(-1)?.id ?? acceptedFinding(draft);
    draft.act({ kind: 'open', fingerprint: generated.fingerprint, linkedTo });
  }
}

/** Without a finding on the way, a third value is linked to the one whose value was accepted. */
function acceptedFinding(draft: Draft): string | null {
  return (
    draft.situation.acceptances.findLast((acceptance) => isInForce(acceptance, draft))?.findingId ?? null
  );
}

function recordGenerated(draft: Draft, because: RecordReason): void {
  const { generated } = draft.situation;
  if (generated === null) return;
  const findingId = draft.known?.id ?? null;
  const { fingerprint } = generated;
  draft.act({ kind: 'record', fingerprint, findingId, because, ...changeOf(generated) });
}

function changeOf({ baselineHash, currentHash }: SubjectChange): SubjectChange {
  return { baselineHash, currentHash };
}

/** What was resolved is there again. */
function comeBack(draft: Draft, act: Extract<Act, { kind: 'seen_again' | 'recur' | 'reaccept' }>): void {
  const { findingId } = act;
  if (draft.find(findingId)?.state !== 'resolved') return;
  draft.act(act);
  if (countReversal(draft, findingId, false)) draft.act({ kind: 'mark_flapping', findingId });
}

/** Counts one reversal per subject and run, however often the run is reconciled; whether it is the third. */
function countReversal(draft: Draft, findingId: string, isBack: boolean): boolean {
  const { context, findings } = draft;
  if (!draft.countsReversals || hasReversalIn(findings, context.runSeq)) return false;
  const isThird = isThirdReversal(findings, context.runSeq);
  draft.act({ kind: 'flip', findingId, isBack });
  return isThird;
}

/** What nobody has answered for gives way to the finding of another value. */
function supersedeOthers(draft: Draft, kept: readonly (string | undefined)[], byFingerprint: string): void {
  for (const finding of draft.findings) {
    if (!isUnanswered(finding) || finding.isFlapping || kept.includes(finding.id)) continue;
    draft.act({ kind: 'resolve', findingId: finding.id, resolution: 'superseded', byFingerprint });
  }
}

/** What nobody has answered for gives way to nothing, which is told elsewhere or held back. */
function supersedeByNothing(draft: Draft, isKept: (finding: KnownFinding) => boolean = () => false): void {
  for (const finding of draft.findings) {
    if (!isUnanswered(finding) || isKept(finding)) continue;
    draft.act({ kind: 'resolve', findingId: finding.id, resolution: 'superseded', byFingerprint: null });
  }
}

function reopenExpired(draft: Draft, value: string | null): void {
  if (acceptanceInForce(draft, value) !== null) return;
  for (const { id, findingId, valueHash } of draft.situation.acceptances) {
    if (valueHash === value && draft.find(findingId)?.state === 'accepted') {
      draft.act({ kind: 'reopen_expired', findingId, acceptanceId: id });
    }
  }
}

/** The acceptance by which the subject may have `value`. */
function acceptanceInForce(draft: Draft, value: string | null): KnownAcceptance | null {
  const { acceptances } = draft.situation;
  return (
    acceptances.findLast((acceptance) => acceptance.valueHash === value && isInForce(acceptance, draft)) ??
    null
  );
}

function isInForce({ expiresAt }: KnownAcceptance, { context }: Draft): boolean {
  return expiresAt === null || Date.parse(expiresAt) > Date.parse(context.now);
}

function isValue(value: SubjectValue | undefined, hash: string | null): boolean {
  return value !== undefined && value.kind !== 'unknown' && hashOf(value) === hash;
}

/** Of a subject that is gone nothing is left. */
function hashOf(value: ProvenValue): string | null {
  return value.kind === 'gone' ? null : value.hash;
}
