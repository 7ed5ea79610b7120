-- What reconciling needs to know of a finding besides, and what answers the list of findings.

alter table driftplane.findings
  -- The run in which it was opened, or was there again, last: orders the findings of a subject.
  add column opened_run_seq integer not null,
  -- Since then the value was back at what it was before this finding.
  add column is_undone boolean not null default false,
  -- An id may be longer than a row of an index. A column, as row-level security keeps functions out of index scans.
  add column external_id_hash bigint not null generated always as (hashtextextended(external_id, 0)) stored;

-- The subjects that a run has to look at whatever changed.
create index findings_unresolved_subject_idx on driftplane.findings (workspace_id, scope_id, subject_key) where state <> 'resolved';
-- Reconciling looks at expired acceptances too, as long as their finding is accepted.
drop index driftplane.acceptances_subject_idx;
create index acceptances_subject_idx on driftplane.acceptances (workspace_id, subject_key)
  where ended_because is null or ended_because = 'expired';

-- The white list of finding-branches.ts: equalities first, then the order of the list. A filter that names no state
-- or severity visits every one of them.
create index findings_first_seen_idx on driftplane.findings (workspace_id, first_seen_at, finding_id);
create index findings_state_idx on driftplane.findings (workspace_id, state, first_seen_at, finding_id);
create index findings_last_seen_idx on driftplane.findings (workspace_id, state, last_seen_at, finding_id);
create index findings_severity_idx on driftplane.findings (workspace_id, state, severity, first_seen_at, finding_id);
create index findings_scope_idx on driftplane.findings (workspace_id, scope_id, state, severity, first_seen_at, finding_id);
create index findings_source_idx on driftplane.findings (workspace_id, source_id, state, severity, first_seen_at, finding_id);
create index findings_item_type_idx on driftplane.findings (workspace_id, item_type, state, severity, first_seen_at, finding_id);
create index findings_drift_type_idx on driftplane.findings (workspace_id, drift_type, state, severity, first_seen_at, finding_id);
create index findings_change_idx on driftplane.findings (workspace_id, change, state, severity, first_seen_at, finding_id);
create index findings_signature_idx on driftplane.findings (workspace_id, change_signature, state, severity, first_seen_at, finding_id);
create index findings_external_id_idx on driftplane.findings (workspace_id, external_id_hash);
