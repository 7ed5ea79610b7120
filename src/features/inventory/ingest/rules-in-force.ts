import { canonicalJson } from '../../../core/canonical-json.ts';
import { createItemTypeRegistry, type ItemTypeRegistry } from '../../../core/item-type-registry.ts';
import type { ItemTypeDefinition } from '../../../core/item-type-schema.ts';
import type { JsonValue } from '../../../core/json-value.ts';
import { limits } from '../../../core/limits.ts';
import { createItemReader, type ItemReader } from '../../../core/read-item.ts';
import type { WorkspaceTransaction } from '../../../db/workspace-transaction.ts';

/** Each of them reads every changed item once more. */
const MAX_OLD_REGISTRIES = 4;

/** Keeps the definitions in force, so that what they made can be understood when they no longer are. */
export async function recordRegistry(tx: WorkspaceTransaction, registry: ItemTypeRegistry): Promise<void> {
  const { client, workspaceId, now } = tx;
  const { rowCount } = await client.query(
    `insert into driftplane.registry_versions (workspace_id, registry_digest, rules_digests, first_used_at)
     values ($1, $2, $3, $4) on conflict do nothing`,
    [workspaceId, registry.digest, JSON.stringify(registry.types.map((type) => type.rulesDigest)), now],
  );
  if (rowCount === 0) return;
  await client.query(
    `insert into driftplane.item_type_versions (workspace_id, rules_digest, item_type, definition, first_used_at)
     select $1, r.rules_digest, r.item_type, r.definition, $2
     from unnest($3::text[], $4::text[], $5::text[]) as r(rules_digest, item_type, definition)
     on conflict do nothing`,
    [
      workspaceId,
      now,
      registry.types.map((type) => type.rulesDigest),
      registry.types.map((type) => type.name),
      registry.types.map((type) => canonicalJson(type.definition as unknown as JsonValue)),
    ],
  );
}

/**
 * Digests of the registries under which the live items of a scope were read last, newest first: those of its runs
 * back to one that saw every item. Later runs may have carried items over unseen.
 */
export async function listRegistriesInUse(tx: WorkspaceTransaction, scopeId: string): Promise<string[]> {
  const { rows } = await tx.client.query<{ registry_digest: string }>(
    `select registry_digest from driftplane.sync_runs
     where workspace_id = $1 and scope_id = $2 and run_seq >= coalesce((
       select max(run_seq) from driftplane.sync_runs
       where workspace_id = $1 and scope_id = $2 and run_seq is not null
         and unproven_removals = '[]' and ambiguous = '[]'
     ), 0)
     group by registry_digest order by max(run_seq) desc`,
    [tx.workspaceId, scopeId],
  );
  return rows.map((row) => row.registry_digest);
}

/**
 * The registry under which a run is read, to its last part and to its end: that of the process that began to, whatever
 * this one has in force. A run of which nothing has been read yet has the one in force.
 */
export async function getRegistryOfRun(
  tx: WorkspaceTransaction,
  runId: string,
  inForce: ItemTypeRegistry,
): Promise<ItemTypeRegistry> {
  const { rows } = await tx.client.query<{ registry_digest: string | null }>(
    'select registry_digest from driftplane.sync_runs where workspace_id = $1 and run_id = $2',
    [tx.workspaceId, runId],
  );
  const digest = rows[0]?.registry_digest ?? null;
  if (digest === null || digest === inForce.digest) return inForce;
  return registryOf(await findDefinitionsOf(tx, digest)) ?? inForce;
}

/** What reads items as they were read before the rules changed. */
export interface OldRules {
  /** Also where no rules but only the way in which types are told apart has changed. */
  readonly readers: readonly ItemReader[];
  /** Digests of rules by which live versions were made and that are no longer in force. */
  readonly digests: ReadonlySet<string>;
}

/**
 * Readers for the rules of live versions that are no longer in force: the whole registries under which live items
 * were read last, and for versions of none of them the registry in force with their definition in it.
 */
export async function loadOldRules(
  tx: WorkspaceTransaction,
  options: {
    registry: ItemTypeRegistry;
    /** Digests of the registries under which the live items were read last, newest first. */
    lastRegistries: readonly string[];
    /** Digests of the rules of all live versions. */
    liveRules: readonly string[];
    digestKey: string;
  },
): Promise<OldRules> {
  const { registry, lastRegistries, liveRules, digestKey } = options;
  const inForce = new Set(registry.types.map((type) => type.rulesDigest));
  const digests = new Set(liveRules.filter((digest) => !inForce.has(digest)));
  const registries: ItemTypeRegistry[] = [];
  const missing = new Set(digests);
  const others = lastRegistries.filter((digest) => digest !== registry.digest);
  for (const digest of others.slice(0, MAX_OLD_REGISTRIES)) {
    const last = registryOf(await findDefinitionsOf(tx, digest));
    if (last === null) continue;
    registries.push(last);
    for (const type of last.types) missing.delete(type.rulesDigest);
  }
  for (const definition of await findDefinitions(tx, [...missing].sort())) {
    const rest = registry.types
      .map((type) => type.definition)
      .filter(({ itemType }) => itemType !== definition.itemType);
    const old = registryOf([definition, ...rest]);
    if (old !== null) registries.push(old);
  }
  const readers = registries.map((old) =>
    createItemReader({ registry: old, digestKey, maxDepth: limits.maxDepth }),
  );
  return { readers, digests };
}

function registryOf(definitions: readonly ItemTypeDefinition[]): ItemTypeRegistry | null {
  if (definitions.length === 0) return null;
  const result = createItemTypeRegistry({ own: [], builtIn: definitions });
  return result.ok ? result.registry : null;
}

/** The definitions of a registry, in its order. */
async function findDefinitionsOf(tx: WorkspaceTransaction, digest: string): Promise<ItemTypeDefinition[]> {
  const { rows } = await tx.client.query<{ rules_digests: string }>(
    'select rules_digests from driftplane.registry_versions where workspace_id = $1 and registry_digest = $2',
    [tx.workspaceId, digest],
  );
  const [row] = rows;
  return row === undefined ? [] : await findDefinitions(tx, JSON.parse(row.rules_digests) as string[]);
}

/** Definitions by their digests, in the order of these; unknown ones are left out. */
export async function findDefinitions(
  tx: WorkspaceTransaction,
  digests: readonly string[],
): Promise<ItemTypeDefinition[]> {
  const { rows } = await tx.client.query<{ rules_digest: string; definition: string }>(
    'select rules_digest, definition from driftplane.item_type_versions where workspace_id = $1 and rules_digest = any($2)',
    [tx.workspaceId, digests],
  );
  const byDigest = new Map(rows.map((row) => [row.rules_digest, row.definition]));
  return digests.flatMap((digest) => {
    const text = byDigest.get(digest);
    return text === undefined ? [] : [JSON.parse(text) as ItemTypeDefinition];
  });
}
