import { compareText } from './compare-text.ts';
import { isPlain, repoKey } from './plan-text.ts';
import type { PlanScopeType } from './plan-vocabulary.ts';

/** What a plan is asked for: a source's binding. */
export interface PlanSubject {
  readonly serviceId: string | null;
  /** `owner/name`, in any case. */
  readonly repoFullName: string | null;
  readonly docClass: string | null;
}

/** An active plan, as far as resolving needs it. */
export interface ResolvablePlan {
  readonly planId: string;
  readonly name: string;
  readonly scopeType: PlanScopeType;
  /** Null for a workspace plan; a repository in lower case. */
  readonly scopeRef: string | null;
  readonly docClass: string | null;
  readonly version: number;
  readonly versionHash: string;
  /** Instant, ISO 8601 in UTC. */
  readonly createdAt: string;
}

/** A repository may have as many plans as document classes; a trace is kept with every execution. */
export const MAX_TRACE_ENTRIES = 50;

/** How many subjects are asked for at once, at most. */
export const MAX_SUBJECTS = 1000;

/** The five steps, the most specific first. */
export const resolutionMethods = ['exact', 'repo', 'service', 'workspace', 'none'] as const;

export type ResolutionMethod = (typeof resolutionMethods)[number];

export type ResolutionStep = 1 | 2 | 3 | 4 | 5;

/** What became of a plan that matches a step, and why. */
export interface TraceEntry {
  readonly step: ResolutionStep;
  readonly planId: string;
  readonly name: string;
  readonly version: number;
  readonly isChosen: boolean;
  readonly because: string;
}

export interface Resolution<Plan extends ResolvablePlan = ResolvablePlan> {
  /** Null: none of the workspace's plans is for the subject; the built-in default counts. */
  readonly plan: Plan | null;
  readonly step: ResolutionStep;
  readonly resolutionMethod: ResolutionMethod;
  readonly hasPlan: boolean;
  /** What the plan that was found is for; null where none was. */
  readonly planScope: PlanScopeType | null;
  /**
   * The plans that match a step, in the order of the steps, and within one in that of preference; the first
   * `MAX_TRACE_ENTRIES`, of which the plan that was found is the first.
   */
  readonly trace: readonly TraceEntry[];
  /** How many more plans match. */
  readonly omittedTraceEntries: number;
}

/**
 * The plan for a subject: 1 exact (repository and document class), 2 repository (any document class), 3 service,
 * 4 workspace default, 5 none. `plans` are the active ones of one workspace. Step 1 is skipped where no document
 * class is asked for. In step 2 a plan without document class comes first, then the oldest, then the lowest id.
 */
export function resolveDriftPlan<Plan extends ResolvablePlan>(
  plans: Iterable<Plan>,
  subject: PlanSubject,
): Resolution<Plan> {
  return createPlanIndex(plans).resolve(subject);
}

/** A set of plans in which finding one takes the same time however many there are. */
export interface PlanIndex<Plan extends ResolvablePlan> {
  resolve(subject: PlanSubject): Resolution<Plan>;
}

export function createPlanIndex<Plan extends ResolvablePlan>(plans: Iterable<Plan>): PlanIndex<Plan> {
  const byScope: Record<PlanScopeType, Map<string, Plan[]>> = {
    repo: new Map(),
    service: new Map(),
    workspace: new Map(),
  };
  for (const plan of plans) {
    const group = byScope[plan.scopeType];
    const key = plan.scopeRef ?? '';
    const known = group.get(key);
    if (known === undefined) group.set(key, [plan]);
    else known.push(plan);
  }
  for (const group of Object.values(byScope))
    for (const found of group.values()) found.sort(comparePreference);
  return {
    resolve(subject) {
      const { serviceId, repoFullName, docClass } = normalSubject(subject);
      const repo = (repoFullName && byScope.repo.get(repoFullName)) || none;
      const service = (serviceId && byScope.service.get(serviceId)) || none;
      const workspace = byScope.workspace.get('') ?? none;
      if (docClass === null || repo.length === 0) return resolutionOf([none, repo, service, workspace]);
      const exact: Plan[] = [];
      const other: Plan[] = [];
      for (const plan of repo) (plan.docClass === docClass ? exact : other).push(plan);
      return resolutionOf([exact, other, service, workspace]);
    },
  };
}

const none: readonly never[] = [];

/** What is asked for as plans have it: text in NFC without white space around it, a repository in lower case. */
export function normalSubject({ serviceId, repoFullName, docClass }: PlanSubject): PlanSubject {
  return {
    serviceId: normalText(serviceId),
    repoFullName: repoFullName === null ? null : repoKey(repoFullName),
    docClass: normalText(docClass),
  };
}

function normalText(text: string | null): string | null {
  return text === null || isPlain(text) ? text : text.normalize('NFC').trim();
}

/** Without document class first, then the oldest, then by id. */
export function comparePreference(one: ResolvablePlan, other: ResolvablePlan): number {
  return (
    Number(one.docClass !== null) - Number(other.docClass !== null) ||
    compareText(one.createdAt, other.createdAt) ||
    compareText(one.planId, other.planId)
  );
}

/**
 * The resolution of what matches each of the steps 1 to 4, each list in the order of preference: the first of the
 * first that is not empty.
 */
export function resolutionOf<Plan extends ResolvablePlan>(
  matches: readonly (readonly Plan[])[],
): Resolution<Plan> {
  let chosenAt = 0;
  while (chosenAt < matches.length && matches[chosenAt]?.length === 0) chosenAt++;
  const step = (chosenAt + 1) as ResolutionStep;
  const plan = matches[chosenAt]?.[0] ?? null;
  // Written as loops: a backtest asks for every pair.
  const trace: TraceEntry[] = [];
  let omittedTraceEntries = 0;
  for (let index = chosenAt; index < matches.length; index++) {
    for (const candidate of matches[index] as readonly Plan[]) {
      if (trace.length === MAX_TRACE_ENTRIES) {
        omittedTraceEntries++;
        continue;
      }
      const { planId, name, version } = candidate;
      trace.push({
        step: (index + 1) as ResolutionStep,
        planId,
        name,
        version,
        isChosen: candidate === plan,
        because: whyOf({ step: index + 1, chosenStep: step, candidate, chosen: plan ?? candidate }),
      });
    }
  }
  return {
    plan,
    step,
    resolutionMethod: resolutionMethods[step - 1] as ResolutionMethod,
    hasPlan: plan !== null,
    planScope: plan === null ? null : plan.scopeType,
    trace,
    omittedTraceEntries,
  };
}

const stepTexts = [
  'it is for the repository and the document class',
  'it is for the repository',
  'it is for the service',
  'it is for the workspace',
] as const;

function whyOf(place: {
  readonly step: number;
  readonly chosenStep: number;
  readonly candidate: ResolvablePlan;
  readonly chosen: ResolvablePlan;
}): string {
  const { step, chosenStep, candidate, chosen } = place;
  const plain = stepTexts[step - 1] as string;
  const text =
    step === 2 && candidate.docClass !== null ? `${plain} (its document class ${candidate.docClass})` : plain;
  if (candidate === chosen) return `${text}, and nothing more specific is`;
  if (step > chosenStep) return `${text}, but step ${chosenStep} is more specific`;
  if (candidate.docClass !== null && chosen.docClass === null)
    return `${text}, but another plan of it has no document class`;
  if (candidate.createdAt !== chosen.createdAt) return `${text}, but another plan of it is older`;
  return `${text}, but another plan of it is as old and has a lower id`;
}
