import { type ConditionProblem, joinConditionProblems } from '../../core/condition-check.ts';
import { contentHash } from '../../core/content-hash.ts';
import type { NamedItem } from '../../core/diff-report.ts';
import { ENGINE_VERSION } from '../../core/engine-version.ts';
import type { Generated } from '../../core/generate.ts';
import type { JsonObject } from '../../core/json-value.ts';
import { HoldTally } from '../../core/plan-hold.ts';
import type { ExecutionHolds, UnprovenChanges } from '../executions/execution.ts';
import type { DriftPart } from './drift-part.ts';
import { FindingsDigest } from './findings-digest.ts';
import { isBuiltIn } from './resolve-plan.ts';
import type { RunPair } from './run-pair.ts';

/** Most items without proof that are listed. */
const MAX_LISTED = 1_000;

/** What a generation comes to, counted as its parts pass by. */
export class DriftTally {
  readonly #counts = { added: 0, removed: 0, changed: 0, ambiguous: 0, findings: 0 };
  readonly #heldBack = new HoldTally();
  #conditionProblems: ConditionProblem[] = [];
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

  addHeldBack({ heldBack, conditionProblems }: Pick<Generated, 'heldBack' | 'conditionProblems'>): void {
    this.#heldBack.add(heldBack);
    this.#conditionProblems = joinConditionProblems([this.#conditionProblems, conditionProblems]);
  }

  heldBack(): ExecutionHolds {
    return { ...this.#heldBack.result(), conditionProblems: this.#conditionProblems };
  }

  /** Items that drifted, by kind; their subjects (candidates), and what became of these. */
  counts(): Record<string, number> {
    const { candidates: heldBack, changes: heldBackChanges } = this.#heldBack.result();
    const candidates = this.#counts.findings + heldBack;
    return { ...this.#counts, candidates, heldBack, heldBackChanges };
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

/** SHA-256 over all that decides what is generated of a pair. The built-in default asks the runs and nothing else. */
export function digestInputs(pair: RunPair, planVersionHash: string): string {
  const side = ({ runId, seq, endSeq, contentDigest, registryDigest }: RunPair['baseline']) => ({
    runId,
    seq,
    endSeq,
    contentDigest,
    registryDigest,
  });
  return contentHash({
    engine: ENGINE_VERSION,
    plan: planVersionHash,
    ...(isBuiltIn(planVersionHash) ? {} : { observation: pair.observation as unknown as JsonObject }),
    scopeKey: pair.scopeKey,
    baseline: side(pair.baseline),
    current: side(pair.current),
  });
}
