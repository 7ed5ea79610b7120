import { triageEvents } from '../../core/finding-lifecycle.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { type AnalysedExecutions, analysed, utcDay } from './analysed-executions.ts';

/** What people did about the findings that some executions opened; `findings` is the sum of the outcomes. */
export interface TriageTotals {
  readonly findings: number;
  readonly acknowledged: number;
  readonly accepted: number;
  readonly falsePositive: number;
  readonly wontFix: number;
  readonly snoozed: number;
  readonly reopened: number;
  readonly resolvedUntouched: number;
  readonly untouched: number;
  /** From the opening of a finding to the first decision about it. */
  readonly timeToTriage: {
    readonly count: number;
    readonly medianSeconds: number | null;
    readonly p90Seconds: number | null;
  };
}

const outcomes = [
  'acknowledged',
  'accepted',
  'falsePositive',
  'wontFix',
  'snoozed',
  'reopened',
  'resolvedUntouched',
  'untouched',
] as const satisfies readonly (keyof TriageTotals)[];

export const noTriage: TriageTotals = {
  findings: 0,
  acknowledged: 0,
  accepted: 0,
  falsePositive: 0,
  wontFix: 0,
  snoozed: 0,
  reopened: 0,
  resolvedUntouched: 0,
  untouched: 0,
  timeToTriage: { count: 0, medianSeconds: null, p90Seconds: null },
};

export interface TriageSums {
  readonly all: TriageTotals;
  /** As `ExecutionSums` has them. */
  readonly byKey: ReadonlyMap<string | null, TriageTotals>;
  /** Findings about which somebody decided first on that UTC day. */
  readonly firstTriagedByDay: ReadonlyMap<string, number>;
}

type TriageRow = Record<(typeof outcomes)[number], number> & {
  level: 'all' | 'key' | 'day';
  key: string | null;
  day: string | null;
  findings: number;
  triaged: number;
  quantiles: number[] | null;
};

/**
 * The outcome of a finding is what a person decided about it last: what became of it since by itself (resolved, woken,
 * expired) is another matter. A dismissed finding leaves that state by a person only, so its reason is that of the decision.
 */
export async function sumTriage(tx: WorkspaceTransaction, of: AnalysedExecutions): Promise<TriageSums> {
  const { key, where, values } = analysed(tx, of);
  const { rows } = await tx.client.query<TriageRow>(
    `with opened as (
       select ${key} as key, f.finding_id, f.first_seen_at, f.state, f.dismiss_reason
       from driftplane.executions e
       join driftplane.findings f on f.workspace_id = $1 and f.first_execution_id = e.execution_id
       where ${where}
     ), decided as (
       select o.finding_id, min(v.at) as first_at, (array_agg(v.kind order by v.event_no desc))[1] as last_kind
       from opened o
       join driftplane.finding_events v on v.workspace_id = $1 and v.finding_id = o.finding_id
       where v.kind in (${triageEvents.map((kind) => `'${kind}'`).join(', ')})
       group by o.finding_id
     ), judged as (
       select o.key, ${utcDay('d.first_at')} as day,
         case when d.first_at is not null
           then greatest(0, extract(epoch from d.first_at - o.first_seen_at))::float8 end as seconds,
         case d.last_kind
           when 'acknowledge' then 'acknowledged'
           when 'accept' then 'accepted'
           when 'dismiss' then case o.dismiss_reason when 'false_positive' then 'falsePositive' else 'wontFix' end
           when 'snooze' then 'snoozed'
           when 'reopen' then 'reopened'
           else case o.state when 'resolved' then 'resolvedUntouched' else 'untouched' end
         end as outcome
       from opened o left join decided d using (finding_id)
     )
     select case when grouping(key) = 0 then 'key' when grouping(day) = 0 then 'day' else 'all' end as level, key, day,
       count(*) as findings, count(seconds) as triaged,
       ${outcomes.map((outcome) => `count(*) filter (where outcome = '${outcome}') as "${outcome}"`).join(', ')},
       percentile_cont(array[0.5, 0.9]) within group (order by seconds) as quantiles
     from judged group by grouping sets ((), (key), (day))`,
    values,
  );
  const ofLevel = (level: TriageRow['level']): TriageRow[] => rows.filter((row) => row.level === level);
  return {
    all: totalsOf(ofLevel('all')[0]),
    byKey: new Map(ofLevel('key').map((row) => [row.key, totalsOf(row)])),
    firstTriagedByDay: new Map(
      ofLevel('day').flatMap(({ day, triaged }) => (day === null ? [] : [[day, triaged] as const])),
    ),
  };
}

function totalsOf(row: TriageRow | undefined): TriageTotals {
  if (row === undefined) return noTriage;
  const { level: _level, key: _key, day: _day, triaged, quantiles, ...counts } = row;
  const [medianSeconds = null, p90Seconds = null] = (quantiles ?? []).map(inMilliseconds);
  return { ...counts, timeToTriage: { count: triaged, medianSeconds, p90Seconds } };
}

/** Instants are kept in milliseconds; what lies between two of them is told as exactly. */
function inMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
