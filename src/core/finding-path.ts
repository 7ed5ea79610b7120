import type { KnownFinding } from './known-finding.ts';

/** What became of a subject's findings now that it has a value. */
export interface Standing {
  /** The earliest finding that the value undoes and all later ones, oldest first. */
  readonly undone: readonly KnownFinding[];
  /** The finding that tells the value the subject has now; null where none does, or none is needed. */
  readonly teller: KnownFinding | null;
}

/**
 * The way that a subject has come from the value it had before any finding: its findings that are not undone,
 * oldest first. Each leads from the value before it to the value that it found; plan noise may leave gaps.
 * What a flapping finding led to stays on the way, whatever the value does, until it is calm.
 */
export function findingPath(findings: readonly KnownFinding[]): KnownFinding[] {
  return findings
    .filter(({ isUndone, isFlapping }) => !isUndone || isFlapping)
    .sort((a, b) => a.openedRunSeq - b.openedRunSeq);
}

/** Where `value` is on the way that a rolling baseline has taken. */
export function standOnPath(path: readonly KnownFinding[], value: string | null): Standing {
  const back = path.findIndex((finding) => leadsFrom(finding, value));
  if (back >= 0) {
    // Findings of a pin each lead from the pin: the one before need not be the one that tells the value.
    const teller = path.slice(0, back).findLastIndex(({ currentHash }) => currentHash === value);
    const kept = teller < 0 ? back : teller + 1;
    return { undone: path.slice(kept), teller: path[kept - 1] ?? null };
  }
  const told = path.findLastIndex(({ currentHash }) => currentHash === value);
  return told < 0
    ? { undone: [], teller: null }
    : { undone: path.slice(told + 1), teller: path[told] ?? null };
}

/** The same where each finding leads from a pinned baseline: the value is told by what is generated of it. */
export function standFromPin(
  path: readonly KnownFinding[],
  value: string | null,
  isAtBaseline: boolean,
): Standing {
  const back = isAtBaseline ? 0 : path.findIndex((finding) => leadsFrom(finding, value));
  const undone = back < 0 ? [] : path.slice(back);
  // A finding of this very value is no way back from it, whatever lies before it.
  return { undone: isAtBaseline ? undone : undone.filter((one) => one.currentHash !== value), teller: null };
}

/** A finding whose value hash is the same on both sides (only the names of elements differ) proves no way back. */
function leadsFrom({ baselineHash, currentHash }: KnownFinding, value: string | null): boolean {
  return baselineHash === value && currentHash !== value;
}
