// Backtests as people read them.
import { countList, countText } from '../core/report/count-text.ts';
import type { BacktestChangeResponse, BacktestResponse } from '../features/executions/backtest-contract.ts';
import { statusText } from './plans-backtest-wait.ts';
import { type Column, printListing, printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

type Summary = NonNullable<BacktestResponse['summary']>;
type Field = readonly [name: string, value: string | number | null];

export const backtestColumns: readonly Column<BacktestResponse>[] = [
  { title: 'BACKTEST', value: ({ backtestId }) => backtestId },
  { title: 'STATUS', value: statusText },
  { title: 'PLAN', value: planText, canShrink: true },
  { title: 'DAYS', value: ({ days }) => days },
  { title: 'PAIRS', value: ({ summary }) => summary?.pairs ?? null },
  { title: '+', value: ({ summary }) => summary?.appears ?? null },
  { title: '-', value: ({ summary }) => summary?.disappears ?? null },
  {
    title: '~',
    value: ({ summary }) =>
      summary === null ? null : summary.changes - summary.appears - summary.disappears,
  },
  { title: 'REQUESTED', value: ({ requestedAt }) => requestedAt, canDrop: true },
  { title: 'BY', value: ({ requestedBy }) => requestedBy, canDrop: true },
];

function planText({ planName, planId, planVersion }: BacktestResponse): string {
  return `${planName}, ${planId === null ? 'a document' : `version ${planVersion}`}`;
}

/** Writes what a backtest tries and what it came to, or all of it as JSON. */
export async function printBacktest(
  backtest: BacktestResponse,
  options: { readonly json?: true | undefined },
  terminal: Terminal,
): Promise<void> {
  const { error, scopeIds, summary } = backtest;
  const fields: Field[] = [
    ['backtest', backtest.backtestId],
    ['status', statusText(backtest)],
    ['error', error === null ? null : `${error.message} [${error.code}]`],
    ['plan', planText(backtest)],
    ['version hash', backtest.planVersionHash],
    ['scopes', scopesText(scopeIds)],
    ['runs', `of ${countText(backtest.days, 'day')}, since ${backtest.since}`],
    ['requested', `${backtest.requestedAt} by ${backtest.requestedBy}`],
    ['finished', backtest.finishedAt],
    ...(summary === null ? [] : summaryFields(summary)),
    ['digest', backtest.resultDigest],
  ];
  await printRecord(backtest, fields, options, terminal);
  if (options.json === true || summary === null) return;
  await printRules(summary, terminal);
  if (summary.changes > 0) {
    terminal.say(`What would be otherwise: driftplane plans backtest changes ${backtest.backtestId}`);
  }
}

/** Scopes that are shown by name. */
const MAX_SCOPES = 5;

function scopesText(scopeIds: BacktestResponse['scopeIds']): string {
  if (scopeIds.length === 0) return 'none: there is no source that it would be in force for';
  const more = scopeIds.length - MAX_SCOPES;
  const shown = scopeIds.slice(0, MAX_SCOPES).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function summaryFields(summary: Summary): Field[] {
  const { skipped, heldBack, pairsOfOtherPlans } = summary;
  const left = skipped.map(({ reason, count }) => [count, reason] as const);
  return [
    ['pairs', summary.pairs],
    ['pairs left out', countList(left) || null],
    ['of other plans', pairsOfOtherPlans === 0 ? null : `${pairsOfOtherPlans}, compared all the same`],
    ['subjects', `${summary.candidates} drifted`],
    ['findings', `${summary.findingsBefore} → ${summary.findingsAfter}`],
    ['nothing new', nothingNewText(summary)],
    ['would appear', summary.appears],
    ['would disappear', summary.disappears],
    ['other severity', summary.changesSeverity],
    ['other route', summary.changesRoute],
    ['unchanged', summary.unchanged],
    ['severities', changesText(summary.severitiesBefore, summary.severitiesAfter)],
    ['routes', changesText(summary.routesBefore, summary.routesAfter)],
    ['held back', `${heldBack.before.candidates} → ${countText(heldBack.after.candidates, 'subject')}`],
  ];
}

function nothingNewText({ nothingNewBefore, nothingNewAfter }: Summary): string | null {
  if (nothingNewBefore + nothingNewAfter === 0) return null;
  return `${nothingNewBefore} → ${countText(nothingNewAfter, 'subject')}: ways back, and what is there already or again`;
}

function changesText(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): string {
  const names = Object.keys({ ...before, ...after });
  return names.map((name) => `${name} ${before[name] ?? 0} → ${after[name] ?? 0}`).join(', ');
}

type HeldRule = Summary['heldBack']['after']['rules'][number];

const ruleColumns: readonly Column<HeldRule>[] = [
  { title: 'WOULD HOLD BACK', value: ({ rule }) => rule, canShrink: true },
  { title: 'SUBJECTS', value: ({ candidates }) => candidates },
  { title: 'CHANGES', value: ({ changes }) => changes },
];

async function printRules(
  { heldBack, conditionProblems, forgottenSubjects }: Summary,
  terminal: Terminal,
): Promise<void> {
  const { rules } = heldBack.after;
  if (rules.length > 0) {
    await terminal.write('\n');
    await printListing(rules, ruleColumns, { empty: '' }, terminal);
  }
  if (forgottenSubjects > 0) {
    terminal.say(
      `So much drifted that ${countText(forgottenSubjects, 'subject')} had to be forgotten: what came back to a former value there counts as new.`,
    );
  }
  for (const { rule, outcome, count } of conditionProblems) {
    terminal.say(`${rule} could not be told ${count} times (${outcome}): it holds nothing back then.`);
  }
}

/** A reason of a change; the first one has the change beside it. */
interface ChangeLine {
  readonly change: BacktestChangeResponse | null;
  readonly reason: string | null;
}

/** Why drift that is let through opens no finding. */
const absenceText = {
  way_back: 'the way back of what was found before',
  known: 'its finding is there already, or again',
  flapping: 'it goes to and fro',
} as const;

function linesOf(change: BacktestChangeResponse): ChangeLine[] {
  const { absence, reasons, reasonCount } = change;
  const texts: (string | null)[] = reasons.map(({ code, detail }) => `${code}: ${detail}`);
  if (absence !== null && absence !== 'held_back') texts.push(absenceText[absence]);
  if (reasonCount > reasons.length) texts.push(`… and ${reasonCount - reasons.length} more`);
  if (texts.length === 0) texts.push(null);
  return texts.map((reason, index) => ({ change: index === 0 ? change : null, reason }));
}

/** Nothing of the reasons is cut: they are what people look for. */
const changeColumns: readonly Column<ChangeLine>[] = [
  { title: 'EFFECT', value: ({ change }) => change?.effects.join(', ') ?? null },
  { title: 'SEVERITY', value: ({ change }) => sidesText(change, 'severity') },
  { title: 'ROUTE', value: ({ change }) => sidesText(change, 'route') },
  { title: 'DRIFT', value: ({ change }) => change?.driftType ?? null },
  { title: 'ITEM TYPE', value: ({ change }) => change?.itemType ?? null, canDrop: true },
  { title: 'EXECUTION', value: ({ change }) => change?.executionId ?? null, canDrop: true },
  { title: 'LABEL', value: ({ change }) => change?.label ?? null },
  { title: 'NO FINDING BECAUSE', value: ({ reason }) => reason },
];

function sidesText(change: BacktestChangeResponse | null, of: 'severity' | 'route'): string | null {
  if (change === null) return null;
  const [before = 'none', after = 'none'] = [change.before?.[of], change.after?.[of]];
  return before === after ? before : `${before} → ${after}`;
}

/** How the changes of a backtest are listed. */
export const changeListing = { linesOf, columns: changeColumns, empty: 'Nothing would be otherwise.' };
