import type { DemotionCode } from '../../core/disposition.ts';
import type { HoldCode } from '../../core/plan-hold.ts';
import type { FindingRoute } from '../../core/plan-route.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { type AnalysedExecutions, analysed } from './analysed-executions.ts';
import type { ExecutionHolds, ExecutionRouting } from './execution.ts';

/** Kinds of executions of one batch. */
const BATCH = 1_000;

/** What some executions came to. */
interface ExecutionCounts {
  executions: number;
  candidates: number;
  letThrough: number;
  heldBack: number;
  heldBackChanges: number;
  opened: number;
}

/** How much a rule held back, or all rules of its field. */
export interface RuleSum {
  readonly code: HoldCode;
  /** JSON Pointer; empty where the rules of a field are summed up. */
  readonly rule: string;
  candidates: number;
  changes: number;
}

/** The executions of one group: of a version of a plan, or of a plan. */
export interface GroupSums {
  readonly counts: ExecutionCounts;
  /** By field and rule. */
  readonly rules: Map<string, RuleSum>;
  /** Findings that were opened, by where they went and by what took them lower. */
  readonly routed: Map<FindingRoute | DemotionCode, number>;
}

export interface ExecutionSums {
  /** By version, or by plan; null: no plan. */
  readonly byKey: ReadonlyMap<string | null, GroupSums>;
  /** By UTC day. */
  readonly byDay: ReadonlyMap<string, ExecutionCounts>;
}

/** What executions came to. Calls `requireTime` between its statements. */
export async function sumExecutions(
  tx: WorkspaceTransaction,
  of: AnalysedExecutions,
  requireTime: () => void,
): Promise<ExecutionSums> {
  const { key, day, where, values } = analysed(tx, of);
  // Most executions find nothing, and all of those came to the same.
  await tx.client.query(
    `declare analysed_executions no scroll cursor for
     select ${key} as key, ${day} as day, e.counts, e.held_back as "heldBack", e.routing, count(*) as times
     from driftplane.executions e where ${where}
     group by 1, 2, 3, 4, 5`,
    values,
  );
  const byKey = new Map<string | null, GroupSums>();
  const byDay = new Map<string, ExecutionCounts>();
  for (;;) {
    requireTime();
    const { rows } = await tx.client.query<SameExecutions>(`fetch ${BATCH} from analysed_executions`);
    for (const row of rows) {
      const group = ofKey(byKey, row.key, noSums);
      const counts = JSON.parse(row.counts);
      addCounts(group.counts, counts, row.times);
      addCounts(ofKey(byDay, row.day, noCounts), counts, row.times);
      // Of many plans the single rules would be too many.
      addRules(group, row, of.planId !== null);
      addRouted(group, row);
    }
    if (rows.length < BATCH) break;
  }
  await tx.client.query('close analysed_executions');
  return { byKey, byDay };
}

/** Executions of one group and day that came to the same. */
interface SameExecutions {
  readonly key: string | null;
  readonly day: string;
  readonly counts: string;
  readonly heldBack: string;
  readonly routing: string | null;
  readonly times: number;
}

function addCounts(sum: ExecutionCounts, counts: Partial<Record<string, number>>, times: number): void {
  const { findings = 0, heldBack = 0, heldBackChanges = 0, opened = 0 } = counts;
  // Executions from before there were plans had no candidates but their findings.
  const { candidates = findings } = counts;
  sum.executions += times;
  sum.candidates += times * candidates;
  sum.letThrough += times * findings;
  sum.heldBack += times * heldBack;
  sum.heldBackChanges += times * heldBackChanges;
  sum.opened += times * opened;
}

function addRules(group: GroupSums, { heldBack, times }: SameExecutions, isByRule: boolean): void {
  const { rules = [] } = JSON.parse(heldBack) as Partial<ExecutionHolds>;
  for (const { code, rule: pointer, candidates, changes } of rules) {
    const rule = isByRule ? pointer : '';
    const sum = ofKey(group.rules, `${code} ${rule}`, () => ({ code, rule, candidates: 0, changes: 0 }));
    sum.candidates += times * candidates;
    sum.changes += times * changes;
  }
}

function addRouted({ routed }: GroupSums, { routing, times }: SameExecutions): void {
  const { routes = {}, demoted = {} } = (JSON.parse(routing ?? 'null') ?? {}) as Partial<ExecutionRouting>;
  const counted: Record<string, number> = { ...routes, ...demoted };
  for (const [name, count] of Object.entries(counted)) {
    const key = name as FindingRoute | DemotionCode;
    routed.set(key, (routed.get(key) ?? 0) + times * count);
  }
}

function noCounts(): ExecutionCounts {
  return { executions: 0, candidates: 0, letThrough: 0, heldBack: 0, heldBackChanges: 0, opened: 0 };
}

function noSums(): GroupSums {
  return { counts: noCounts(), rules: new Map(), routed: new Map() };
}

function ofKey<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
