import type { ItemChange } from './candidate.ts';
import { compilePlan } from './compiled-plan.ts';
import { contentHash } from './content-hash.ts';
import type { ChangeKind } from './fingerprint.ts';
import { type Generated, generateFindings } from './generate.ts';
import { compileItemType } from './item-type.ts';
import { itemTypeSchema } from './item-type-schema.ts';
import type { JsonObject } from './json-value.ts';
import { normalise } from './normalise.ts';
import type { Observation } from './observation.ts';
import { parsePlan } from './parse-plan.ts';
import type { HoldCode } from './plan-hold.ts';
import type { PlanDocument, PlanDocumentInput } from './plan-schema.ts';
import { diffProperties } from './property-diff.ts';

// Drift for tests of what plans make of it.

export const policy = compileItemType(
  itemTypeSchema.parse({
    itemType: 'policy',
    absent: ['empty_array'],
    keyed: [{ path: '/assignments', key: ['/group'] }],
    evidence: { show: ['/**'] },
    driftTypes: [
      { path: '/assignments/**', driftType: 'assignment' },
      { path: '/owner', driftType: 'ownership' },
    ],
    impact: [
      { path: '/name', baseImpact: 0.2 },
      { path: '/assignments/**', baseImpact: 0.7 },
      { path: '/critical', baseImpact: 0.9 },
    ],
    presenceImpact: { removed: 0.9 },
  }),
);

export const group = compileItemType(
  itemTypeSchema.parse({ itemType: 'group', evidence: { show: ['/**'] } }),
);

/** An item that was `before` and is `after`. */
export function changed(before: JsonObject, after: JsonObject, rest: Partial<ItemChange> = {}): ItemChange {
  const { type = policy } = rest;
  const [one, other] = [normalise(before, type, 'key'), normalise(after, type, 'key')];
  return {
    change: 'changed',
    type,
    externalId: '1',
    label: 'One',
    path: 'one.json',
    beforeHash: contentHash(one),
    afterHash: contentHash(other),
    properties: diffProperties(one, other, type),
    ...rest,
  };
}

/** An item that came or went. */
export function whole(change: ChangeKind, rest: Partial<ItemChange> = {}): ItemChange {
  const hash = contentHash({ id: '1' });
  return {
    change,
    type: policy,
    externalId: '2',
    label: 'Two',
    path: 'two.json',
    beforeHash: change === 'added' ? null : hash,
    afterHash: change === 'removed' ? null : hash,
    properties: [],
    ...rest,
  };
}

/** A plan for the workspace that says this. */
export function planOf(written: Partial<PlanDocumentInput> = {}): PlanDocument {
  const result = parsePlan({ name: 'x', scopeType: 'workspace', ...written });
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.plan;
}

export const observation: Observation = {
  source: { kind: 'git', serviceId: 'identity', repoFullName: 'contoso/infra', docClass: 'runbook' },
  author: 'renovate[bot]',
  observedAt: '2026-03-01T10:00:00.000Z',
};

/** Of what plan and observation make of changes; without one nothing is known of where they come from. */
export function generate(
  changes: readonly ItemChange[],
  written: Partial<PlanDocumentInput> = {},
  observation?: Observation,
): Generated {
  const plan = compilePlan(planOf(written));
  return generateFindings(changes, { plan, scopeKey: 'scope', ...(observation ? { observation } : {}) });
}

/** Configuration (0.5), assignment (0.7) and ownership (0.5) of one item, another one removed (0.9), one added (0.5). */
export const scenario: readonly ItemChange[] = [
  changed(
    { x: 1, name: 'a', owner: 'ann', assignments: [] },
    { x: 2, name: 'b', owner: 'bob', assignments: [{ group: 'g' }] },
  ),
  whole('removed'),
  whole('added', { type: group, externalId: '3', label: 'Three' }),
];

/** Why each held subject is held, by its drift type. */
export const codesOf = ({ held }: Generated): Record<string, HoldCode[]> =>
  Object.fromEntries(held.map(({ driftType, reasons }) => [driftType, reasons.map(({ code }) => code)]));
