-- Roles and rights; run after every migration, so it must be repeatable. Roles belong to the whole server: several
-- databases of Driftplane on one server share them, and their rights are per database.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['driftplane_app', 'driftplane_ingest', 'driftplane_jobs'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin nosuperuser nobypassrls', wanted);
      exception when duplicate_object or unique_violation then
        null; -- another database of this server was migrated at the same time
      end;
    end if;
    if not pg_has_role(current_user, wanted, 'usage') then
      execute format('grant %I to %I', wanted, current_user);
    end if;
  end loop;
end
$$;

revoke all on schema driftplane, driftplane_staging from public;
revoke all on all functions in schema driftplane from public;

-- What a request may do.
grant usage on schema driftplane to driftplane_app, driftplane_ingest, driftplane_jobs;
grant select, insert, update, delete on
  driftplane.workspaces,
  driftplane.workspace_heads,
  driftplane.api_tokens,
  driftplane.idempotency_keys,
  driftplane.stream_events,
  driftplane.sources,
  driftplane.scopes,
  driftplane.sync_runs,
  driftplane.scope_types,
  driftplane.executions,
  driftplane.findings,
  driftplane.finding_events,
  driftplane.acceptances,
  driftplane.held_candidates
to driftplane_app, driftplane_ingest;
revoke insert, delete on driftplane.workspaces, driftplane.workspace_heads from driftplane_app, driftplane_ingest;
grant select, insert on driftplane.audit_events to driftplane_app, driftplane_ingest;
grant select, insert, update on
  driftplane.drift_plans,
  driftplane.plan_reviews,
  driftplane.incidents
to driftplane_app;
grant select, insert on driftplane.drift_plan_versions, driftplane.plan_review_events to driftplane_app;
grant select, insert, update, delete on driftplane.plan_backtests, driftplane.plan_backtest_changes to driftplane_app;
grant select, update, delete on driftplane.item_versions to driftplane_app;
grant select, insert on driftplane.item_type_versions, driftplane.registry_versions to driftplane_app, driftplane_ingest;
grant execute on function driftplane.enqueue_job to driftplane_app, driftplane_ingest;
grant select on driftplane.processes to driftplane_app, driftplane_ingest;
-- For /readyz: whether the schema is that of the version that runs.
grant select on driftplane.migrations to driftplane_app;

-- What bringing in an inventory may do besides.
grant select, insert, update, delete on driftplane.item_versions to driftplane_ingest;
grant execute on function driftplane.analyze_item_versions to driftplane_ingest;
grant usage on schema driftplane_staging to driftplane_ingest;
grant select, insert, update, delete on all tables in schema driftplane_staging to driftplane_ingest;

-- What working off the queue may do.
grant usage on schema graphile_worker to driftplane_jobs;
grant select, insert, update, delete on all tables in schema graphile_worker to driftplane_jobs;
grant usage, select, update on all sequences in schema graphile_worker to driftplane_jobs;
grant execute on all functions in schema graphile_worker to driftplane_jobs;

-- The queue's library enables row-level security on its tables and leaves it to their owner who else may see rows.
do $$
declare
  queue_table regclass;
begin
  for queue_table in
    select c.oid from pg_class c
    where c.relnamespace = 'graphile_worker'::regnamespace and c.relkind = 'r' and c.relrowsecurity
  loop
    execute format('drop policy if exists jobs_only on %s', queue_table);
    execute format('create policy jobs_only on %s to driftplane_jobs using (true) with check (true)', queue_table);
  end loop;
end
$$;
grant select on driftplane.workspace_ids to driftplane_jobs;
grant select, insert, update, delete on driftplane.processes to driftplane_jobs;
