-- The tables of Driftplane. Every tenant table begins every key with workspace_id, so that a row belongs to one
-- workspace and tables can be distributed by it; 0002 puts the row-level security on them.
-- Instants are kept in milliseconds, the precision that a cursor or a hash over them can give back.

-- The ids alone, for who has to go through all workspaces. No tenant data.
create table driftplane.workspace_ids (
  id uuid constraint workspace_ids_pkey primary key
);

create table driftplane.workspaces (
  workspace_id uuid not null,
  name text not null,
  -- Key of the digests that take the place of secrets and of raw bytes. Never leaves the server.
  digest_key text not null,
  version_retention_days integer not null default 400,
  execution_retention_days integer not null default 400,
  finding_retention_days integer not null default 400,
  revision integer not null default 1,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  constraint workspaces_pkey primary key (workspace_id),
  constraint workspaces_retention_check check (
    version_retention_days between 1 and 36500
    and execution_retention_days between 1 and 36500
    and finding_retention_days between 1 and 36500
  )
);

-- What grows with every transaction of a workspace; locked last, so that its order is the order of commits.
create table driftplane.workspace_heads (
  workspace_id uuid not null,
  audit_seq bigint not null default 0,
  audit_hash text not null default repeat('0', 64),
  event_seq bigint not null default 0,
  constraint workspace_heads_pkey primary key (workspace_id),
  constraint workspace_heads_workspace_fkey foreign key (workspace_id) references driftplane.workspaces
);

create table driftplane.api_tokens (
  workspace_id uuid not null,
  token_id uuid not null,
  name text not null,
  role text not null,
  -- SHA-256 of the token's text, which is random; the text itself is never stored.
  token_hash bytea not null,
  created_at timestamptz(3) not null,
  created_by text not null,
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  constraint api_tokens_pkey primary key (workspace_id, token_id),
  constraint api_tokens_hash_key unique (workspace_id, token_hash),
  constraint api_tokens_role_check check (role in ('viewer', 'operator', 'admin')),
  constraint api_tokens_workspace_fkey foreign key (workspace_id) references driftplane.workspaces
);

create table driftplane.idempotency_keys (
  workspace_id uuid not null,
  token_id uuid not null,
  idempotency_key text not null,
  request_hash text not null,
  response_status integer not null,
  response_body text not null,
  created_at timestamptz(3) not null,
  constraint idempotency_keys_pkey primary key (workspace_id, token_id, idempotency_key),
  constraint idempotency_keys_token_fkey foreign key (workspace_id, token_id) references driftplane.api_tokens on delete cascade
);
create index idempotency_keys_created_idx on driftplane.idempotency_keys (workspace_id, created_at);

create table driftplane.audit_events (
  workspace_id uuid not null,
  seq bigint not null,
  at timestamptz(3) not null,
  actor_kind text not null,
  actor_id text,
  actor_label text not null,
  action text not null,
  target_kind text not null,
  target_id text,
  -- Canonical JSON: what the hash is taken of must come back as it went in.
  detail text not null,
  previous_hash text not null,
  hash text not null,
  constraint audit_events_pkey primary key (workspace_id, seq),
  constraint audit_events_actor_check check (actor_kind in ('token', 'system', 'cli')),
  constraint audit_events_workspace_fkey foreign key (workspace_id) references driftplane.workspaces
);
create index audit_events_target_idx on driftplane.audit_events (workspace_id, target_kind, target_id, seq);

-- What the event stream sends; kept for some days so that a reader can resume.
create table driftplane.stream_events (
  workspace_id uuid not null,
  seq bigint not null,
  at timestamptz(3) not null,
  kind text not null,
  payload text not null,
  constraint stream_events_pkey primary key (workspace_id, seq),
  constraint stream_events_workspace_fkey foreign key (workspace_id) references driftplane.workspaces
);
create index stream_events_at_idx on driftplane.stream_events (workspace_id, at);

create table driftplane.sources (
  workspace_id uuid not null,
  source_id uuid not null,
  kind text not null,
  name text not null,
  config text not null,
  selection text not null,
  service_id text,
  repo_full_name text,
  doc_class text,
  schedule text,
  schedule_time_zone text not null default 'UTC',
  next_sync_at timestamptz(3),
  -- More than this share of a type, and at least so many items, gone at once holds a run.
  max_removed_share real not null default 0.3,
  min_removed_items integer not null default 20,
  revision integer not null default 1,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  archived_at timestamptz(3),
  constraint sources_pkey primary key (workspace_id, source_id),
  constraint sources_kind_check check (kind in ('files', 'push')),
  constraint sources_workspace_fkey foreign key (workspace_id) references driftplane.workspaces
);
create unique index sources_name_key on driftplane.sources (workspace_id, name) where archived_at is null;
create index sources_next_sync_idx on driftplane.sources (workspace_id, next_sync_at) where next_sync_at is not null;

create table driftplane.scopes (
  workspace_id uuid not null,
  scope_id uuid not null,
  source_id uuid not null,
  scope_key text not null,
  selection text not null,
  -- The last boundary of the scope's intervals; 0 before the first run was applied.
  head_seq bigint not null default 0,
  -- How many runs have been applied.
  run_count integer not null default 0,
  head_run_id uuid,
  item_count integer not null default 0,
  -- Sum modulo 2^256 over the items, so that it follows from what changed. See docs/architecture.md.
  content_digest text not null default repeat('0', 64),
  registry_digest text,
  -- The run that a person chose to compare with; null: the previous one.
  pinned_run_id uuid,
  -- The applied runs up to this ordinal are reconciled.
  reconciled_run_seq integer not null default 0,
  created_at timestamptz(3) not null,
  constraint scopes_pkey primary key (workspace_id, scope_id),
  constraint scopes_key_key unique (workspace_id, scope_key),
  constraint scopes_source_fkey foreign key (workspace_id, source_id) references driftplane.sources
);
create index scopes_source_idx on driftplane.scopes (workspace_id, source_id);

create table driftplane.sync_runs (
  workspace_id uuid not null,
  run_id uuid not null,
  scope_id uuid not null,
  source_id uuid not null,
  status text not null,
  trigger text not null,
  requested_by text not null,
  -- Of an applied run: its ordinal in the scope, the boundary at which its items were observed, and the one at
  -- which they had been brought under the rules in force (the same where the rules had not changed).
  run_seq integer,
  seq bigint,
  end_seq bigint,
  -- The head that the run was compared with.
  base_seq bigint,
  coverage text not null default '[]',
  counts text not null default '{}',
  -- The first thousand; counts has how many there were.
  problems text not null default '[]',
  ambiguous text not null default '[]',
  -- The identity hashes of all of them, sorted, one behind the other; null where there are none.
  ambiguous_identities bytea,
  -- Items that were not seen, without proof that they are gone; the first thousand.
  unproven_removals text not null default '[]',
  -- Of a push: the types that its client declared to be enumerated to their end.
  declared_types text,
  -- Why the run is held: the types of which too much is gone at once.
  hold text,
  content_digest text,
  registry_digest text,
  attempts integer not null default 0,
  -- The process that works on it; null for a run that clients push.
  holder_key bigint,
  part_count integer not null default 0,
  is_cancel_requested boolean not null default false,
  error_code text,
  error_message text,
  requested_at timestamptz(3) not null,
  started_at timestamptz(3),
  active_at timestamptz(3),
  finished_at timestamptz(3),
  held_until timestamptz(3),
  constraint sync_runs_pkey primary key (workspace_id, run_id),
  constraint sync_runs_status_check check (
    status in ('queued', 'running', 'held', 'succeeded', 'partial', 'failed', 'cancelled', 'rejected')
  ),
  constraint sync_runs_trigger_check check (trigger in ('manual', 'schedule', 'push')),
  constraint sync_runs_applied_check check ((status in ('succeeded', 'partial')) = (seq is not null)),
  constraint sync_runs_scope_fkey foreign key (workspace_id, scope_id) references driftplane.scopes
);
create unique index sync_runs_run_seq_key on driftplane.sync_runs (workspace_id, scope_id, run_seq) where run_seq is not null;
create index sync_runs_requested_idx on driftplane.sync_runs (workspace_id, requested_at, run_id);
create index sync_runs_scope_idx on driftplane.sync_runs (workspace_id, scope_id, requested_at, run_id);
create index sync_runs_source_idx on driftplane.sync_runs (workspace_id, source_id, requested_at, run_id);
create index sync_runs_status_idx on driftplane.sync_runs (workspace_id, status, requested_at, run_id);
create unique index sync_runs_active_key on driftplane.sync_runs (workspace_id, scope_id) where status in ('queued', 'running');

alter table driftplane.scopes
  add constraint scopes_pinned_run_fkey foreign key (workspace_id, pinned_run_id) references driftplane.sync_runs,
  add constraint scopes_head_run_fkey foreign key (workspace_id, head_run_id) references driftplane.sync_runs;

-- Which types have ever been enumerated completely, and since which boundary: what proves an addition. The type
-- '*' stands for all that no row names.
create table driftplane.scope_types (
  workspace_id uuid not null,
  scope_id uuid not null,
  item_type text not null,
  complete_since_seq bigint,
  constraint scope_types_pkey primary key (workspace_id, scope_id, item_type),
  constraint scope_types_scope_fkey foreign key (workspace_id, scope_id) references driftplane.scopes
);

-- Every item type definition that was ever used, and every list of them, by digest.
create table driftplane.item_type_versions (
  workspace_id uuid not null,
  rules_digest text not null,
  item_type text not null,
  definition text not null,
  first_used_at timestamptz(3) not null,
  constraint item_type_versions_pkey primary key (workspace_id, rules_digest),
  constraint item_type_versions_workspace_fkey foreign key (workspace_id) references driftplane.workspaces
);

create table driftplane.registry_versions (
  workspace_id uuid not null,
  registry_digest text not null,
  -- JSON array of rules digests, in the order in which the types are tried.
  rules_digests text not null,
  first_used_at timestamptz(3) not null,
  constraint registry_versions_pkey primary key (workspace_id, registry_digest),
  constraint registry_versions_workspace_fkey foreign key (workspace_id) references driftplane.workspaces
);

-- The inventory and its history: an item had these facts from the boundary from_seq up to, not including, to_seq.
create table driftplane.item_versions (
  workspace_id uuid not null,
  scope_id uuid not null,
  version_id bigint generated always as identity,
  -- SHA-256 of item type, U+0000 and external id: what is unique among the open intervals of a scope.
  identity_hash bytea not null,
  item_type text not null,
  external_id text not null,
  label text not null,
  -- Canonical JSON.
  facts text not null,
  content_hash bytea not null,
  raw_hash bytea not null,
  rules_digest text not null,
  -- Where in the object its id was found.
  identity_pointer text not null,
  from_seq bigint not null,
  to_seq bigint,
  opened_by text not null,
  closed_by text,
  constraint item_versions_pkey primary key (workspace_id, scope_id, version_id),
  constraint item_versions_interval_check check (to_seq > from_seq),
  constraint item_versions_opened_check check (opened_by in ('observed', 'renormalised')),
  constraint item_versions_closed_check check (
    (closed_by is null) = (to_seq is null) and closed_by in ('observed', 'renormalised')
  ),
  constraint item_versions_scope_fkey foreign key (workspace_id, scope_id) references driftplane.scopes
);
create unique index item_versions_history_key on driftplane.item_versions (workspace_id, scope_id, identity_hash, from_seq);
-- An item has one live version; also the way to it.
create unique index item_versions_live_key on driftplane.item_versions (workspace_id, scope_id, identity_hash) where to_seq is null;
create index item_versions_from_idx on driftplane.item_versions (workspace_id, scope_id, from_seq);
create index item_versions_to_idx on driftplane.item_versions (workspace_id, scope_id, to_seq) where to_seq is not null;
create index item_versions_live_idx on driftplane.item_versions (workspace_id, scope_id, item_type, version_id) where to_seq is null;

create table driftplane.executions (
  workspace_id uuid not null,
  execution_id uuid not null,
  generator text not null,
  scope_id uuid not null,
  source_id uuid not null,
  baseline_mode text not null,
  baseline_run_id uuid,
  current_run_id uuid not null,
  status text not null,
  plan_version_hash text,
  has_plan boolean,
  resolution text,
  engine_version text,
  inputs_digest text,
  findings_digest text,
  coverage text not null default '[]',
  counts text not null default '{}',
  -- Identities that drifted without proof; the first thousand.
  unproven text not null default '{}',
  -- Null: it can be computed again. Otherwise why not.
  not_replayable_because text,
  progress text,
  attempts integer not null default 0,
  max_attempts integer not null,
  error_code text,
  error_message text,
  queued_at timestamptz(3) not null,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  constraint executions_pkey primary key (workspace_id, execution_id),
  constraint executions_status_check check (status in ('queued', 'running', 'succeeded', 'failed')),
  constraint executions_mode_check check (baseline_mode in ('rolling', 'pinned', 'none')),
  constraint executions_generator_check check (generator in ('drift')),
  constraint executions_result_key unique nulls not distinct (
    workspace_id, scope_id, baseline_run_id, current_run_id, plan_version_hash, engine_version
  ),
  constraint executions_scope_fkey foreign key (workspace_id, scope_id) references driftplane.scopes,
  constraint executions_baseline_fkey foreign key (workspace_id, baseline_run_id) references driftplane.sync_runs,
  constraint executions_current_fkey foreign key (workspace_id, current_run_id) references driftplane.sync_runs
);
create index executions_queued_idx on driftplane.executions (workspace_id, queued_at, execution_id);
create index executions_status_idx on driftplane.executions (workspace_id, status, queued_at, execution_id);
create index executions_scope_idx on driftplane.executions (workspace_id, scope_id, queued_at, execution_id);
create index executions_current_idx on driftplane.executions (workspace_id, current_run_id);

create table driftplane.findings (
  workspace_id uuid not null,
  finding_id uuid not null,
  fingerprint text not null,
  subject_key text not null,
  finding_type text not null,
  drift_type text not null,
  change text not null,
  scope_id uuid not null,
  source_id uuid not null,
  item_type text not null,
  external_id text not null,
  label text not null,
  -- The label in lower case, for the filter by text.
  label_search text not null,
  severity text not null,
  impact real not null,
  state text not null,
  state_changed_at timestamptz(3) not null,
  snoozed_until timestamptz(3),
  dismiss_reason text,
  resolution text,
  resolved_at timestamptz(3),
  -- Digest of the subject's value before and after; null where it was absent.
  baseline_hash text,
  current_hash text,
  change_signature text not null,
  evidence text not null,
  route text,
  disposition text,
  plan_version_hash text,
  has_plan boolean not null,
  engine_version text not null,
  first_execution_id uuid not null,
  last_execution_id uuid not null,
  first_run_id uuid not null,
  first_run_seq integer not null,
  last_run_id uuid not null,
  last_run_seq integer not null,
  first_seen_at timestamptz(3) not null,
  last_seen_at timestamptz(3) not null,
  occurrence_count integer not null default 1,
  flip_run_seqs integer[] not null default '{}',
  is_flapping boolean not null default false,
  linked_finding_id uuid,
  revision integer not null default 1,
  constraint findings_pkey primary key (workspace_id, finding_id),
  constraint findings_fingerprint_key unique (workspace_id, fingerprint),
  constraint findings_type_check check (finding_type in ('drift')),
  constraint findings_change_check check (change in ('added', 'removed', 'changed')),
  constraint findings_severity_check check (severity in ('sev1', 'sev2', 'sev3', 'sev4')),
  constraint findings_state_check check (state in ('new', 'acknowledged', 'accepted', 'dismissed', 'snoozed', 'resolved')),
  constraint findings_resolution_check check ((state = 'resolved') = (resolution is not null)),
  constraint findings_snooze_check check ((state = 'snoozed') = (snoozed_until is not null)),
  constraint findings_dismiss_check check ((state = 'dismissed') = (dismiss_reason is not null)),
  constraint findings_scope_fkey foreign key (workspace_id, scope_id) references driftplane.scopes,
  constraint findings_linked_fkey foreign key (workspace_id, linked_finding_id) references driftplane.findings
    on delete set null (linked_finding_id)
);
create index findings_subject_idx on driftplane.findings (workspace_id, subject_key, first_run_seq);
create index findings_flapping_idx on driftplane.findings (workspace_id, scope_id, finding_id) where is_flapping;
create index findings_linked_idx on driftplane.findings (workspace_id, linked_finding_id) where linked_finding_id is not null;
create index findings_snoozed_idx on driftplane.findings (workspace_id, snoozed_until) where state = 'snoozed';
create index findings_resolved_idx on driftplane.findings (workspace_id, resolved_at) where state = 'resolved';

-- Everything that happened to a finding, in order. event_no is the finding's revision after it.
create table driftplane.finding_events (
  workspace_id uuid not null,
  finding_id uuid not null,
  event_no integer not null,
  at timestamptz(3) not null,
  kind text not null,
  from_state text,
  to_state text not null,
  actor_kind text not null,
  actor_id text,
  actor_label text not null,
  execution_id uuid,
  run_id uuid,
  detail text not null default '{}',
  constraint finding_events_pkey primary key (workspace_id, finding_id, event_no),
  constraint finding_events_finding_fkey foreign key (workspace_id, finding_id) references driftplane.findings on delete cascade
);

create table driftplane.acceptances (
  workspace_id uuid not null,
  acceptance_id uuid not null,
  finding_id uuid not null,
  subject_key text not null,
  -- The value that the subject may have; null: it may be absent.
  value_hash text,
  comment text,
  expires_at timestamptz(3),
  created_at timestamptz(3) not null,
  created_by text not null,
  ended_at timestamptz(3),
  ended_because text,
  constraint acceptances_pkey primary key (workspace_id, acceptance_id),
  constraint acceptances_ended_check check (
    (ended_at is null) = (ended_because is null) and ended_because in ('revoked', 'expired', 'replaced')
  ),
  constraint acceptances_finding_fkey foreign key (workspace_id, finding_id) references driftplane.findings on delete cascade
);
create index acceptances_finding_idx on driftplane.acceptances (workspace_id, finding_id);
create index acceptances_subject_idx on driftplane.acceptances (workspace_id, subject_key) where ended_at is null;
create index acceptances_expiry_idx on driftplane.acceptances (workspace_id, expires_at) where ended_at is null and expires_at is not null;

-- The processes that work, each holding the advisory lock of its key as long as it lives.
create table driftplane.processes (
  holder_key bigint constraint processes_pkey primary key,
  worker_ids text[] not null default '{}',
  description text not null,
  started_at timestamptz(3) not null
);

-- Rows on their way into item_versions. Unlogged and without row-level security, as COPY is refused with it; only
-- the ingest role may come here, and nothing in it is unnormalised or holds a secret.
create schema driftplane_staging;

create unlogged table driftplane_staging.items (
  workspace_id uuid not null,
  run_id uuid not null,
  part_no integer not null,
  ordinal integer not null,
  identity_hash bytea not null,
  item_type text not null,
  external_id text not null,
  label text not null,
  facts text not null,
  content_hash bytea not null,
  raw_hash bytea not null,
  rules_digest text not null,
  -- Where in the object its id was found.
  identity_pointer text not null,
  is_contradictory boolean not null,
  place text not null,
  constraint items_pkey primary key (workspace_id, run_id, part_no, ordinal)
);

-- The same items under rules that live versions were made by and that are no longer in force.
create unlogged table driftplane_staging.old_forms (
  workspace_id uuid not null,
  run_id uuid not null,
  part_no integer not null,
  ordinal integer not null,
  identity_hash bytea not null,
  item_type text not null,
  external_id text not null,
  label text not null,
  facts text not null,
  content_hash bytea not null,
  rules_digest text not null,
  -- Where in the object its id was found.
  identity_pointer text not null,
  constraint old_forms_pkey primary key (workspace_id, run_id, part_no, ordinal, rules_digest)
);

-- What each part of a run said besides: which live items it saw (one bit each), and its problems.
create unlogged table driftplane_staging.parts (
  workspace_id uuid not null,
  run_id uuid not null,
  part_no integer not null,
  body_digest text not null,
  seen bytea not null,
  summary text not null,
  constraint parts_pkey primary key (workspace_id, run_id, part_no)
);

do $$
declare
  facts_table text;
begin
  foreach facts_table in array array['driftplane.item_versions', 'driftplane_staging.items', 'driftplane_staging.old_forms'] loop
    begin
      execute format('alter table %s alter column facts set compression lz4', facts_table);
    exception when feature_not_supported then
      raise notice 'this server has no lz4: facts are compressed with pglz';
    end;
  end loop;
end
$$;
