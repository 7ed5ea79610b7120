-- The schema as the migrations leave it. Written by `node scripts/dump-schema.ts --write`, never by hand.
-- Left out: what depends on the build of the server (compression of columns) and on who migrated (the owner).

create schema driftplane;
grant usage on schema driftplane to driftplane_app;
grant usage on schema driftplane to driftplane_ingest;
grant usage on schema driftplane to driftplane_jobs;

create schema driftplane_staging;
grant usage on schema driftplane_staging to driftplane_ingest;

create table driftplane.acceptances (
  workspace_id uuid not null,
  acceptance_id uuid not null,
  finding_id uuid not null,
  subject_key text not null,
  value_hash text,
  comment text,
  expires_at timestamp(3) with time zone,
  created_at timestamp(3) with time zone not null,
  created_by text not null,
  ended_at timestamp(3) with time zone,
  ended_because text,
  constraint acceptances_pkey PRIMARY KEY (workspace_id, acceptance_id),
  constraint acceptances_ended_check CHECK ((((ended_at IS NULL) = (ended_because IS NULL)) AND (ended_because = ANY (ARRAY['revoked'::text, 'expired'::text, 'replaced'::text])))),
  constraint acceptances_finding_fkey FOREIGN KEY (workspace_id, finding_id) REFERENCES driftplane.findings(workspace_id, finding_id) ON DELETE CASCADE
);
CREATE INDEX acceptances_expiry_idx ON driftplane.acceptances USING btree (workspace_id, expires_at) WHERE ((ended_at IS NULL) AND (expires_at IS NOT NULL));
CREATE INDEX acceptances_finding_idx ON driftplane.acceptances USING btree (workspace_id, finding_id);
CREATE INDEX acceptances_subject_idx ON driftplane.acceptances USING btree (workspace_id, subject_key) WHERE ((ended_because IS NULL) OR (ended_because = 'expired'::text));
alter table driftplane.acceptances enable row level security;
alter table driftplane.acceptances force row level security;
create policy workspace_only on driftplane.acceptances as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.acceptances to driftplane_app;
grant delete, insert, select, update on table driftplane.acceptances to driftplane_ingest;

create table driftplane.api_tokens (
  workspace_id uuid not null,
  token_id uuid not null,
  name text not null,
  role text not null,
  token_hash bytea not null,
  created_at timestamp(3) with time zone not null,
  created_by text not null,
  expires_at timestamp(3) with time zone,
  last_used_at timestamp(3) with time zone,
  revoked_at timestamp(3) with time zone,
  created_by_id uuid,
  constraint api_tokens_pkey PRIMARY KEY (workspace_id, token_id),
  constraint api_tokens_hash_key UNIQUE (workspace_id, token_hash),
  constraint api_tokens_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text]))),
  constraint api_tokens_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES driftplane.workspaces(workspace_id)
);
alter table driftplane.api_tokens enable row level security;
alter table driftplane.api_tokens force row level security;
create policy workspace_only on driftplane.api_tokens as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.api_tokens to driftplane_app;
grant delete, insert, select, update on table driftplane.api_tokens to driftplane_ingest;

create table driftplane.audit_events (
  workspace_id uuid not null,
  seq bigint not null,
  at timestamp(3) with time zone not null,
  actor_kind text not null,
  actor_id text,
  actor_label text not null,
  action text not null,
  target_kind text not null,
  target_id text,
  detail text not null,
  previous_hash text not null,
  hash text not null,
  constraint audit_events_pkey PRIMARY KEY (workspace_id, seq),
  constraint audit_events_actor_check CHECK ((actor_kind = ANY (ARRAY['token'::text, 'system'::text, 'cli'::text]))),
  constraint audit_events_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES driftplane.workspaces(workspace_id)
);
CREATE INDEX audit_events_target_idx ON driftplane.audit_events USING btree (workspace_id, target_kind, target_id, seq);
alter table driftplane.audit_events enable row level security;
alter table driftplane.audit_events force row level security;
create policy workspace_only on driftplane.audit_events as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant insert, select on table driftplane.audit_events to driftplane_app;
grant insert, select on table driftplane.audit_events to driftplane_ingest;

create table driftplane.drift_plan_versions (
  workspace_id uuid not null,
  plan_id uuid not null,
  version integer not null,
  version_hash text not null,
  content text not null,
  parent_version integer,
  change_note text not null default ''::text,
  created_at timestamp(3) with time zone not null,
  created_by text not null,
  created_by_id text,
  constraint drift_plan_versions_pkey PRIMARY KEY (workspace_id, plan_id, version),
  constraint drift_plan_versions_version_check CHECK (((version >= 1) AND (parent_version < version))),
  constraint drift_plan_versions_plan_fkey FOREIGN KEY (workspace_id, plan_id) REFERENCES driftplane.drift_plans(workspace_id, id)
);
CREATE INDEX drift_plan_versions_hash_idx ON driftplane.drift_plan_versions USING btree (workspace_id, version_hash);
alter table driftplane.drift_plan_versions enable row level security;
alter table driftplane.drift_plan_versions force row level security;
create policy workspace_only on driftplane.drift_plan_versions as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
CREATE TRIGGER drift_plan_versions_immutable BEFORE DELETE OR UPDATE ON driftplane.drift_plan_versions FOR EACH ROW EXECUTE FUNCTION driftplane.refuse_change();
CREATE TRIGGER drift_plan_versions_kept BEFORE TRUNCATE ON driftplane.drift_plan_versions FOR EACH STATEMENT EXECUTE FUNCTION driftplane.refuse_change();
grant insert, select on table driftplane.drift_plan_versions to driftplane_app;

create table driftplane.drift_plans (
  workspace_id uuid not null,
  id uuid not null,
  name text not null,
  description text not null default ''::text,
  status text not null,
  scope_type text not null,
  scope_ref text,
  primary_doc_id text,
  primary_doc_system text,
  doc_class text,
  input_sources text[] not null,
  drift_types text[] not null,
  allowed_outputs text[] not null,
  thresholds jsonb not null,
  eligibility jsonb not null,
  section_targets jsonb not null,
  impact_rules jsonb not null,
  writeback jsonb not null,
  noise_controls jsonb not null,
  budgets jsonb not null,
  doc_targeting jsonb not null,
  version integer not null,
  version_hash text not null,
  parent_id uuid,
  template_id text,
  revision integer not null default 1,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  created_by text not null,
  updated_by text not null,
  archived_at timestamp(3) with time zone,
  constraint drift_plans_pkey PRIMARY KEY (workspace_id, id),
  constraint drift_plans_version_hash_key UNIQUE (workspace_id, version_hash),
  constraint drift_plans_archived_check CHECK (((status = 'archived'::text) = (archived_at IS NOT NULL))),
  constraint drift_plans_parent_check CHECK ((parent_id <> id)),
  constraint drift_plans_repo_check CHECK (((scope_type <> 'repo'::text) OR (scope_ref = lower(scope_ref)))),
  constraint drift_plans_scope_check CHECK (((scope_type = ANY (ARRAY['workspace'::text, 'service'::text, 'repo'::text])) AND ((scope_type = 'workspace'::text) = (scope_ref IS NULL)))),
  constraint drift_plans_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'active'::text, 'archived'::text]))),
  constraint drift_plans_parent_fkey FOREIGN KEY (workspace_id, parent_id) REFERENCES driftplane.drift_plans(workspace_id, id),
  constraint drift_plans_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES driftplane.workspaces(workspace_id)
);
CREATE INDEX drift_plans_created_idx ON driftplane.drift_plans USING btree (workspace_id, created_at, id);
CREATE UNIQUE INDEX drift_plans_repo_key ON driftplane.drift_plans USING btree (workspace_id, scope_ref, doc_class) NULLS NOT DISTINCT WHERE ((status = 'active'::text) AND (scope_type = 'repo'::text));
CREATE INDEX drift_plans_scope_idx ON driftplane.drift_plans USING btree (workspace_id, scope_type, scope_ref);
CREATE UNIQUE INDEX drift_plans_service_key ON driftplane.drift_plans USING btree (workspace_id, scope_ref) WHERE ((status = 'active'::text) AND (scope_type = 'service'::text));
CREATE INDEX drift_plans_status_idx ON driftplane.drift_plans USING btree (workspace_id, status);
CREATE INDEX drift_plans_template_idx ON driftplane.drift_plans USING btree (workspace_id, template_id);
CREATE UNIQUE INDEX drift_plans_workspace_key ON driftplane.drift_plans USING btree (workspace_id) WHERE ((status = 'active'::text) AND (scope_type = 'workspace'::text));
alter table driftplane.drift_plans enable row level security;
alter table driftplane.drift_plans force row level security;
create policy workspace_only on driftplane.drift_plans as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant insert, select, update on table driftplane.drift_plans to driftplane_app;

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
  coverage text not null default '[]'::text,
  counts text not null default '{}'::text,
  unproven text not null default '{}'::text,
  not_replayable_because text,
  progress text,
  attempts integer not null default 0,
  max_attempts integer not null,
  error_code text,
  error_message text,
  queued_at timestamp(3) with time zone not null,
  started_at timestamp(3) with time zone,
  finished_at timestamp(3) with time zone,
  plan_id uuid,
  plan_version integer,
  observation text,
  held_back text not null default '{}'::text,
  routing text,
  constraint executions_pkey PRIMARY KEY (workspace_id, execution_id),
  constraint executions_result_key UNIQUE NULLS NOT DISTINCT (workspace_id, scope_id, baseline_run_id, current_run_id, plan_version_hash, engine_version),
  constraint executions_generator_check CHECK ((generator = 'drift'::text)),
  constraint executions_mode_check CHECK ((baseline_mode = ANY (ARRAY['rolling'::text, 'pinned'::text, 'none'::text]))),
  constraint executions_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text]))),
  constraint executions_baseline_fkey FOREIGN KEY (workspace_id, baseline_run_id) REFERENCES driftplane.sync_runs(workspace_id, run_id),
  constraint executions_current_fkey FOREIGN KEY (workspace_id, current_run_id) REFERENCES driftplane.sync_runs(workspace_id, run_id),
  constraint executions_plan_fkey FOREIGN KEY (workspace_id, plan_id, plan_version) REFERENCES driftplane.drift_plan_versions(workspace_id, plan_id, version),
  constraint executions_scope_fkey FOREIGN KEY (workspace_id, scope_id) REFERENCES driftplane.scopes(workspace_id, scope_id)
);
CREATE INDEX executions_current_idx ON driftplane.executions USING btree (workspace_id, current_run_id);
CREATE INDEX executions_plan_idx ON driftplane.executions USING btree (workspace_id, plan_id, finished_at) WHERE (plan_id IS NOT NULL);
CREATE INDEX executions_queued_idx ON driftplane.executions USING btree (workspace_id, queued_at, execution_id);
CREATE INDEX executions_scope_idx ON driftplane.executions USING btree (workspace_id, scope_id, queued_at, execution_id);
CREATE INDEX executions_status_idx ON driftplane.executions USING btree (workspace_id, status, queued_at, execution_id);
alter table driftplane.executions enable row level security;
alter table driftplane.executions force row level security;
create policy workspace_only on driftplane.executions as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.executions to driftplane_app;
grant delete, insert, select, update on table driftplane.executions to driftplane_ingest;

create table driftplane.finding_events (
  workspace_id uuid not null,
  finding_id uuid not null,
  event_no integer not null,
  at timestamp(3) with time zone not null,
  kind text not null,
  from_state text,
  to_state text not null,
  actor_kind text not null,
  actor_id text,
  actor_label text not null,
  execution_id uuid,
  run_id uuid,
  detail text not null default '{}'::text,
  constraint finding_events_pkey PRIMARY KEY (workspace_id, finding_id, event_no),
  constraint finding_events_finding_fkey FOREIGN KEY (workspace_id, finding_id) REFERENCES driftplane.findings(workspace_id, finding_id) ON DELETE CASCADE
);
alter table driftplane.finding_events enable row level security;
alter table driftplane.finding_events force row level security;
create policy workspace_only on driftplane.finding_events as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.finding_events to driftplane_app;
grant delete, insert, select, update on table driftplane.finding_events to driftplane_ingest;

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
  label_search text not null,
  severity text not null,
  impact real not null,
  state text not null,
  state_changed_at timestamp(3) with time zone not null,
  snoozed_until timestamp(3) with time zone,
  dismiss_reason text,
  resolution text,
  resolved_at timestamp(3) with time zone,
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
  first_seen_at timestamp(3) with time zone not null,
  last_seen_at timestamp(3) with time zone not null,
  occurrence_count integer not null default 1,
  flip_run_seqs integer[] not null default '{}'::integer[],
  is_flapping boolean not null default false,
  linked_finding_id uuid,
  revision integer not null default 1,
  opened_run_seq integer not null,
  is_undone boolean not null default false,
  external_id_hash bigint not null generated always as (hashtextextended(external_id, (0)::bigint)) stored,
  plan_id uuid,
  plan_version integer,
  drift_score real not null default 0,
  constraint findings_pkey PRIMARY KEY (workspace_id, finding_id),
  constraint findings_fingerprint_key UNIQUE (workspace_id, fingerprint),
  constraint findings_change_check CHECK ((change = ANY (ARRAY['added'::text, 'removed'::text, 'changed'::text]))),
  constraint findings_dismiss_check CHECK (((state = 'dismissed'::text) = (dismiss_reason IS NOT NULL))),
  constraint findings_resolution_check CHECK (((state = 'resolved'::text) = (resolution IS NOT NULL))),
  constraint findings_severity_check CHECK ((severity = ANY (ARRAY['sev1'::text, 'sev2'::text, 'sev3'::text, 'sev4'::text]))),
  constraint findings_snooze_check CHECK (((state = 'snoozed'::text) = (snoozed_until IS NOT NULL))),
  constraint findings_state_check CHECK ((state = ANY (ARRAY['new'::text, 'acknowledged'::text, 'accepted'::text, 'dismissed'::text, 'snoozed'::text, 'resolved'::text]))),
  constraint findings_type_check CHECK ((finding_type = 'drift'::text)),
  constraint findings_linked_fkey FOREIGN KEY (workspace_id, linked_finding_id) REFERENCES driftplane.findings(workspace_id, finding_id) ON DELETE SET NULL (linked_finding_id),
  constraint findings_plan_fkey FOREIGN KEY (workspace_id, plan_id, plan_version) REFERENCES driftplane.drift_plan_versions(workspace_id, plan_id, version),
  constraint findings_scope_fkey FOREIGN KEY (workspace_id, scope_id) REFERENCES driftplane.scopes(workspace_id, scope_id)
);
CREATE INDEX findings_change_idx ON driftplane.findings USING btree (workspace_id, change, state, severity, first_seen_at, finding_id);
CREATE INDEX findings_drift_type_idx ON driftplane.findings USING btree (workspace_id, drift_type, state, severity, first_seen_at, finding_id);
CREATE INDEX findings_external_id_idx ON driftplane.findings USING btree (workspace_id, external_id_hash);
CREATE INDEX findings_first_execution_idx ON driftplane.findings USING btree (workspace_id, first_execution_id);
CREATE INDEX findings_first_seen_idx ON driftplane.findings USING btree (workspace_id, first_seen_at, finding_id);
CREATE INDEX findings_flapping_idx ON driftplane.findings USING btree (workspace_id, scope_id, finding_id) WHERE is_flapping;
CREATE INDEX findings_item_type_idx ON driftplane.findings USING btree (workspace_id, item_type, state, severity, first_seen_at, finding_id);
CREATE INDEX findings_last_seen_idx ON driftplane.findings USING btree (workspace_id, state, last_seen_at, finding_id);
CREATE INDEX findings_linked_idx ON driftplane.findings USING btree (workspace_id, linked_finding_id) WHERE (linked_finding_id IS NOT NULL);
CREATE INDEX findings_resolved_idx ON driftplane.findings USING btree (workspace_id, resolved_at) WHERE (state = 'resolved'::text);
CREATE INDEX findings_scope_idx ON driftplane.findings USING btree (workspace_id, scope_id, state, severity, first_seen_at, finding_id);
CREATE INDEX findings_severity_idx ON driftplane.findings USING btree (workspace_id, state, severity, first_seen_at, finding_id);
CREATE INDEX findings_signature_idx ON driftplane.findings USING btree (workspace_id, change_signature, state, severity, first_seen_at, finding_id);
CREATE INDEX findings_snoozed_idx ON driftplane.findings USING btree (workspace_id, snoozed_until) WHERE (state = 'snoozed'::text);
CREATE INDEX findings_source_idx ON driftplane.findings USING btree (workspace_id, source_id, state, severity, first_seen_at, finding_id);
CREATE INDEX findings_state_idx ON driftplane.findings USING btree (workspace_id, state, first_seen_at, finding_id);
CREATE INDEX findings_subject_idx ON driftplane.findings USING btree (workspace_id, subject_key, first_run_seq);
CREATE INDEX findings_unresolved_subject_idx ON driftplane.findings USING btree (workspace_id, scope_id, subject_key) WHERE (state <> 'resolved'::text);
alter table driftplane.findings enable row level security;
alter table driftplane.findings force row level security;
create policy workspace_only on driftplane.findings as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.findings to driftplane_app;
grant delete, insert, select, update on table driftplane.findings to driftplane_ingest;

create table driftplane.held_candidates (
  workspace_id uuid not null,
  execution_id uuid not null,
  ordinal integer not null,
  drift_type text not null,
  change text not null,
  item_type text not null,
  external_id text not null,
  label text not null,
  severity text not null,
  impact real not null,
  score real not null,
  change_count integer not null,
  reasons text not null,
  reason_count integer not null,
  paths text not null,
  constraint held_candidates_pkey PRIMARY KEY (workspace_id, execution_id, ordinal),
  constraint held_candidates_execution_fkey FOREIGN KEY (workspace_id, execution_id) REFERENCES driftplane.executions(workspace_id, execution_id) ON DELETE CASCADE
);
alter table driftplane.held_candidates enable row level security;
alter table driftplane.held_candidates force row level security;
create policy workspace_only on driftplane.held_candidates as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.held_candidates to driftplane_app;
grant delete, insert, select, update on table driftplane.held_candidates to driftplane_ingest;

create table driftplane.idempotency_keys (
  workspace_id uuid not null,
  token_id uuid not null,
  idempotency_key text not null,
  request_hash text not null,
  response_status integer not null,
  response_body text not null,
  created_at timestamp(3) with time zone not null,
  constraint idempotency_keys_pkey PRIMARY KEY (workspace_id, token_id, idempotency_key),
  constraint idempotency_keys_token_fkey FOREIGN KEY (workspace_id, token_id) REFERENCES driftplane.api_tokens(workspace_id, token_id) ON DELETE CASCADE
);
CREATE INDEX idempotency_keys_created_idx ON driftplane.idempotency_keys USING btree (workspace_id, created_at);
alter table driftplane.idempotency_keys enable row level security;
alter table driftplane.idempotency_keys force row level security;
create policy workspace_only on driftplane.idempotency_keys as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.idempotency_keys to driftplane_app;
grant delete, insert, select, update on table driftplane.idempotency_keys to driftplane_ingest;

create table driftplane.incidents (
  workspace_id uuid not null,
  incident_id uuid not null,
  external_id text not null,
  title text not null,
  service_id text,
  opened_at timestamp(3) with time zone not null,
  closed_at timestamp(3) with time zone,
  created_by text not null,
  constraint incidents_pkey PRIMARY KEY (workspace_id, incident_id),
  constraint incidents_external_key UNIQUE (workspace_id, external_id),
  constraint incidents_closed_check CHECK ((closed_at >= opened_at)),
  constraint incidents_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES driftplane.workspaces(workspace_id)
);
CREATE INDEX incidents_open_idx ON driftplane.incidents USING btree (workspace_id, service_id) WHERE (closed_at IS NULL);
CREATE INDEX incidents_opened_idx ON driftplane.incidents USING btree (workspace_id, opened_at, incident_id);
alter table driftplane.incidents enable row level security;
alter table driftplane.incidents force row level security;
create policy workspace_only on driftplane.incidents as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant insert, select, update on table driftplane.incidents to driftplane_app;

create table driftplane.item_type_versions (
  workspace_id uuid not null,
  rules_digest text not null,
  item_type text not null,
  definition text not null,
  first_used_at timestamp(3) with time zone not null,
  constraint item_type_versions_pkey PRIMARY KEY (workspace_id, rules_digest),
  constraint item_type_versions_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES driftplane.workspaces(workspace_id)
);
alter table driftplane.item_type_versions enable row level security;
alter table driftplane.item_type_versions force row level security;
create policy workspace_only on driftplane.item_type_versions as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant insert, select on table driftplane.item_type_versions to driftplane_app;
grant insert, select on table driftplane.item_type_versions to driftplane_ingest;

create table driftplane.item_versions (
  workspace_id uuid not null,
  scope_id uuid not null,
  version_id bigint not null generated always as identity,
  identity_hash bytea not null,
  item_type text not null,
  external_id text not null,
  label text not null,
  facts text not null,
  content_hash bytea not null,
  raw_hash bytea not null,
  rules_digest text not null,
  identity_pointer text not null,
  from_seq bigint not null,
  to_seq bigint,
  opened_by text not null,
  closed_by text,
  constraint item_versions_pkey PRIMARY KEY (workspace_id, scope_id, version_id),
  constraint item_versions_closed_check CHECK ((((closed_by IS NULL) = (to_seq IS NULL)) AND (closed_by = ANY (ARRAY['observed'::text, 'renormalised'::text])))),
  constraint item_versions_interval_check CHECK ((to_seq > from_seq)),
  constraint item_versions_opened_check CHECK ((opened_by = ANY (ARRAY['observed'::text, 'renormalised'::text]))),
  constraint item_versions_scope_fkey FOREIGN KEY (workspace_id, scope_id) REFERENCES driftplane.scopes(workspace_id, scope_id)
);
CREATE INDEX item_versions_closed_idx ON driftplane.item_versions USING btree (workspace_id, scope_id, item_type, version_id, from_seq, to_seq) WHERE (to_seq IS NOT NULL);
CREATE INDEX item_versions_from_idx ON driftplane.item_versions USING btree (workspace_id, scope_id, from_seq);
CREATE UNIQUE INDEX item_versions_history_key ON driftplane.item_versions USING btree (workspace_id, scope_id, identity_hash, from_seq);
CREATE INDEX item_versions_live_idx ON driftplane.item_versions USING btree (workspace_id, scope_id, item_type, version_id, from_seq) WHERE (to_seq IS NULL);
CREATE UNIQUE INDEX item_versions_live_key ON driftplane.item_versions USING btree (workspace_id, scope_id, identity_hash) WHERE (to_seq IS NULL);
CREATE INDEX item_versions_to_idx ON driftplane.item_versions USING btree (workspace_id, scope_id, to_seq) WHERE (to_seq IS NOT NULL);
alter table driftplane.item_versions enable row level security;
alter table driftplane.item_versions force row level security;
create policy workspace_only on driftplane.item_versions as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, select, update on table driftplane.item_versions to driftplane_app;
grant delete, insert, select, update on table driftplane.item_versions to driftplane_ingest;

create table driftplane.migrations (
  name text not null,
  sha256 text not null,
  applied_at timestamp with time zone not null default now(),
  constraint migrations_pkey PRIMARY KEY (name)
);
grant select on table driftplane.migrations to driftplane_app;

create table driftplane.plan_backtest_changes (
  workspace_id uuid not null,
  backtest_id uuid not null,
  ordinal integer not null,
  effect text not null,
  scope_id uuid not null,
  execution_id uuid not null,
  fingerprint text not null,
  detail text not null,
  constraint plan_backtest_changes_pkey PRIMARY KEY (workspace_id, backtest_id, ordinal),
  constraint plan_backtest_changes_effect_check CHECK ((effect = ANY (ARRAY['appears'::text, 'disappears'::text, 'changes_severity'::text, 'changes_route'::text]))),
  constraint plan_backtest_changes_backtest_fkey FOREIGN KEY (workspace_id, backtest_id) REFERENCES driftplane.plan_backtests(workspace_id, backtest_id) ON DELETE CASCADE
);
alter table driftplane.plan_backtest_changes enable row level security;
alter table driftplane.plan_backtest_changes force row level security;
create policy workspace_only on driftplane.plan_backtest_changes as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.plan_backtest_changes to driftplane_app;

create table driftplane.plan_backtests (
  workspace_id uuid not null,
  backtest_id uuid not null,
  plan_id uuid,
  plan_version integer,
  version_hash text not null,
  content text not null,
  scope_ids text not null,
  days integer not null,
  since timestamp(3) with time zone not null,
  status text not null,
  progress text not null default '{}'::text,
  summary text,
  result_digest text,
  error_code text,
  error_message text,
  is_cancel_requested boolean not null default false,
  attempts integer not null default 0,
  requested_at timestamp(3) with time zone not null,
  requested_by text not null,
  started_at timestamp(3) with time zone,
  finished_at timestamp(3) with time zone,
  constraint plan_backtests_pkey PRIMARY KEY (workspace_id, backtest_id),
  constraint plan_backtests_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text]))),
  constraint plan_backtests_version_fkey FOREIGN KEY (workspace_id, plan_id, plan_version) REFERENCES driftplane.drift_plan_versions(workspace_id, plan_id, version)
);
CREATE INDEX plan_backtests_plan_idx ON driftplane.plan_backtests USING btree (workspace_id, plan_id, requested_at, backtest_id);
CREATE INDEX plan_backtests_requested_idx ON driftplane.plan_backtests USING btree (workspace_id, requested_at, backtest_id);
alter table driftplane.plan_backtests enable row level security;
alter table driftplane.plan_backtests force row level security;
create policy workspace_only on driftplane.plan_backtests as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.plan_backtests to driftplane_app;

create table driftplane.plan_review_events (
  workspace_id uuid not null,
  plan_id uuid not null,
  version integer not null,
  event_no integer not null,
  kind text not null,
  from_state text,
  to_state text not null,
  version_hash text not null,
  at timestamp(3) with time zone not null,
  actor_kind text not null,
  actor_id text,
  actor_label text not null,
  comment text not null default ''::text,
  constraint plan_review_events_pkey PRIMARY KEY (workspace_id, plan_id, version, event_no),
  constraint plan_review_events_review_fkey FOREIGN KEY (workspace_id, plan_id, version) REFERENCES driftplane.plan_reviews(workspace_id, plan_id, version)
);
alter table driftplane.plan_review_events enable row level security;
alter table driftplane.plan_review_events force row level security;
create policy workspace_only on driftplane.plan_review_events as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant insert, select on table driftplane.plan_review_events to driftplane_app;

create table driftplane.plan_reviews (
  workspace_id uuid not null,
  plan_id uuid not null,
  version integer not null,
  state text not null,
  updated_at timestamp(3) with time zone not null,
  published_at timestamp(3) with time zone,
  constraint plan_reviews_pkey PRIMARY KEY (workspace_id, plan_id, version),
  constraint plan_reviews_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'in_review'::text, 'approved'::text, 'published'::text, 'rejected'::text, 'superseded'::text]))),
  constraint plan_reviews_version_fkey FOREIGN KEY (workspace_id, plan_id, version) REFERENCES driftplane.drift_plan_versions(workspace_id, plan_id, version)
);
CREATE UNIQUE INDEX plan_reviews_published_key ON driftplane.plan_reviews USING btree (workspace_id, plan_id) WHERE (state = 'published'::text);
alter table driftplane.plan_reviews enable row level security;
alter table driftplane.plan_reviews force row level security;
create policy workspace_only on driftplane.plan_reviews as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant insert, select, update on table driftplane.plan_reviews to driftplane_app;

create table driftplane.processes (
  holder_key bigint not null,
  worker_ids text[] not null default '{}'::text[],
  description text not null,
  started_at timestamp(3) with time zone not null,
  constraint processes_pkey PRIMARY KEY (holder_key)
);
grant select on table driftplane.processes to driftplane_app;
grant select on table driftplane.processes to driftplane_ingest;
grant delete, insert, select, update on table driftplane.processes to driftplane_jobs;

create table driftplane.registry_versions (
  workspace_id uuid not null,
  registry_digest text not null,
  rules_digests text not null,
  first_used_at timestamp(3) with time zone not null,
  constraint registry_versions_pkey PRIMARY KEY (workspace_id, registry_digest),
  constraint registry_versions_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES driftplane.workspaces(workspace_id)
);
alter table driftplane.registry_versions enable row level security;
alter table driftplane.registry_versions force row level security;
create policy workspace_only on driftplane.registry_versions as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant insert, select on table driftplane.registry_versions to driftplane_app;
grant insert, select on table driftplane.registry_versions to driftplane_ingest;

create table driftplane.scope_types (
  workspace_id uuid not null,
  scope_id uuid not null,
  item_type text not null,
  complete_since_seq bigint,
  constraint scope_types_pkey PRIMARY KEY (workspace_id, scope_id, item_type),
  constraint scope_types_scope_fkey FOREIGN KEY (workspace_id, scope_id) REFERENCES driftplane.scopes(workspace_id, scope_id)
);
alter table driftplane.scope_types enable row level security;
alter table driftplane.scope_types force row level security;
create policy workspace_only on driftplane.scope_types as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.scope_types to driftplane_app;
grant delete, insert, select, update on table driftplane.scope_types to driftplane_ingest;

create table driftplane.scopes (
  workspace_id uuid not null,
  scope_id uuid not null,
  source_id uuid not null,
  scope_key text not null,
  selection text not null,
  head_seq bigint not null default 0,
  run_count integer not null default 0,
  head_run_id uuid,
  item_count integer not null default 0,
  content_digest text not null default repeat('0'::text, 64),
  registry_digest text,
  pinned_run_id uuid,
  reconciled_run_seq integer not null default 0,
  created_at timestamp(3) with time zone not null,
  kept_since_seq bigint not null default 0,
  constraint scopes_pkey PRIMARY KEY (workspace_id, scope_id),
  constraint scopes_key_key UNIQUE (workspace_id, scope_key),
  constraint scopes_head_run_fkey FOREIGN KEY (workspace_id, head_run_id) REFERENCES driftplane.sync_runs(workspace_id, run_id),
  constraint scopes_pinned_run_fkey FOREIGN KEY (workspace_id, pinned_run_id) REFERENCES driftplane.sync_runs(workspace_id, run_id),
  constraint scopes_source_fkey FOREIGN KEY (workspace_id, source_id) REFERENCES driftplane.sources(workspace_id, source_id)
);
CREATE INDEX scopes_source_idx ON driftplane.scopes USING btree (workspace_id, source_id);
alter table driftplane.scopes enable row level security;
alter table driftplane.scopes force row level security;
create policy workspace_only on driftplane.scopes as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.scopes to driftplane_app;
grant delete, insert, select, update on table driftplane.scopes to driftplane_ingest;

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
  schedule_time_zone text not null default 'UTC'::text,
  next_sync_at timestamp(3) with time zone,
  max_removed_share real not null default 0.3,
  min_removed_items integer not null default 20,
  revision integer not null default 1,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  archived_at timestamp(3) with time zone,
  constraint sources_pkey PRIMARY KEY (workspace_id, source_id),
  constraint sources_kind_check CHECK ((kind = ANY (ARRAY['files'::text, 'push'::text]))),
  constraint sources_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES driftplane.workspaces(workspace_id)
);
CREATE UNIQUE INDEX sources_name_key ON driftplane.sources USING btree (workspace_id, name) WHERE (archived_at IS NULL);
CREATE INDEX sources_next_sync_idx ON driftplane.sources USING btree (workspace_id, next_sync_at) WHERE (next_sync_at IS NOT NULL);
alter table driftplane.sources enable row level security;
alter table driftplane.sources force row level security;
create policy workspace_only on driftplane.sources as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.sources to driftplane_app;
grant delete, insert, select, update on table driftplane.sources to driftplane_ingest;

create table driftplane.stream_events (
  workspace_id uuid not null,
  seq bigint not null,
  at timestamp(3) with time zone not null,
  kind text not null,
  payload text not null,
  constraint stream_events_pkey PRIMARY KEY (workspace_id, seq),
  constraint stream_events_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES driftplane.workspaces(workspace_id)
);
CREATE INDEX stream_events_at_idx ON driftplane.stream_events USING btree (workspace_id, at);
alter table driftplane.stream_events enable row level security;
alter table driftplane.stream_events force row level security;
create policy workspace_only on driftplane.stream_events as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.stream_events to driftplane_app;
grant delete, insert, select, update on table driftplane.stream_events to driftplane_ingest;

create table driftplane.sync_runs (
  workspace_id uuid not null,
  run_id uuid not null,
  scope_id uuid not null,
  source_id uuid not null,
  status text not null,
  trigger text not null,
  requested_by text not null,
  run_seq integer,
  seq bigint,
  end_seq bigint,
  base_seq bigint,
  coverage text not null default '[]'::text,
  counts text not null default '{}'::text,
  problems text not null default '[]'::text,
  ambiguous text not null default '[]'::text,
  ambiguous_identities bytea,
  unproven_removals text not null default '[]'::text,
  declared_types text,
  hold text,
  content_digest text,
  registry_digest text,
  attempts integer not null default 0,
  holder_key bigint,
  part_count integer not null default 0,
  is_cancel_requested boolean not null default false,
  error_code text,
  error_message text,
  requested_at timestamp(3) with time zone not null,
  started_at timestamp(3) with time zone,
  active_at timestamp(3) with time zone,
  finished_at timestamp(3) with time zone,
  held_until timestamp(3) with time zone,
  constraint sync_runs_pkey PRIMARY KEY (workspace_id, run_id),
  constraint sync_runs_applied_check CHECK (((status = ANY (ARRAY['succeeded'::text, 'partial'::text])) = (seq IS NOT NULL))),
  constraint sync_runs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'held'::text, 'succeeded'::text, 'partial'::text, 'failed'::text, 'cancelled'::text, 'rejected'::text]))),
  constraint sync_runs_trigger_check CHECK ((trigger = ANY (ARRAY['manual'::text, 'schedule'::text, 'push'::text]))),
  constraint sync_runs_scope_fkey FOREIGN KEY (workspace_id, scope_id) REFERENCES driftplane.scopes(workspace_id, scope_id)
);
CREATE UNIQUE INDEX sync_runs_active_key ON driftplane.sync_runs USING btree (workspace_id, scope_id) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX sync_runs_requested_idx ON driftplane.sync_runs USING btree (workspace_id, requested_at, run_id);
CREATE UNIQUE INDEX sync_runs_run_seq_key ON driftplane.sync_runs USING btree (workspace_id, scope_id, run_seq) WHERE (run_seq IS NOT NULL);
CREATE INDEX sync_runs_scope_idx ON driftplane.sync_runs USING btree (workspace_id, scope_id, requested_at, run_id);
CREATE UNIQUE INDEX sync_runs_seq_key ON driftplane.sync_runs USING btree (workspace_id, scope_id, seq) WHERE (seq IS NOT NULL);
CREATE INDEX sync_runs_source_idx ON driftplane.sync_runs USING btree (workspace_id, source_id, requested_at, run_id);
CREATE INDEX sync_runs_status_idx ON driftplane.sync_runs USING btree (workspace_id, status, requested_at, run_id);
alter table driftplane.sync_runs enable row level security;
alter table driftplane.sync_runs force row level security;
create policy workspace_only on driftplane.sync_runs as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant delete, insert, select, update on table driftplane.sync_runs to driftplane_app;
grant delete, insert, select, update on table driftplane.sync_runs to driftplane_ingest;

create table driftplane.workspace_heads (
  workspace_id uuid not null,
  audit_seq bigint not null default 0,
  audit_hash text not null default repeat('0'::text, 64),
  event_seq bigint not null default 0,
  constraint workspace_heads_pkey PRIMARY KEY (workspace_id),
  constraint workspace_heads_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES driftplane.workspaces(workspace_id)
);
alter table driftplane.workspace_heads enable row level security;
alter table driftplane.workspace_heads force row level security;
create policy workspace_only on driftplane.workspace_heads as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant select, update on table driftplane.workspace_heads to driftplane_app;
grant select, update on table driftplane.workspace_heads to driftplane_ingest;

create table driftplane.workspace_ids (
  id uuid not null,
  constraint workspace_ids_pkey PRIMARY KEY (id)
);
grant select on table driftplane.workspace_ids to driftplane_jobs;

create table driftplane.workspaces (
  workspace_id uuid not null,
  name text not null,
  digest_key text not null,
  version_retention_days integer not null default 400,
  execution_retention_days integer not null default 400,
  finding_retention_days integer not null default 400,
  revision integer not null default 1,
  created_at timestamp(3) with time zone not null,
  updated_at timestamp(3) with time zone not null,
  required_plan_approvals integer not null default 0,
  constraint workspaces_pkey PRIMARY KEY (workspace_id),
  constraint workspaces_plan_approvals_check CHECK (((required_plan_approvals >= 0) AND (required_plan_approvals <= 10))),
  constraint workspaces_retention_check CHECK ((((version_retention_days >= 1) AND (version_retention_days <= 36500)) AND ((execution_retention_days >= 1) AND (execution_retention_days <= 36500)) AND ((finding_retention_days >= 1) AND (finding_retention_days <= 36500))))
);
alter table driftplane.workspaces enable row level security;
alter table driftplane.workspaces force row level security;
create policy workspace_only on driftplane.workspaces as permissive for all to public using ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)) with check ((workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid));
grant select, update on table driftplane.workspaces to driftplane_app;
grant select, update on table driftplane.workspaces to driftplane_ingest;

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
  identity_pointer text not null,
  is_contradictory boolean not null,
  place text not null,
  constraint items_pkey PRIMARY KEY (workspace_id, run_id, part_no, ordinal)
);
grant delete, insert, select, update on table driftplane_staging.items to driftplane_ingest;

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
  identity_pointer text not null,
  constraint old_forms_pkey PRIMARY KEY (workspace_id, run_id, part_no, ordinal, rules_digest)
);
grant delete, insert, select, update on table driftplane_staging.old_forms to driftplane_ingest;

create unlogged table driftplane_staging.parts (
  workspace_id uuid not null,
  run_id uuid not null,
  part_no integer not null,
  body_digest text not null,
  seen bytea not null,
  summary text not null,
  constraint parts_pkey PRIMARY KEY (workspace_id, run_id, part_no)
);
grant delete, insert, select, update on table driftplane_staging.parts to driftplane_ingest;

CREATE OR REPLACE FUNCTION driftplane.analyze_item_versions()
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
begin
  analyze driftplane.item_versions;
end
$function$;
grant execute on function driftplane.analyze_item_versions() to driftplane_ingest;

CREATE OR REPLACE FUNCTION driftplane.enqueue_job(kind text, payload json, job_key text, queue_name text, run_at timestamp with time zone, max_attempts integer)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
AS $function$
begin
  if kind not in (
    'inventory.sync', 'inventory.redact_history', 'drift.generate', 'retention.sweep', 'plans.backtest'
  ) then
    raise exception 'no such job: %', kind using errcode = 'check_violation';
  end if;
  if (payload ->> 'workspaceId') is distinct from nullif(current_setting('app.workspace_id', true), '') then
    raise exception 'a job belongs to the workspace of its transaction' using errcode = 'insufficient_privilege';
  end if;
  perform graphile_worker.add_job(
    identifier => kind,
    payload => payload,
    queue_name => queue_name,
    run_at => run_at,
    max_attempts => max_attempts,
    job_key => job_key
  );
end
$function$;
grant execute on function driftplane.enqueue_job(kind text, payload json, job_key text, queue_name text, run_at timestamp with time zone, max_attempts integer) to driftplane_app;
grant execute on function driftplane.enqueue_job(kind text, payload json, job_key text, queue_name text, run_at timestamp with time zone, max_attempts integer) to driftplane_ingest;

CREATE OR REPLACE FUNCTION driftplane.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog'
AS $function$
begin
  raise exception '% is immutable: % is refused', tg_table_name, lower(tg_op) using errcode = 'integrity_constraint_violation';
end
$function$;
