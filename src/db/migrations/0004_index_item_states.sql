-- Pages of the inventory as of a run: its state is the live versions that are old enough and the closed ones that
-- were open then, each walked in the order of the pages. from_seq and to_seq stand at the end of the keys so that
-- versions of other times are passed over in the index, without a look at the rows.
drop index driftplane.item_versions_live_idx;
create index item_versions_live_idx
  on driftplane.item_versions (workspace_id, scope_id, item_type, version_id, from_seq) where to_seq is null;
create index item_versions_closed_idx
  on driftplane.item_versions (workspace_id, scope_id, item_type, version_id, from_seq, to_seq) where to_seq is not null;

-- The run that a boundary belongs to.
create unique index sync_runs_seq_key on driftplane.sync_runs (workspace_id, scope_id, seq) where seq is not null;

-- Up to this boundary retention has deleted versions: a state before it is not whole any more.
alter table driftplane.scopes add column kept_since_seq bigint not null default 0;
