// What the plan of an execution did, as people read it.
import type { ResolutionMethod, TraceEntry } from '../core/plan-resolution.ts';
import { countList, countText } from '../core/report/count-text.ts';
import type { ExecutionResponse } from '../features/executions/execution-contract.ts';
import { omittedText, traceColumns } from './plans-trace.ts';
import { type Column, printListing } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

/** How the plan was found, as executions have kept it; the first ones without method. */
interface KeptResolution {
  readonly step?: number;
  readonly resolutionMethod?: ResolutionMethod;
  readonly trace?: readonly TraceEntry[];
  readonly omittedTraceEntries?: number;
}

type Field = readonly [name: string, value: string | number | null];

/** The fields of an execution that its plan decided. */
export function planFields(execution: ExecutionResponse): Field[] {
  const { heldBack, hasPlan, planId, planVersion, planVersionHash } = execution;
  const { step, resolutionMethod, trace = [] } = (execution.resolution ?? {}) as KeptResolution;
  const name = trace.find(({ isChosen }) => isChosen)?.name;
  const plan =
    hasPlan === true && planId !== null
      ? `${name === undefined ? '' : `${name}, `}version ${planVersion} (${planId})`
      : null;
  const method = resolutionMethod === undefined ? '' : `, ${resolutionMethod}`;
  return [
    ['plan', hasPlan === false ? 'built-in default' : plan],
    ['plan version hash', planVersionHash],
    ['plan found in', step === undefined ? null : `step ${step}${method}`],
    [
      'held back',
      `${countText(heldBack.candidates, 'subject')}, ${countText(heldBack.changes, 'single change')}`,
    ],
    ...routingFields(execution.routing),
  ];
}

function routingFields(routing: ExecutionResponse['routing']): Field[] {
  if (routing === null) return [];
  const { routes, demoted, inputs } = routing;
  const counted = (counts: Readonly<Record<string, number>>): string | null =>
    countList(Object.entries(counts).map(([what, count]) => [count, what] as const)) || null;
  const world =
    inputs === null
      ? null
      : [
          inputs.hasOpenIncident ? 'an incident was open' : 'no incident was open',
          `${inputs.toldInDay} told in the day before`,
          `${inputs.toldInWeek} in the week`,
          `${inputs.notifiedInHour} at once in the hour`,
        ].join(', ');
  return [
    ['routed', counted(routes)],
    ['routed lower by', counted(demoted)],
    ['depending on', world],
  ];
}

type HeldRule = ExecutionResponse['heldBack']['rules'][number];

const heldColumns: readonly Column<HeldRule>[] = [
  { title: 'HELD BACK BY', value: ({ rule }) => rule, canShrink: true },
  { title: 'SUBJECTS', value: ({ candidates }) => candidates },
  { title: 'CHANGES', value: ({ changes }) => changes },
];

type ConditionProblem = ExecutionResponse['heldBack']['conditionProblems'][number];

const problemColumns: readonly Column<ConditionProblem>[] = [
  { title: 'COULD NOT BE TOLD', value: ({ rule }) => rule, canShrink: true },
  { title: 'WHY', value: ({ outcome }) => outcome },
  { title: 'TIMES', value: ({ count }) => count },
];

/** Writes the tables behind an execution: how its plan was found, and which of its rules held back how much. */
export async function printPlanTables(execution: ExecutionResponse, terminal: Terminal): Promise<void> {
  const { trace = [], omittedTraceEntries = 0 } = (execution.resolution ?? {}) as KeptResolution;
  const { rules, conditionProblems } = execution.heldBack;
  await table(trace, traceColumns);
  if (omittedTraceEntries > 0) terminal.say(omittedText(omittedTraceEntries));
  await table(rules, heldColumns);
  await table(conditionProblems, problemColumns);
  if (rules.length > 0) {
    terminal.say(`What was held back: driftplane executions held ${execution.executionId}`);
  }

  async function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): Promise<void> {
    if (rows.length === 0) return;
    await terminal.write('\n');
    await printListing(rows, columns, { empty: '' }, terminal);
  }
}
