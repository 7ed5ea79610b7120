import { contentHash } from '../../core/content-hash.ts';
import type { NamedItem } from '../../core/diff-report.ts';
import { ENGINE_VERSION } from '../../core/engine-version.ts';
import type { HeldBack } from '../../core/generate.ts';
import type { UnprovenChanges } from '../executions/execution.ts';
import type { DriftPart } from './drift-part.ts';
import { FindingsDigest } from './findings-digest.ts';
import type { ResolvedPlan } from './resolve-plan.ts';
import type { RunPair } from './run-pair.ts';

/** Most items without proof that are listed. */
const MAX_LISTED = 1_000;

/** What a generation comes to, counted as its parts pass by. */
export class DriftTally {
  readonly #counts = { added: 0, removed: 0, changed: 0, ambiguous: 0, findings: 0 };
  readonly #heldBack = { driftTypes: 0, ignoreChanges: 0 };
  readonly #unprovenItems: NamedItem[] = [];
  readonly #digest = new FindingsDigest();
  #unprovenCount = 0;
  #itemCount = 0;

  /** Identities that were looked at so far. */
  get itemCount(): number {
    return this.#itemCount;
  }

  add(part: DriftPart): void {
    this.#itemCount++;
    if (part.kind === 'ambiguous') this.#counts.ambiguous++;
    if (part.kind === 'unproven') {
      this.#unprovenCount++;
      const { itemType, externalId } = part.item;
      const { label } = part.drift.change;
      if (this.#unprovenItems.length < MAX_LISTED) this.#unprovenItems.push({ itemType, externalId, label });
    }
    if (part.kind !== 'drifted') return;
    this.#counts[part.drift.change.change]++;
    for (const finding of part.findings) {
      this.#counts.findings++;
      this.#digest.add(finding);
    }
  }

  addHeldBack({ driftTypes, ignoreChanges }: HeldBack): void {
    this.#heldBack.driftTypes += driftTypes;
    this.#heldBack.ignoreChanges += ignoreChanges;
  }

  /** Items that drifted, by kind, the findings made of them, and single changes that the plan held back. */
  counts(): Record<string, number> {
    const { driftTypes, ignoreChanges } = this.#heldBack;
    return { ...this.#counts, heldBackDriftTypes: driftTypes, heldBackIgnored: ignoreChanges };
  }

  /** What seems to have come and gone without proof: told by the pair, and by its current run. */
  unproven(pair: RunPair): UnprovenChanges {
    const seen = { count: this.#unprovenCount, items: this.#unprovenItems };
    if (!pair.isBackwards) return { additions: seen, removals: pair.current.unprovenRemovals };
    return { additions: { count: 0, items: [] }, removals: seen };
  }

  findingsDigest(): string {
    return this.#digest.finish();
  }
}

/** SHA-256 over all that decides what is generated of a pair. */
export function digestInputs(pair: RunPair, resolved: ResolvedPlan): string {
  const side = ({ runId, seq, endSeq, contentDigest, registryDigest }: RunPair['baseline']) => ({
    runId,
    seq,
    endSeq,
    contentDigest,
    registryDigest,
  });
  return contentHash({
    engine: ENGINE_VERSION,
    plan: resolved.planVersionHash,
    scopeKey: pair.scopeKey,
    baseline: side(pair.baseline),
    current: side(pair.current),
  });
}
