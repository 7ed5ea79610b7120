// Analytics as people read them.
import { countList, countText } from '../core/report/count-text.ts';
import type {
  PlanAnalyticsResponse,
  PlanTotalsResponse,
  WorkspaceAnalyticsResponse,
} from '../features/executions/analytics-contract.ts';
import { type Column, printListing, printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

type Field = readonly [name: string, value: string | number | null];
type JsonOption = { readonly json?: true | undefined };
type NoisePaths = WorkspaceAnalyticsResponse['noise'];

/** Writes what one plan did, rule by rule, or all of it as JSON. */
export async function printPlanAnalytics(
  analytics: PlanAnalyticsResponse,
  options: JsonOption,
  terminal: Terminal,
): Promise<void> {
  const { name, planId, status, version, window, totals, noise } = analytics;
  const standing = status === 'active' ? `version ${version} in force` : `${status}, nothing in force`;
  const fields: Field[] = [
    ['plan', `${name}, ${standing} (${planId})`],
    ['window', windowText(window)],
    ...totalFields(totals),
  ];
  await printRecord(analytics, fields, options, terminal);
  if (options.json === true) return;
  const { versions, trend } = analytics;
  await table(versions.length > 1 ? versions : [], versionColumns, terminal);
  await table(
    trend.filter(({ executions, firstTriaged }) => executions > 0 || firstTriaged > 0),
    dayColumns,
    terminal,
  );
  await table(noise.rules, ruleColumns('HELD BACK BY'), terminal);
  await table(noise.deadRules, ruleColumns('HELD NOTHING BACK'), terminal);
  await printNoise(noise, terminal);
  const omitted = noise.omittedRules + noise.omittedDeadRules;
  if (omitted > 0) terminal.say(`${countText(omitted, 'more rule')} not shown.`);
  sayWhatIsKept(window, terminal);
}

/** Writes what the plans of a workspace did, and where none is in force, or all of it as JSON. */
export async function printWorkspaceAnalytics(
  analytics: WorkspaceAnalyticsResponse,
  options: JsonOption,
  terminal: Terminal,
): Promise<void> {
  const { window, plans, withoutPlan, scopesWithoutPlan, noise } = analytics;
  const fields: Field[] = [
    ['window', windowText(window)],
    ['plans', plans.length + analytics.omittedPlans],
    ['scopes without plan', scopesWithoutPlan.length + analytics.omittedScopes],
  ];
  await printRecord(analytics, fields, options, terminal);
  if (options.json === true) return;
  const none = { name: '(built-in default)', status: null, ...withoutPlan };
  await table([...plans, ...(withoutPlan.executions > 0 ? [none] : [])], planColumns, terminal);
  await table(scopesWithoutPlan, scopeColumns, terminal);
  await printNoise(noise, terminal);
  sayWhatIsKept(window, terminal);
}

async function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  terminal: Terminal,
): Promise<void> {
  if (rows.length === 0) return;
  await terminal.write('\n');
  await printListing(rows, columns, { empty: '' }, terminal);
}

function windowText({ days, since, until }: PlanAnalyticsResponse['window']): string {
  return `${countText(days, 'day')}, ${since} to ${until}`;
}

function sayWhatIsKept(window: PlanAnalyticsResponse['window'], terminal: Terminal): void {
  const { executionsKeptSince, findingsKeptSince } = window;
  if (executionsKeptSince !== null) terminal.say(`Executions are kept since ${executionsKeptSince} only.`);
  if (findingsKeptSince !== null) {
    terminal.say(`Findings that were resolved are kept since ${findingsKeptSince} only.`);
  }
}

function totalFields(totals: PlanTotalsResponse): Field[] {
  const { heldBack, triage, demoted, routes } = totals;
  const { medianSeconds, p90Seconds, count } = triage.timeToTriage;
  return [
    ['executions', totals.executions],
    ['subjects', `${totals.candidates} drifted, ${totals.letThrough} let through`],
    [
      'held back',
      `${countText(heldBack.candidates, 'subject')}, ${countText(heldBack.changes, 'single change')}`,
    ],
    ['findings', `${totals.opened} opened`],
    ['routed', countList(Object.entries(routes).map(([route, many]) => [many, route] as const)) || null],
    ['routed lower by', countList(demoted.map(({ code, count: many }) => [many, code] as const)) || null],
    ['decided', triageText(triage)],
    [
      'time to decide',
      medianSeconds === null || p90Seconds === null
        ? null
        : `${durationText(medianSeconds)} (median of ${count}), nine of ten within ${durationText(p90Seconds)}`,
    ],
  ];
}

function triageText(triage: PlanTotalsResponse['triage']): string | null {
  const list = countList([
    [triage.acknowledged, 'acknowledged'],
    [triage.accepted, 'accepted'],
    [triage.falsePositive, 'false positives'],
    [triage.wontFix, "won't fix"],
    [triage.snoozed, 'snoozed'],
    [triage.reopened, 'reopened'],
    [triage.resolvedUntouched, 'resolved untouched'],
    [triage.untouched, 'untouched'],
  ]);
  return list === '' ? null : list;
}

const units = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const;

function durationText(seconds: number): string {
  for (const [length, unit] of units) {
    if (seconds >= length) return `${(seconds / length).toFixed(1)} ${unit}`;
  }
  return `${Math.round(seconds)} s`;
}

/** What plans and versions have alike. */
const totalColumns: readonly Column<PlanTotalsResponse>[] = [
  { title: 'EXECUTIONS', value: ({ executions }) => executions, canDrop: true },
  { title: 'DRIFTED', value: ({ candidates }) => candidates },
  { title: 'LET THROUGH', value: ({ letThrough }) => letThrough },
  { title: 'HELD BACK', value: ({ heldBack }) => heldBack.candidates },
  { title: 'OPENED', value: ({ opened }) => opened },
  { title: 'TOLD AT ONCE', value: ({ routes }) => routes.notify ?? 0 },
  { title: 'FALSE POSITIVES', value: ({ triage }) => triage.falsePositive },
];

const versionColumns: readonly Column<PlanAnalyticsResponse['versions'][number]>[] = [
  { title: 'VERSION', value: ({ version }) => version },
  ...totalColumns,
];

const planColumns: readonly Column<PlanTotalsResponse & { name: string; status: string | null }>[] = [
  { title: 'PLAN', value: ({ name }) => name, canShrink: true },
  { title: 'STATUS', value: ({ status }) => status },
  ...totalColumns,
];

const dayColumns: readonly Column<PlanAnalyticsResponse['trend'][number]>[] = [
  { title: 'DAY', value: ({ day }) => day },
  { title: 'EXECUTIONS', value: ({ executions }) => executions },
  { title: 'DRIFTED', value: ({ candidates }) => candidates },
  { title: 'LET THROUGH', value: ({ letThrough }) => letThrough },
  { title: 'HELD BACK', value: ({ heldBack }) => heldBack },
  { title: 'OPENED', value: ({ opened }) => opened },
  { title: 'DECIDED', value: ({ firstTriaged }) => firstTriaged },
];

function ruleColumns(title: string): readonly Column<PlanAnalyticsResponse['noise']['rules'][number]>[] {
  return [
    { title, value: ({ rule }) => rule },
    { title: 'RULE', value: ({ text }) => text, canShrink: true },
    { title: 'VERSION', value: ({ version, isInForce }) => `${version}${isInForce ? '' : ' (former)'}` },
    { title: 'SUBJECTS', value: ({ candidates }) => candidates },
    { title: 'CHANGES', value: ({ changes }) => changes },
    { title: 'EXECUTIONS', value: ({ executions }) => executions, canDrop: true },
  ];
}

const scopeColumns: readonly Column<WorkspaceAnalyticsResponse['scopesWithoutPlan'][number]>[] = [
  { title: 'SCOPE WITHOUT PLAN', value: ({ scopeId }) => scopeId },
  { title: 'SOURCE', value: ({ sourceName }) => sourceName, canShrink: true },
  { title: 'LAST RUN', value: ({ lastRunAt }) => lastRunAt },
  { title: 'FINDINGS', value: ({ findings }) => findings },
];

/** What ignoring paths, one or several together, would have done. */
const ignoredColumns: readonly Column<NoisePaths['paths'][number] | NoisePaths['combinations'][number]>[] = [
  { title: 'ITEM TYPE', value: ({ itemType }) => itemType, canShrink: true },
  { title: 'FINDINGS', value: ({ findings }) => findings },
  { title: 'WOULD GO', value: ({ removed }) => removed },
  { title: 'SHARE', value: ({ removedShare }) => `${Math.round(removedShare * 100)} %` },
  { title: 'SHORTER', value: ({ reduced }) => reduced },
];

const noiseColumns: readonly Column<NoisePaths['paths'][number]>[] = [
  {
    title: 'NOISY PATH',
    value: ({ path }) => pathText(path),
    canShrink: true,
  },
  ...ignoredColumns,
];

const combinationColumns: readonly Column<NoisePaths['combinations'][number]>[] = [
  {
    title: 'ONLY TOGETHER',
    value: ({ rules }) => rules.map(({ path }) => pathText(path)).join(' + '),
    canShrink: true,
  },
  ...ignoredColumns,
];

function pathText(path: string): string {
  return path === '' ? '(coming and going)' : path;
}

async function printNoise(noise: NoisePaths, terminal: Terminal): Promise<void> {
  await table(noise.paths, noiseColumns, terminal);
  await table(noise.combinations, combinationColumns, terminal);
  if (noise.paths.length > 0) {
    terminal.say('The rules for noiseControls.ignoreChanges that would ignore them: --json');
  }
  if (noise.cutFindings > 0) {
    terminal.say(
      `${countText(noise.cutFindings, 'finding')} kept only a part of their changes: no rule is said to remove them.`,
    );
  }
  if (noise.omittedFindings > 0) {
    terminal.say(`${countText(noise.omittedFindings, 'older finding')} were not looked at for noise.`);
  }
}
