import type { WorkspaceTransaction } from '../../../db/workspace-transaction.ts';
import { LiveIndex, type LiveVersion } from './live-index.ts';

/** Live versions that one statement fetches. */
const BATCH = 100_000;
const RAW_HASH_BYTES = 16;
const ENTRY_BYTES = 8 + RAW_HASH_BYTES + 4;

/**
 * Reads the live versions of a scope into an index. They come packed into one value per batch, which is many
 * times faster than a row each.
 */
export async function loadLiveIndex(
  tx: WorkspaceTransaction,
  options: { scopeId: string; headSeq: number },
): Promise<LiveIndex> {
  const { scopeId, headSeq } = options;
  const { client, workspaceId } = tx;
  const rules = await client.query<{ rules_digest: string }>(
    `select distinct rules_digest from driftplane.item_versions
     where workspace_id = $1 and scope_id = $2 and to_seq is null order by rules_digest`,
    [workspaceId, scopeId],
  );
  const rulesDigests = rules.rows.map((row) => row.rules_digest);
  const batches: Buffer[] = [];
  let count = 0;
  for (let after = 0; ; ) {
    const { rows } = await client.query<{ packed: Buffer | null; last: number | null; count: number }>(
      `select string_agg(int8send(version_id) || raw_hash || int4send(array_position($4::text[], rules_digest)), ''::bytea
         order by version_id) as packed, max(version_id) as last, count(*) as count
       from (
         select version_id, raw_hash, rules_digest from driftplane.item_versions
         where workspace_id = $1 and scope_id = $2 and to_seq is null and version_id > $3
         order by version_id limit ${BATCH}
       ) batch`,
      [workspaceId, scopeId, after, rulesDigests],
    );
    const [row] = rows;
    if (row === undefined || row.packed === null || row.last === null) break;
    batches.push(row.packed);
    count += row.count;
    after = row.last;
    if (row.count < BATCH) break;
  }
  return new LiveIndex({ headSeq, count, versions: unpack(batches, rulesDigests) });
}

function* unpack(batches: readonly Buffer[], rulesDigests: readonly string[]): Generator<LiveVersion> {
  for (const batch of batches) {
    for (let at = 0; at < batch.length; at += ENTRY_BYTES) {
      yield {
        versionId: Number(batch.readBigInt64BE(at)),
        rawHash: batch.subarray(at + 8, at + 8 + RAW_HASH_BYTES),
        rulesDigest: rulesDigests[batch.readInt32BE(at + 8 + RAW_HASH_BYTES) - 1] as string,
      };
    }
  }
}
