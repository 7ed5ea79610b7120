import { contentHash } from './content-hash.ts';
import type { JsonValue } from './json-value.ts';
import { normalisePlan } from './plan-normalise.ts';
import type { PlanContent } from './plan-schema.ts';

/** The members that enter the hash, in the order of docs/plan-hash.md. A new one is left out where it has its default. */
const hashedFields = [
  'name',
  'scopeType',
  'scopeRef',
  'docClass',
  'primaryDocId',
  'primaryDocSystem',
  'inputSources',
  'driftTypes',
  'allowedOutputs',
  'thresholds',
  'eligibility',
  'sectionTargets',
  'impactRules',
  'writeback',
  'noiseControls',
  'budgets',
  'docTargeting',
] as const satisfies readonly (keyof PlanContent)[];

/** Does not compile where a member of a plan is not hashed. */
type Unhashed = Exclude<keyof PlanContent, (typeof hashedFields)[number]>;
const nothingIsUnhashed: Record<Unhashed, never> = {};
void nothingIsUnhashed;

/**
 * SHA-256, in hex, of the canonical form of all that changes a plan's behaviour. Takes a parsed plan, with its defaults
 * filled in, in any order of members and sets. Specified with vectors in docs/plan-hash.md.
 */
export function generatePlanHash(plan: PlanContent): string {
  return contentHash(hashedContent(plan));
}

/** What is hashed: the text of a stored version is its canonical form. */
export function hashedContent(plan: PlanContent): JsonValue {
  const normal = normalisePlan(plan);
  return Object.fromEntries(hashedFields.map((name) => [name, normal[name] as JsonValue]));
}

/** Whether two plans behave the same, whatever their description, status, order and spelling. */
export function plansAreIdentical(one: PlanContent, other: PlanContent): boolean {
  return generatePlanHash(one) === generatePlanHash(other);
}

/** Whether `hash` is that of the plan: a stored version that fails this was changed behind our back. */
export function validatePlanHash(plan: PlanContent, hash: string): boolean {
  return generatePlanHash(plan) === hash;
}
