import type { FindingState } from '../../core/finding-lifecycle.ts';
import { FLAPPING_RUNS } from '../../core/reversals.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { DismissReason, Resolution } from './finding-decision.ts';
import type { GeneratedFindingInput, ReconcileContext } from './generated-finding.ts';

/** What of a finding can change, locked until the transaction ends. */
export interface LockedFinding {
  readonly findingId: string;
  readonly fingerprint: string;
  readonly subjectKey: string;
  readonly scopeId: string;
  readonly label: string;
  readonly severity: string;
  readonly state: FindingState;
  readonly stateChangedAt: Date;
  readonly snoozedUntil: Date | null;
  readonly dismissReason: DismissReason | null;
  readonly resolution: Resolution | null;
  readonly resolvedAt: Date | null;
  readonly baselineHash: string | null;
  readonly currentHash: string | null;
  readonly planVersionHash: string | null;
  readonly engineVersion: string;
  readonly lastExecutionId: string;
  readonly lastRunId: string;
  readonly lastRunSeq: number;
  readonly openedRunSeq: number;
  readonly lastSeenAt: Date;
  readonly occurrenceCount: number;
  readonly isUndone: boolean;
  readonly flipRunSeqs: readonly number[];
  readonly isFlapping: boolean;
  readonly revision: number;
}

const lockedColumns = `f.finding_id as "findingId", f.fingerprint, f.subject_key as "subjectKey", f.scope_id as "scopeId",
  f.label, f.severity, f.state, f.state_changed_at as "stateChangedAt", f.snoozed_until as "snoozedUntil",
  f.dismiss_reason as "dismissReason", f.resolution, f.resolved_at as "resolvedAt", f.baseline_hash as "baselineHash",
  f.current_hash as "currentHash", f.plan_version_hash as "planVersionHash", f.engine_version as "engineVersion",
  f.last_execution_id as "lastExecutionId", f.last_run_id as "lastRunId", f.last_run_seq as "lastRunSeq",
  f.opened_run_seq as "openedRunSeq", f.last_seen_at as "lastSeenAt", f.occurrence_count as "occurrenceCount",
  f.is_undone as "isUndone", f.flip_run_seqs as "flipRunSeqs", f.is_flapping as "isFlapping", f.revision`;

/**
 * Reconciling a scope locks its findings in the order of their subjects, a bulk of people's in another: so
 * those wait for each other here, where nothing is held yet. Scopes reconcile beside each other.
 */
export async function lockFindings(tx: WorkspaceTransaction, mode: 'shared' | 'exclusive'): Promise<void> {
  const lock = mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await tx.client.query(`select ${lock}(hashtextextended('driftplane.findings:' || $1, 0))`, [
    tx.workspaceId,
  ]);
}

/**
 * What `reconcile` has to know of these subjects, locked in their order; the findings of a subject in theirs. One
 * look-up per subject, also where the planner has not counted the table yet and would go through all findings. Which they
 * are is what `isConsidered` says.
 */
export async function lockFindingsOfSubjects(
  tx: WorkspaceTransaction,
  wanted: {
    readonly subjectKeys: readonly string[];
    readonly fingerprints: readonly string[];
    readonly runSeq: number;
  },
): Promise<LockedFinding[]> {
  const { rows } = await tx.client.query<LockedFinding>(
    `select found.* from unnest($2::text[]) as wanted(subject_key)
     cross join lateral (
       select ${lockedColumns} from driftplane.findings f
       where f.workspace_id = $1 and f.subject_key = wanted.subject_key
         and (f.state <> 'resolved' or not f.is_undone or f.fingerprint = any($3)
           or f.flip_run_seqs[cardinality(f.flip_run_seqs)] > $4
           or exists (
             select from driftplane.acceptances a
             where a.workspace_id = $1 and a.finding_id = f.finding_id
               and (a.ended_because is null or a.ended_because = 'expired')))
       order by f.opened_run_seq, f.finding_id
       offset 0
       for no key update
     ) as found`,
    [
      tx.workspaceId,
      [...new Set(wanted.subjectKeys)].sort(),
      wanted.fingerprints,
      wanted.runSeq - FLAPPING_RUNS,
    ],
  );
  return rows;
}

/** Those of the findings that there are and that meet a condition on `f`, whose parameters begin at $3. */
export async function lockFindingsById(
  tx: WorkspaceTransaction,
  findingIds: readonly string[],
  condition: { readonly sql: string; readonly params: readonly unknown[] } = { sql: 'true', params: [] },
): Promise<LockedFinding[]> {
  const { rows } = await tx.client.query<LockedFinding>(
    `select ${lockedColumns} from driftplane.findings f
     where f.workspace_id = $1 and f.finding_id = any($2::uuid[]) and ${condition.sql}
     order by f.finding_id
     for no key update`,
    [tx.workspaceId, findingIds, ...condition.params],
  );
  return rows;
}

/** Whether there is a snoozed finding whose time has come. */
export async function hasOverdueSnooze(tx: WorkspaceTransaction): Promise<boolean> {
  const { rows } = await tx.client.query(
    `select from driftplane.findings
     where workspace_id = $1 and state = 'snoozed' and snoozed_until <= $2 limit 1`,
    [tx.workspaceId, tx.now],
  );
  return rows.length > 0;
}

/** Snoozed findings whose time has come, the oldest first. */
export async function lockSnoozedFindings(tx: WorkspaceTransaction, limit: number): Promise<LockedFinding[]> {
  const { rows } = await tx.client.query<LockedFinding>(
    `select ${lockedColumns} from driftplane.findings f
     where f.workspace_id = $1 and f.state = 'snoozed' and f.snoozed_until <= $2
     order by f.snoozed_until limit $3
     for no key update`,
    [tx.workspaceId, tx.now, limit],
  );
  return rows;
}

/**
 * Of the findings, those whose value has given way to another one that is unresolved, is back at the one before, or is gone
 * with its item: then the inventory knows versions of it, and none that still holds.
 */
export async function findFindingsWithoutTheirValue(
  tx: WorkspaceTransaction,
  findingIds: readonly string[],
): Promise<Set<string>> {
  const { rows } = await tx.client.query<{ findingId: string }>(
    `select f.finding_id as "findingId" from driftplane.findings f
     where f.workspace_id = $1 and f.finding_id = any($2::uuid[])
       and (f.is_undone or exists (
         select from driftplane.findings other
         where other.workspace_id = $1 and other.subject_key = f.subject_key and other.state <> 'resolved'
           and not other.is_undone and other.opened_run_seq > f.opened_run_seq
           and other.current_hash is distinct from f.current_hash)
         or f.drift_type <> 'presence' and (
           select bool_and(v.to_seq is not null) from driftplane.item_versions v
           where v.workspace_id = $1 and v.scope_id = f.scope_id and v.identity_hash =
             sha256(convert_to(f.item_type, 'UTF8') || '\\x00'::bytea || convert_to(f.external_id, 'UTF8'))))`,
    [tx.workspaceId, findingIds],
  );
  return new Set(rows.map(({ findingId }) => findingId));
}

/** Opens findings, in state `new`. */
export async function insertFindings(
  tx: WorkspaceTransaction,
  context: ReconcileContext,
  findings: readonly {
    readonly findingId: string;
    readonly generated: GeneratedFindingInput;
    readonly linkedTo: string | null;
  }[],
): Promise<void> {
  if (findings.length === 0) return;
  const of = <Key extends keyof GeneratedFindingInput>(key: Key) =>
    findings.map(({ generated }) => generated[key]);
  await tx.client.query(
    `insert into driftplane.findings (workspace_id, state, state_changed_at, first_seen_at, last_seen_at,
       first_execution_id, last_execution_id, first_run_id, last_run_id, first_run_seq, last_run_seq, opened_run_seq,
       plan_version_hash, has_plan, engine_version,
       finding_id, fingerprint, subject_key, finding_type, drift_type, change, scope_id, source_id, item_type,
       external_id, label, label_search, severity, impact, drift_score, baseline_hash, current_hash, change_signature,
       evidence, route, disposition, linked_finding_id, plan_id, plan_version)
     select $1, 'new', $2, $2, $2, $3, $3, $4, $4, $5, $5, $5, $6, $7, $8, r.*, $31::uuid, $32::integer
     from unnest($9::uuid[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::uuid[], $16::uuid[],
       $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::real[], $23::real[], $24::text[],
       $25::text[], $26::text[], $27::text[], $28::text[], $29::text[], $30::uuid[]) as r`,
    [
      tx.workspaceId,
      tx.now,
      context.executionId,
      context.runId,
      context.runSeq,
      context.planVersionHash,
      context.hasPlan,
      context.engineVersion,
      findings.map(({ findingId }) => findingId),
      of('fingerprint'),
      of('subjectKey'),
      of('findingType'),
      of('driftType'),
      of('change'),
      of('scopeId'),
      of('sourceId'),
      of('itemType'),
      of('externalId'),
      of('label'),
      findings.map(({ generated }) => searchable(generated.label)),
      of('severity'),
      of('impact'),
      of('score'),
      of('baselineHash'),
      of('currentHash'),
      of('changeSignature'),
      findings.map(({ generated }) => JSON.stringify(generated.evidence)),
      of('route'),
      findings.map(({ generated: { disposition } }) => disposition && JSON.stringify(disposition)),
      findings.map(({ linkedTo }) => linkedTo),
      context.planId,
      context.planVersion,
    ],
  );
}

/** Writes what changed of locked findings. */
export async function updateFindings(
  tx: WorkspaceTransaction,
  findings: readonly LockedFinding[],
): Promise<void> {
  if (findings.length === 0) return;
  const of = <Key extends keyof LockedFinding>(key: Key) => findings.map((finding) => finding[key]);
  await tx.client.query(
    `update driftplane.findings f
     set state = r.state, state_changed_at = r.state_changed_at, snoozed_until = r.snoozed_until,
       dismiss_reason = r.dismiss_reason, resolution = r.resolution, resolved_at = r.resolved_at,
       last_execution_id = r.last_execution_id, last_run_id = r.last_run_id, last_run_seq = r.last_run_seq,
       opened_run_seq = r.opened_run_seq, last_seen_at = r.last_seen_at, occurrence_count = r.occurrence_count,
       is_undone = r.is_undone, flip_run_seqs = r.flip_run_seqs::integer[], is_flapping = r.is_flapping,
       baseline_hash = r.baseline_hash, current_hash = r.current_hash, revision = r.revision
     from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[], $8::timestamptz[],
       $9::uuid[], $10::uuid[], $11::int[], $12::int[], $13::timestamptz[], $14::int[], $15::bool[], $16::text[],
       $17::bool[], $18::text[], $19::text[], $20::int[]) as r(finding_id, state, state_changed_at, snoozed_until, dismiss_reason, resolution,
       resolved_at, last_execution_id, last_run_id, last_run_seq, opened_run_seq, last_seen_at, occurrence_count,
       is_undone, flip_run_seqs, is_flapping, baseline_hash, current_hash, revision)
     where f.workspace_id = $1 and f.finding_id = r.finding_id`,
    [
      tx.workspaceId,
      of('findingId'),
      of('state'),
      of('stateChangedAt'),
      of('snoozedUntil'),
      of('dismissReason'),
      of('resolution'),
      of('resolvedAt'),
      of('lastExecutionId'),
      of('lastRunId'),
      of('lastRunSeq'),
      of('openedRunSeq'),
      of('lastSeenAt'),
      of('occurrenceCount'),
      of('isUndone'),
      findings.map(({ flipRunSeqs }) => `{${flipRunSeqs.join(',')}}`),
      of('isFlapping'),
      of('baselineHash'),
      of('currentHash'),
      of('revision'),
    ],
  );
}

/**
 * Writes what a finding says anew, where it was generated again under another plan, engine or label. Where it went
 * stays as it was decided when it opened: those who were told of it have been told, and what a budget or a missing
 * incident took lower is not lifted by a new version.
 */
export async function updateFindingContents(
  tx: WorkspaceTransaction,
  context: ReconcileContext,
  findings: readonly { readonly findingId: string; readonly generated: GeneratedFindingInput }[],
): Promise<void> {
  if (findings.length === 0) return;
  const of = <Key extends keyof GeneratedFindingInput>(key: Key) =>
    findings.map(({ generated }) => generated[key]);
  await tx.client.query(
    `update driftplane.findings f
     set label = r.label, label_search = r.label_search, severity = r.severity, impact = r.impact,
       drift_score = r.drift_score, plan_id = $13, plan_version = $14,
       change_signature = r.change_signature, evidence = r.evidence, plan_version_hash = $2, has_plan = $3,
       engine_version = $4
     from unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::real[], $10::text[], $11::text[], $12::real[])
       as r(finding_id, label, label_search, severity, impact, change_signature, evidence, drift_score)
     where f.workspace_id = $1 and f.finding_id = r.finding_id`,
    [
      tx.workspaceId,
      context.planVersionHash,
      context.hasPlan,
      context.engineVersion,
      findings.map(({ findingId }) => findingId),
      of('label'),
      findings.map(({ generated }) => searchable(generated.label)),
      of('severity'),
      of('impact'),
      of('changeSignature'),
      findings.map(({ generated }) => JSON.stringify(generated.evidence)),
      of('score'),
      context.planId,
      context.planVersion,
    ],
  );
}

/** The form in which labels are searched: both sides of the filter by text go through this. */
export function searchable(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
