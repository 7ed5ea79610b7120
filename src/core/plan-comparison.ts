import { compileItemType } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { hashedContent } from './plan-hash.ts';
import type { PlanContent } from './plan-schema.ts';
import { diffProperties } from './property-diff.ts';

/** What one property of a plan is in another version of it; null where it is not there. */
export interface PlanChange {
  /** JSON Pointer; elements of sets are named by themselves, multipliers by their names, ignoreChanges by place. */
  readonly path: string;
  readonly op: 'add' | 'remove' | 'replace';
  readonly before: JsonValue;
  readonly after: JsonValue;
}

/** A plan read like any other object: by the comparator of inventories. */
const planType = compileItemType(
  itemTypeSchema.parse({
    itemType: 'driftplane.plan',
    identity: ['/name'],
    unordered: [
      '/inputSources',
      '/driftTypes',
      '/allowedOutputs',
      '/sectionTargets/*',
      '/writeback/reviewers',
      '/noiseControls/*',
    ],
    keyed: [{ path: '/impactRules/multipliers', key: ['/name'] }],
    evidence: { show: ['/**'] },
  }),
);

/** What changed from one plan to another, property by property, sorted by path. Empty where they behave the same. */
export function comparePlans(before: PlanContent, after: PlanContent): PlanChange[] {
  const [one, other] = [hashedContent(before), hashedContent(after)] as [JsonObject, JsonObject];
  return diffProperties(one, other, planType).map(({ shownPath, op, before: from, after: to }) => ({
    path: shownPath,
    op,
    before: from ?? null,
    after: to ?? null,
  }));
}
