import type pg from 'pg';

/** A place of the schema that breaks the rules on which the isolation of workspaces rests. */
export interface Violation {
  readonly table: string;
  readonly rule: string;
}

/** Tables without a workspace; each holds nothing of a tenant. */
const sharedTables: readonly string[] = ['migrations', 'processes', 'workspace_ids'];

const policyExpression =
  "(workspace_id = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)";

/** All violations of the schema `driftplane`, by table and rule. */
export async function findViolations(client: pg.Client): Promise<Violation[]> {
  const { rows } = await client.query<Violation>(violationsQuery, [sharedTables, policyExpression]);
  return rows;
}

const violationsQuery = `
with
  tables as (
    select c.oid, c.relname::text as name, c.relrowsecurity, c.relforcerowsecurity, a.attnum as workspace_column,
      a.atttypid = 'uuid'::regtype and a.attnotnull as is_sound
    from pg_class c
    left join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped
    where c.relnamespace = 'driftplane'::regnamespace and c.relkind in ('r', 'p', 'f', 'm', 'v')
  ),
  tenant_tables as (select * from tables where workspace_column is not null),
  violations (name, rule) as (
    select name, 'has no workspace_id and is not in the list of shared tables'
    from tables where workspace_column is null and name <> all ($1)
    union all
    select name, 'has a workspace_id and is in the list of shared tables' from tenant_tables where name = any ($1)
    union all
    select name, 'its workspace_id is not uuid not null' from tenant_tables where not is_sound
    union all
    select name, 'has no primary key' from tables t
    where not exists (select from pg_constraint k where k.conrelid = t.oid and k.contype = 'p')
    union all
    select t.name, format('the constraint %s does not begin with workspace_id', k.conname)
    from tenant_tables t join pg_constraint k on k.conrelid = t.oid
    where k.contype in ('p', 'u', 'f') and k.conkey[1] <> t.workspace_column
    union all
    select t.name, format('the constraint %s does not refer to the workspace_id of %s', k.conname, k.confrelid::regclass)
    from tenant_tables t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'
    where k.confkey[1] is distinct from (
      select a.attnum from pg_attribute a where a.attrelid = k.confrelid and a.attname = 'workspace_id'
    )
    union all
    select t.name, format('the constraint %s forgets the workspace when its target goes', k.conname)
    from tenant_tables t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'
    where 'n' in (k.confdeltype, k.confupdtype) and coalesce(t.workspace_column = any (k.confdelsetcols), true)
    union all
    select t.name, format('the constraint %s is an exclusion: nobody knows whether it separates workspaces', k.conname)
    from tenant_tables t join pg_constraint k on k.conrelid = t.oid and k.contype = 'x'
    union all
    select t.name, format('the index %s does not begin with workspace_id', i.indexrelid::regclass)
    from tenant_tables t join pg_index i on i.indrelid = t.oid
    where i.indkey[0] <> t.workspace_column
    union all
    select name, 'row-level security is not enabled' from tenant_tables where not relrowsecurity
    union all
    select name, 'row-level security is not forced' from tenant_tables where not relforcerowsecurity
    union all
    select name, 'no policy binds every command of everybody to the workspace' from tenant_tables t
    where not exists (
      select from pg_policy p
      where p.polrelid = t.oid and p.polcmd = '*' and p.polroles = '{0}' and p.polpermissive
        and pg_get_expr(p.polqual, p.polrelid) = $2 and pg_get_expr(p.polwithcheck, p.polrelid) = $2
    )
    union all
    select t.name, format('the policy %s opens more than the workspace', p.polname)
    from tenant_tables t join pg_policy p on p.polrelid = t.oid
    where p.polpermissive and (
      coalesce(pg_get_expr(p.polqual, p.polrelid), $2) <> $2 or coalesce(pg_get_expr(p.polwithcheck, p.polrelid), $2) <> $2
    )
  )
select name as table, rule from violations order by name, rule`;
