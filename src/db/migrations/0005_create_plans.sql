-- Drift plans: the policies that decide which drift counts. See docs/plans.md.

-- Approvals that a plan version needs before it may be published.
alter table driftplane.workspaces
  add column required_plan_approvals integer not null default 0,
  add constraint workspaces_plan_approvals_check check (required_plan_approvals between 0 and 10);

-- The token that a token was created with; null where it was none. Nobody approves a version of their own with another
-- token that they made.
alter table driftplane.api_tokens add column created_by_id uuid;
-- Of the tokens that are there the trail has it. Of every workspace: see findings below.
alter table driftplane.api_tokens no force row level security;
alter table driftplane.audit_events no force row level security;
update driftplane.api_tokens t set created_by_id = e.actor_id::uuid
from driftplane.audit_events e
where e.workspace_id = t.workspace_id and e.target_kind = 'token' and e.target_id = t.token_id::text
  and e.action = 'token.create' and e.actor_kind = 'token';
alter table driftplane.audit_events force row level security;
alter table driftplane.api_tokens force row level security;

-- The head of each plan: its published version, or the latest one where none has been published yet.
create table driftplane.drift_plans (
  workspace_id uuid not null,
  id uuid not null,
  name text not null,
  description text not null default '',
  status text not null,
  scope_type text not null,
  -- The service id, or the repository in lower case; null for the workspace.
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
  -- The plan that it was made of, and the template.
  parent_id uuid,
  template_id text,
  -- Grows with every change, of description and status too.
  revision integer not null default 1,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  created_by text not null,
  updated_by text not null,
  archived_at timestamptz(3),
  constraint drift_plans_pkey primary key (workspace_id, id),
  constraint drift_plans_version_hash_key unique (workspace_id, version_hash),
  constraint drift_plans_status_check check (status in ('draft', 'active', 'archived')),
  constraint drift_plans_scope_check check (
    scope_type in ('workspace', 'service', 'repo') and (scope_type = 'workspace') = (scope_ref is null)
  ),
  constraint drift_plans_repo_check check (scope_type <> 'repo' or scope_ref = lower(scope_ref)),
  constraint drift_plans_archived_check check ((status = 'archived') = (archived_at is not null)),
  constraint drift_plans_parent_check check (parent_id <> id),
  constraint drift_plans_workspace_fkey foreign key (workspace_id) references driftplane.workspaces,
  constraint drift_plans_parent_fkey foreign key (workspace_id, parent_id) references driftplane.drift_plans
);
create index drift_plans_status_idx on driftplane.drift_plans (workspace_id, status);
create index drift_plans_scope_idx on driftplane.drift_plans (workspace_id, scope_type, scope_ref);
create index drift_plans_template_idx on driftplane.drift_plans (workspace_id, template_id);
create index drift_plans_created_idx on driftplane.drift_plans (workspace_id, created_at, id);
-- Two plans in force never claim the same.
create unique index drift_plans_repo_key on driftplane.drift_plans (workspace_id, scope_ref, doc_class)
  nulls not distinct where status = 'active' and scope_type = 'repo';
create unique index drift_plans_service_key on driftplane.drift_plans (workspace_id, scope_ref)
  where status = 'active' and scope_type = 'service';
create unique index drift_plans_workspace_key on driftplane.drift_plans (workspace_id)
  where status = 'active' and scope_type = 'workspace';

-- Every version of every plan, never changed and never deleted.
create table driftplane.drift_plan_versions (
  workspace_id uuid not null,
  plan_id uuid not null,
  version integer not null,
  version_hash text not null,
  -- Canonical JSON of what is hashed.
  content text not null,
  -- The version that it was made of.
  parent_version integer,
  change_note text not null default '',
  created_at timestamptz(3) not null,
  created_by text not null,
  -- The token; null where it was no token.
  created_by_id text,
  constraint drift_plan_versions_pkey primary key (workspace_id, plan_id, version),
  constraint drift_plan_versions_version_check check (version >= 1 and parent_version < version),
  constraint drift_plan_versions_plan_fkey foreign key (workspace_id, plan_id) references driftplane.drift_plans
);
create index drift_plan_versions_hash_idx on driftplane.drift_plan_versions (workspace_id, version_hash);

create function driftplane.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  raise exception '% is immutable: % is refused', tg_table_name, lower(tg_op) using errcode = 'integrity_constraint_violation';
end
$$;
create trigger drift_plan_versions_immutable before update or delete on driftplane.drift_plan_versions
  for each row execute function driftplane.refuse_change();
create trigger drift_plan_versions_kept before truncate on driftplane.drift_plan_versions
  for each statement execute function driftplane.refuse_change();

-- Where each version stands on its way to being published.
create table driftplane.plan_reviews (
  workspace_id uuid not null,
  plan_id uuid not null,
  version integer not null,
  state text not null,
  updated_at timestamptz(3) not null,
  published_at timestamptz(3),
  constraint plan_reviews_pkey primary key (workspace_id, plan_id, version),
  constraint plan_reviews_state_check check (
    state in ('draft', 'in_review', 'approved', 'published', 'rejected', 'superseded')
  ),
  constraint plan_reviews_version_fkey foreign key (workspace_id, plan_id, version)
    references driftplane.drift_plan_versions
);
create unique index plan_reviews_published_key on driftplane.plan_reviews (workspace_id, plan_id) where state = 'published';

-- What happened to a version, and the word of each reviewer.
create table driftplane.plan_review_events (
  workspace_id uuid not null,
  plan_id uuid not null,
  version integer not null,
  event_no integer not null,
  kind text not null,
  from_state text,
  to_state text not null,
  -- The content that it was said about.
  version_hash text not null,
  at timestamptz(3) not null,
  actor_kind text not null,
  actor_id text,
  actor_label text not null,
  comment text not null default '',
  constraint plan_review_events_pkey primary key (workspace_id, plan_id, version, event_no),
  constraint plan_review_events_review_fkey foreign key (workspace_id, plan_id, version)
    references driftplane.plan_reviews
);

-- Incidents that are open or were: a plan may tell of drift only while there is one.
create table driftplane.incidents (
  workspace_id uuid not null,
  incident_id uuid not null,
  -- The id that it has where it comes from.
  external_id text not null,
  title text not null,
  -- Null: it concerns the whole workspace.
  service_id text,
  opened_at timestamptz(3) not null,
  closed_at timestamptz(3),
  created_by text not null,
  constraint incidents_pkey primary key (workspace_id, incident_id),
  constraint incidents_external_key unique (workspace_id, external_id),
  constraint incidents_closed_check check (closed_at >= opened_at),
  constraint incidents_workspace_fkey foreign key (workspace_id) references driftplane.workspaces
);
create index incidents_open_idx on driftplane.incidents (workspace_id, service_id) where closed_at is null;
create index incidents_opened_idx on driftplane.incidents (workspace_id, opened_at, incident_id);

-- What an execution was generated by and what its plan held back.
alter table driftplane.executions
  add column plan_id uuid,
  add column plan_version integer,
  -- Kind and binding of the source, who brought the run and when: what plans decide by.
  add column observation text,
  -- Counts by rule, and conditions that could not be told.
  add column held_back text not null default '{}',
  -- What of the world outside the routing depended on, and how many findings went where.
  add column routing text,
  add constraint executions_plan_fkey foreign key (workspace_id, plan_id, plan_version)
    references driftplane.drift_plan_versions;
create index executions_plan_idx on driftplane.executions (workspace_id, plan_id, finished_at) where plan_id is not null;

-- Drift that a plan held back; the first ten thousand of an execution.
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
  -- JSON arrays.
  reasons text not null,
  -- Those that are not kept too.
  reason_count integer not null,
  paths text not null,
  constraint held_candidates_pkey primary key (workspace_id, execution_id, ordinal),
  constraint held_candidates_execution_fkey foreign key (workspace_id, execution_id)
    references driftplane.executions on delete cascade
);

alter table driftplane.findings
  add column plan_id uuid,
  add column plan_version integer,
  add column drift_score real not null default 0,
  add constraint findings_plan_fkey foreign key (workspace_id, plan_id, plan_version)
    references driftplane.drift_plan_versions;
-- Of every workspace: where the owner is no superuser, forced row security would show it none of the rows.
alter table driftplane.findings no force row level security;
update driftplane.findings set drift_score = impact;
alter table driftplane.findings force row level security;
create index findings_first_execution_idx on driftplane.findings (workspace_id, first_execution_id);

-- A plan tried on stored pairs of runs.
create table driftplane.plan_backtests (
  workspace_id uuid not null,
  backtest_id uuid not null,
  -- What is tried: a version of a plan, or a document that is no plan yet.
  plan_id uuid,
  plan_version integer,
  version_hash text not null,
  content text not null,
  -- JSON array of scope ids.
  scope_ids text not null,
  days integer not null,
  -- Pairs whose current run ended from here on, up to when it was asked for.
  since timestamptz(3) not null,
  status text not null,
  progress text not null default '{}',
  summary text,
  result_digest text,
  error_code text,
  error_message text,
  is_cancel_requested boolean not null default false,
  attempts integer not null default 0,
  requested_at timestamptz(3) not null,
  requested_by text not null,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  constraint plan_backtests_pkey primary key (workspace_id, backtest_id),
  constraint plan_backtests_status_check check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  constraint plan_backtests_version_fkey foreign key (workspace_id, plan_id, plan_version)
    references driftplane.drift_plan_versions
);
create index plan_backtests_requested_idx on driftplane.plan_backtests (workspace_id, requested_at, backtest_id);
create index plan_backtests_plan_idx on driftplane.plan_backtests (workspace_id, plan_id, requested_at, backtest_id);

-- What would be otherwise under the plan that was tried; the first ten thousand of a backtest.
create table driftplane.plan_backtest_changes (
  workspace_id uuid not null,
  backtest_id uuid not null,
  ordinal integer not null,
  effect text not null,
  scope_id uuid not null,
  execution_id uuid not null,
  fingerprint text not null,
  detail text not null,
  constraint plan_backtest_changes_pkey primary key (workspace_id, backtest_id, ordinal),
  constraint plan_backtest_changes_effect_check check (
    effect in ('appears', 'disappears', 'changes_severity', 'changes_route')
  ),
  constraint plan_backtest_changes_backtest_fkey foreign key (workspace_id, backtest_id)
    references driftplane.plan_backtests on delete cascade
);

do $$
declare
  tenant_table text;
begin
  foreach tenant_table in array array[
    'drift_plans', 'drift_plan_versions', 'plan_reviews', 'plan_review_events', 'incidents', 'held_candidates',
    'plan_backtests', 'plan_backtest_changes'
  ] loop
    execute format('alter table driftplane.%I enable row level security', tenant_table);
    execute format('alter table driftplane.%I force row level security', tenant_table);
    execute format(
      'create policy workspace_only on driftplane.%I using (%s) with check (%s)',
      tenant_table,
      'workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid',
      'workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid'
    );
  end loop;
end
$$;

create or replace function driftplane.enqueue_job(
  kind text,
  payload json,
  job_key text,
  queue_name text,
  run_at timestamptz,
  max_attempts integer
) returns void
language plpgsql
security definer
set search_path = pg_catalog
as $$
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
$$;
