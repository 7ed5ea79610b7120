// Drift of real item types and of documents, and what the plan of a template makes of it.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Candidate, candidatesOf, type ItemChange } from '../candidate.ts';
import { compareText } from '../compare-text.ts';
import { type CompiledPlan, compilePlan } from '../compiled-plan.ts';
import { ConditionCheck } from '../condition-check.ts';
import { contentHash } from '../content-hash.ts';
import { type DriftType, type Severity, severityOf } from '../drift-type.ts';
import { checkPlanEligibility } from '../eligibility.ts';
import { impactOf } from '../impact.ts';
import { compileItemType } from '../item-type.ts';
import { createItemTypeRegistry, type ItemTypeRegistry, parseItemTypes } from '../item-type-registry.ts';
import { itemTypeSchema } from '../item-type-schema.ts';
import { valueAt } from '../json-pointer.ts';
import type { JsonObject } from '../json-value.ts';
import { normalise } from '../normalise.ts';
import { offlineObservation } from '../observation.ts';
import { parsePlan } from '../parse-plan.ts';
import type { HoldCode } from '../plan-hold.ts';
import { noiseOf } from '../plan-noise.ts';
import { type FindingRoute, findingRoutes, routeOf } from '../plan-route.ts';
import type { PlanContent } from '../plan-schema.ts';
import { diffProperties } from '../property-diff.ts';
import { parseYaml } from '../yaml-document.ts';
import type { PlanTemplateData } from './plan-template-data.ts';

/** The item types that come with the product. */
export const itemTypes: ItemTypeRegistry = readItemTypes();

/** One drift of one item or document. */
interface Drift {
  readonly change: ItemChange;
  readonly candidate: Candidate;
  readonly confidence: number;
}

/** What a plan makes of a drift: the multipliers that apply, and where it goes or what holds it back. */
interface Verdict {
  readonly factors: readonly string[];
  readonly severity: Severity;
  readonly goes: FindingRoute | HoldCode;
}

/** A sentence on a drift, the drift, and the verdict that is expected. */
export type Example = readonly [
  says: string,
  drift: Drift,
  factors: Verdict['factors'],
  severity: Verdict['severity'],
  goes: Verdict['goes'],
];

/** The only drift between two states of an object, of the type that it is recognised as. */
export function changed(before: JsonObject, after: JsonObject): Drift {
  const { type } = itemTypes.identify(after, null);
  const [one, other] = [normalise(before, type, 'key'), normalise(after, type, 'key')];
  const properties = diffProperties(one, other, type);
  const change: ItemChange = {
    ...known(after, 'changed'),
    beforeHash: contentHash(one),
    afterHash: contentHash(other),
    properties,
  };
  return only(change);
}

/** An object that came or went. */
export function whole(change: 'added' | 'removed', object: JsonObject): Drift {
  const hash = contentHash(object);
  const [beforeHash, afterHash] = change === 'added' ? [null, hash] : [hash, null];
  return only({ ...known(object, change), beforeHash, afterHash, properties: [] });
}

/** A claim that is no longer true, of the document at `path` from the root of its repository. */
export function documentDrift(driftType: DriftType, path: string, confidence = 0.95): Drift {
  const type = compileItemType(itemTypeSchema.parse({ itemType: 'document', title: 'Document' }));
  const value = { path: `/${path}`, before: 'was', after: 'is' };
  const property = { ...value, shownPath: value.path, op: 'replace' as const, place: type.root };
  const change: ItemChange = {
    ...{ change: 'changed', type, externalId: path, label: path, path },
    ...{ beforeHash: 'a', afterHash: 'b', properties: [property] },
  };
  return { change, candidate: { driftType, values: [{ ...value, property, impact: 0.5 }] }, confidence };
}

function judge(plan: CompiledPlan, { change, candidate, confidence }: Drift): Verdict {
  const conditions = new ConditionCheck(offlineObservation);
  const noise = noiseOf(plan, { change, candidate, author: null, conditions });
  const values = noise.kept.length === 0 ? candidate.values : noise.kept;
  const drift = { change, driftType: candidate.driftType, values };
  const baseImpact = plan.content.impactRules.baseImpact ?? Math.max(...values.map(({ impact }) => impact));
  const multipliers = plan.multipliers.map(({ name, factor, compiled }) => ({
    ...{ name, factor },
    outcome: conditions.outcomeOf(compiled, drift, { impact: baseImpact }),
  }));
  const impact = impactOf(baseImpact, multipliers);
  const [score, severity] = [impact * confidence, severityOf(impact)];
  const more = { impact, confidence, score, severity };
  const when = plan.when === null ? 'true' : conditions.outcomeOf(plan.when, drift, more);
  const { driftType } = candidate;
  const { reasons } = checkPlanEligibility(plan.content, { driftType, sourceKind: null, ...more, when });
  const held = noise.kept.length === 0 ? noise.rules[0]?.reason : reasons[0];
  expect(conditions.problems()).toEqual([]);
  return {
    factors: multipliers.filter(({ outcome }) => outcome === 'true').map(({ name }) => name),
    severity,
    goes: held?.code ?? routeOf(score, plan.content.thresholds),
  };
}

/** The plan of a template, for a service or repository where it needs one. */
export function planOf({ plan }: PlanTemplateData): PlanContent {
  const scopeRef = { workspace: null, service: 'checkout', repo: 'contoso/checkout' }[plan.scopeType];
  const parsed = parsePlan({ ...plan, scopeRef });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.details));
  return parsed.plan;
}

/** That a template does what its examples say, and that these show all that it decides. */
export function describeTemplate(template: PlanTemplateData, examples: readonly Example[]): void {
  const content = planOf(template);
  const plan = compilePlan(content);
  const names = content.impactRules.multipliers.map(({ name }) => name);

  describe(`the template ${template.id}`, () => {
    it.each(examples)('%s', (_, drift, factors, severity, goes) => {
      expect(judge(plan, drift)).toEqual({ factors: [...factors].sort(compareText), severity, goes });
    });

    it.each(names)('has a factor that applies to some drift and not to other: %s', (name) => {
      const applies = examples.map(([, , factors]) => factors.includes(name));

      expect(new Set(applies)).toEqual(new Set([true, false]));
    });

    it.each(noiseRulesOf(content))('has noise in its examples: %s', (rule) => {
      const codes = examples.flatMap(([, { change, candidate }]) => {
        const conditions = new ConditionCheck(offlineObservation);
        return noiseOf(plan, { change, candidate, author: null, conditions }).rules.map(
          ({ reason }) => reason.rule,
        );
      });

      expect(codes).toContain(rule);
    });

    it('sends its examples wherever its thresholds lead', () => {
      const { ignore: _, digestOnly, notify } = content.thresholds;
      const wanted = findingRoutes.filter(
        (route) => ({ recorded: digestOnly, digest: notify, notify: 1 })[route] > 0,
      );

      expect(examples.map(([, , , , goes]) => goes)).toEqual(expect.arrayContaining(wanted));
    });
  });
}

function noiseRulesOf({ noiseControls }: PlanContent): string[] {
  return Object.entries(noiseControls).flatMap(([name, rules]) =>
    rules.map((_, index) => `/noiseControls/${name}/${index}`),
  );
}

function known(object: JsonObject, change: ItemChange['change']) {
  const { type, externalId } = itemTypes.identify(object, null);
  const label = type.label.map((tokens) => valueAt(object, tokens)).find((value) => value !== undefined);
  const name = String(label ?? externalId);
  return { change, type, externalId: externalId ?? name, label: name, path: 'item.json' };
}

function only(change: ItemChange): Drift {
  const [candidate, ...others] = candidatesOf(change);
  if (candidate === undefined || others.length > 0) throw new Error('an example is one drift');
  return { change, candidate, confidence: 1 };
}

function readItemTypes(): ItemTypeRegistry {
  const folder = new URL('../../../item-types/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const definitions = names.sort(compareText).flatMap((name) => {
    const yaml = parseYaml(readFileSync(new URL(name, folder), 'utf8'));
    const parsed = yaml.ok ? parseItemTypes(yaml.value) : yaml;
    if (!parsed.ok) throw new Error(`${name}: ${JSON.stringify(parsed.details)}`);
    return parsed.definitions;
  });
  const result = createItemTypeRegistry({ own: [], builtIn: definitions });
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.registry;
}
