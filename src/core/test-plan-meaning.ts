// What plans mean: docs/plan-hash.md written down once more, slow and plain, without the code that it is compared with.
import { canonicalJson } from './canonical-json.ts';
import { driftTypes } from './drift-type.ts';
import type { PlanDocumentInput } from './plan-schema.ts';

/** What each field means where it is left out. Sets in order. */
export const planDefaults = {
  description: '',
  scopeRef: null,
  docClass: null,
  primaryDocId: null,
  primaryDocSystem: null,
  inputSources: ['files', 'git', 'kubernetes', 'microsoft_graph', 'postgres', 'push', 'terraform'],
  driftTypes: [...driftTypes].sort(),
  allowedOutputs: ['email', 'microsoft_teams', 'slack', 'webhook'],
  thresholds: {
    minConfidence: 0,
    minImpactScore: 0,
    minDriftScore: 0,
    ignore: 0,
    digestOnly: 0.2,
    notify: 0.4,
    autoApprove: 0.98,
  },
  eligibility: { requiresIncident: false, minSeverity: 'sev4', requiresApproval: false, when: null },
  sectionTargets: Object.fromEntries(driftTypes.map((type) => [type, [] as string[]])),
  impactRules: { baseImpact: null, multipliers: [] },
  writeback: { enabled: false, requiresApproval: true, autoMerge: false, reviewers: [] },
  noiseControls: { ignorePatterns: [], ignorePaths: [], ignoreAuthors: [], ignoreChanges: [] },
  budgets: { maxDriftsPerDay: null, maxDriftsPerWeek: null, maxNotificationsPerHour: null },
  docTargeting: { strategy: 'primary_first', maxDocsPerDrift: 3, priorityOrder: [] },
} as const;

/** The same of an element of noiseControls.ignoreChanges. */
export const ignoreChangeDefaults = { itemType: '*', when: null, reason: '' };

export function normalText(text: string): string {
  return text.normalize('NFC').trim();
}

type Texts = readonly string[];

/** `defaults` with what is written over them. */
function filled<Fields extends object>(
  defaults: object,
  written: Fields | undefined,
): { [Name in keyof Fields]-?: Exclude<Fields[Name], undefined> } {
  return { ...defaults, ...written } as never;
}

/** All of a plan that changes behaviour, in normal form: what its hash is taken of. */
export function meaningOf(written: PlanDocumentInput) {
  const { scopeRef = null, docClass = null, primaryDocId = null, primaryDocSystem = null } = written;
  const impactRules = filled(planDefaults.impactRules, written.impactRules);
  const noiseControls = filled(planDefaults.noiseControls, written.noiseControls);
  const docTargeting = filled(planDefaults.docTargeting, written.docTargeting);
  const writeback = filled(planDefaults.writeback, written.writeback);
  const eligibility = filled(planDefaults.eligibility, written.eligibility);
  const text = (value: string | null): string | null => (value === null ? null : normalText(value));
  const condition = (value: string | null): string | null => text(value) || null;
  const set = (values: Texts): string[] => [...new Set(values.map(normalText))].sort();
  const changes = noiseControls.ignoreChanges.map((change) => {
    const { path, itemType, when, reason } = filled(ignoreChangeDefaults, change);
    return {
      path: path.normalize('NFC'),
      itemType: normalText(itemType),
      when: condition(when),
      reason: normalText(reason),
    };
  });
  return {
    name: normalText(written.name),
    scopeType: written.scopeType,
    scopeRef:
      written.scopeType === 'repo'
        ? (text(scopeRef)?.toLowerCase().normalize('NFC') ?? null)
        : text(scopeRef),
    docClass: text(docClass),
    primaryDocId: text(primaryDocId),
    primaryDocSystem,
    inputSources: set(written.inputSources ?? planDefaults.inputSources),
    driftTypes: set(written.driftTypes ?? planDefaults.driftTypes),
    allowedOutputs: set(written.allowedOutputs ?? planDefaults.allowedOutputs),
    thresholds: { ...planDefaults.thresholds, ...written.thresholds },
    eligibility: { ...eligibility, when: condition(eligibility.when) },
    sectionTargets: Object.fromEntries(
      driftTypes.map((type) => [type, set(written.sectionTargets?.[type] ?? [])]),
    ),
    impactRules: {
      baseImpact: impactRules.baseImpact,
      multipliers: impactRules.multipliers
        .map(({ name, factor, when }) => ({ name: normalText(name), factor, when: normalText(when) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    },
    writeback: { ...writeback, reviewers: set(writeback.reviewers) },
    noiseControls: {
      ignorePatterns: set(noiseControls.ignorePatterns),
      ignorePaths: [...new Set(noiseControls.ignorePaths.map((path) => path.normalize('NFC')))].sort(),
      ignoreAuthors: set(noiseControls.ignoreAuthors),
      ignoreChanges: [...new Map(changes.map((change) => [canonicalJson(change), change]))]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, change]) => change),
    },
    budgets: { ...planDefaults.budgets, ...written.budgets },
    docTargeting: { ...docTargeting, priorityOrder: [...new Set(docTargeting.priorityOrder)] },
  };
}
