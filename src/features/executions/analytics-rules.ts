import { canonicalJson } from '../../core/canonical-json.ts';
import { type HoldRule, holdRulesOf } from '../../core/hold-rules.ts';
import { compareReasons, type HoldCode } from '../../core/plan-hold.ts';
import type { PlanVersion } from '../plans/plan.ts';
import type { GroupSums } from './execution-sums.ts';

/** How much a rule held back, wherever it stood in the versions of its plan. */
export interface RuleUse {
  readonly code: HoldCode;
  /** JSON Pointer into `version`, the newest of those in which it stands. */
  readonly rule: string;
  readonly version: number;
  readonly isInForce: boolean;
  readonly text: string;
  /** Of the versions in which it stands. */
  readonly executions: number;
  readonly candidates: number;
  readonly changes: number;
}

/**
 * The rules of some versions of a plan, given newest first, with how much each held back: the same rule in two of them is
 * one, though it may stand elsewhere. Those that held back most come first.
 */
export function ruleUses(
  versions: readonly Pick<PlanVersion, 'version' | 'content'>[],
  byVersion: ReadonlyMap<string | null, GroupSums>,
  /** Null: none is. */
  versionInForce: number | null,
): RuleUse[] {
  const uses = new Map<string, RuleUse>();
  for (const { version, content } of versions) {
    const sums = byVersion.get(String(version));
    for (const rule of holdRulesOf(content)) {
      const key = canonicalJson([rule.code, rule.value]);
      const known = uses.get(key) ?? unused(rule, version);
      const { candidates = 0, changes = 0 } = sums?.rules.get(`${rule.code} ${rule.rule}`) ?? {};
      uses.set(key, {
        ...known,
        isInForce: known.isInForce || version === versionInForce,
        executions: known.executions + (sums?.counts.executions ?? 0),
        candidates: known.candidates + candidates,
        changes: known.changes + changes,
      });
    }
  }
  return [...uses.values()].sort(compareUse);
}

function unused({ code, rule, text }: HoldRule, version: number): RuleUse {
  return { code, rule, version, text, isInForce: false, executions: 0, candidates: 0, changes: 0 };
}

function compareUse(one: RuleUse, other: RuleUse): number {
  return other.changes - one.changes || other.candidates - one.candidates || compareReasons(one, other);
}
