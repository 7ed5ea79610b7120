-- Row-level security on every tenant table, for its owner too. With no workspace set, no row is seen.
do $$
declare
  tenant_table regclass;
begin
  for tenant_table in
    select c.oid
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped
    where c.relnamespace = 'driftplane'::regnamespace and c.relkind = 'r'
  loop
    execute format('alter table %s enable row level security', tenant_table);
    execute format('alter table %s force row level security', tenant_table);
    execute format(
      'create policy workspace_only on %s using (%s) with check (%s)',
      tenant_table,
      'workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid',
      'workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid'
    );
  end loop;
end
$$;

-- The application may put jobs into the queue, of its own workspace only, and see nothing of it.
create function driftplane.enqueue_job(
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
  if kind not in ('inventory.sync', 'inventory.redact_history', 'drift.generate', 'retention.sweep') then
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

-- After a run that changed much: until the planner knows the size of a new scope, it joins it by nested loops. Only
-- the owner of a table may analyse it.
create function driftplane.analyze_item_versions() returns void
language plpgsql
security definer
set search_path = pg_catalog
as $$
begin
  analyze driftplane.item_versions;
end
$$;
