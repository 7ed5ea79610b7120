import type { KnownFinding } from './known-finding.ts';

/** How many runs a reversal counts for. */
export const FLAPPING_RUNS = 10;

/** How many reversals within them make a subject flap. */
const FLAPPING_REVERSALS = 3;

/** Whether a reversal in the run `runSeq` is the third of the subject within ten runs. */
export function isThirdReversal(findings: readonly KnownFinding[], runSeq: number): boolean {
  const runs = new Set(findings.flatMap(({ flipRunSeqs }) => flipRunSeqs));
  runs.add(runSeq);
  return [...runs].filter((run) => run > runSeq - FLAPPING_RUNS).length >= FLAPPING_REVERSALS;
}

/** Whether this very run was already counted: then it is reconciled once more. */
export function hasReversalIn(findings: readonly KnownFinding[], runSeq: number): boolean {
  return findings.some(({ flipRunSeqs }) => flipRunSeqs.includes(runSeq));
}

/** Whether ten whole runs have passed since the subject's last reversal. */
export function isCalm(findings: readonly KnownFinding[], runSeq: number, isReversal: boolean): boolean {
  return runSeq - lastReversal(findings) - (isReversal ? 1 : 0) >= FLAPPING_RUNS;
}

/** The run of the subject's last reversal; 0 where there was none. */
export function lastReversal(findings: readonly KnownFinding[]): number {
  return Math.max(0, ...findings.flatMap(({ flipRunSeqs }) => flipRunSeqs));
}

/**
 * Whether a finding has a say in what becomes of its subject; `isAccepted`: an acceptance of it is in force or expired. What
 * was resolved and undone, and has not turned for ten runs, is over, until its fingerprint is generated again.
 */
export function isConsidered(
  { state, isUndone, fingerprint, flipRunSeqs }: KnownFinding,
  {
    generated,
    runSeq,
    isAccepted,
  }: { readonly generated: string | null; readonly runSeq: number; readonly isAccepted: boolean },
): boolean {
  return (
    state !== 'resolved' ||
    !isUndone ||
    fingerprint === generated ||
    (flipRunSeqs.at(-1) ?? 0) > runSeq - FLAPPING_RUNS ||
    isAccepted
  );
}
