import type { z } from 'zod';
import type { ErrorDetail } from './errors.ts';
import { type JsonValue, ownMember } from './json-value.ts';
import { planConfigSchema } from './plan-config-schema.ts';
import { normalisePlan } from './plan-normalise.ts';
import { type PlanDocument, planDocumentSchema, planFileSchema } from './plan-schema.ts';
import { isRepoName, MAX_SCOPE_REF, repoKey, repoNameFault } from './plan-text.ts';
import type { PlanScopeType } from './plan-vocabulary.ts';
import { describeIssues } from './validation.ts';

export type PlanResult =
  | { readonly ok: true; readonly plan: PlanDocument }
  | { readonly ok: false; readonly details: readonly ErrorDetail[] };

/** The plan in force where there is none: everything counts, nothing is held back. */
export const builtInPlan: PlanDocument = normalisePlan(planFileSchema.parse({}));

/** Validates a plan; all that is wrong is returned together, each with its JSON Pointer. */
export function parsePlan(content: unknown): PlanResult {
  return parseAs(planDocumentSchema, content);
}

/** The same for a plan file without a server: its name and scope may be left out. */
export function parsePlanFile(content: unknown): PlanResult {
  return parseAs(planFileSchema, content, 'workspace');
}

/** What a document would be for, and its status, where that much of it is valid; whatever else is wrong with it. */
export function scopeOfDocument(
  content: unknown,
): Pick<PlanDocument, 'scopeType' | 'scopeRef' | 'docClass' | 'status'> | null {
  const fields = ['scopeType', 'scopeRef', 'docClass', 'status'] as const;
  const written = fields.flatMap((field) => {
    const value = ownMember(content as JsonValue, field);
    return value === undefined ? [] : [[field, value]];
  });
  const parsed = parsePlan({ name: 'any', ...Object.fromEntries(written) });
  return parsed.ok ? parsed.plan : null;
}

/** `scopeType` is what counts where none is written. */
function parseAs(
  schema: z.ZodType<PlanDocument>,
  content: unknown,
  scopeType: PlanScopeType | null = null,
): PlanResult {
  const parsed = schema.safeParse(content, { reportInput: true });
  const details = [
    ...(parsed.success ? [] : describeIssues(parsed.error, schema)),
    ...contradictions(content as JsonValue, scopeType),
  ];
  if (!parsed.success || details.length > 0) return { ok: false, details };
  return { ok: true, plan: normalisePlan(parsed.data) };
}

/** What is wrong between fields. Looks at what was written, so that it is told together with all else. */
function contradictions(plan: JsonValue, scopeType: PlanScopeType | null): ErrorDetail[] {
  return [
    ...scopeFaults(plan, ownMember(plan, 'scopeType') ?? scopeType),
    ...thresholdFaults(plan),
    ...nameFaults(plan),
  ];
}

function fault(pointer: string, detail: string): ErrorDetail {
  return { pointer, line: null, detail };
}

function scopeFaults(plan: JsonValue, scopeType: JsonValue): ErrorDetail[] {
  const scopeRef = ownMember(plan, 'scopeRef') ?? null;
  const faults: ErrorDetail[] = [];
  const isNamed = typeof scopeRef === 'string' && scopeRef.trim() !== '';
  if (scopeType === 'workspace' && scopeRef !== null) {
    faults.push(fault('/scopeRef', 'a workspace plan has no scopeRef: it is for the whole workspace'));
  }
  if (
    (scopeType === 'workspace' || scopeType === 'service') &&
    (ownMember(plan, 'docClass') ?? null) !== null
  ) {
    faults.push(
      fault('/docClass', `only a repo plan is narrowed to a document class, not a ${scopeType} plan`),
    );
  }
  if (scopeType === 'service' && scopeRef === null) {
    faults.push(fault('/scopeRef', 'a service plan needs the id of its service as scopeRef'));
  }
  if (scopeType === 'repo' && scopeRef === null) {
    faults.push(fault('/scopeRef', 'a repo plan needs its repository as scopeRef: owner/name'));
  } else if (scopeType === 'repo' && isNamed && !isRepoName(scopeRef.trim())) {
    faults.push(fault('/scopeRef', repoNameFault));
  } else if (
    scopeType === 'repo' &&
    isNamed &&
    scopeRef.length <= MAX_SCOPE_REF &&
    repoKey(scopeRef).length > MAX_SCOPE_REF
  ) {
    faults.push(
      fault('/scopeRef', `in lower case, as it is kept, it is longer than ${MAX_SCOPE_REF} characters`),
    );
  }
  if (
    typeof ownMember(plan, 'primaryDocSystem') === 'string' &&
    (ownMember(plan, 'primaryDocId') ?? null) === null
  ) {
    faults.push(
      fault('/primaryDocId', 'primaryDocSystem says where a document is kept, so its id is needed too'),
    );
  }
  return faults;
}

/** The thresholds that route, in the order in which they may not fall. */
const ordered = ['ignore', 'digestOnly', 'notify'] as const;

function thresholdFaults(plan: JsonValue): ErrorDetail[] {
  const defaults = builtInThresholds();
  const given = ownMember(plan, 'thresholds');
  const faults: ErrorDetail[] = [];
  let below: { readonly name: string; readonly value: number } | null = null;
  for (const name of ordered) {
    const own = ownMember(given, name);
    const value = own === undefined ? defaults[name] : own;
    // What is no number is told already, and compares with nothing.
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    if (below !== null && value < below.value) {
      const detail = `${name} (${value}) is below ${below.name} (${below.value}): ignore ≤ digestOnly ≤ notify`;
      faults.push(fault(`/thresholds/${name}`, detail));
    }
    below = { name, value };
  }
  return faults;
}

function builtInThresholds() {
  return planConfigSchema.parse({}).thresholds;
}

function nameFaults(plan: JsonValue): ErrorDetail[] {
  const multipliers = ownMember(ownMember(plan, 'impactRules'), 'multipliers');
  if (!Array.isArray(multipliers)) return [];
  const seen = new Map<string, number>();
  return multipliers.flatMap((multiplier, index) => {
    const name = ownMember(multiplier, 'name');
    if (typeof name !== 'string') return [];
    const key = name.normalize('NFC').trim();
    const first = seen.get(key);
    seen.set(key, first ?? index);
    if (first === undefined) return [];
    return [fault(`/impactRules/multipliers/${index}/name`, `multiplier ${first} has this name already`)];
  });
}
