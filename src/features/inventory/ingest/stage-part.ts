import type pg from 'pg';
import type { WorkspaceTransaction } from '../../../db/workspace-transaction.ts';
import { FORM_COLUMNS, ITEM_COLUMNS, type StagingSink } from './part-reader.ts';
import { StagingWriter } from './staging-writer.ts';

const KEY_COLUMNS = ['workspace_id', 'run_id', 'part_no'] as const;

/** Which part of which run. */
export interface PartKey {
  readonly workspaceId: string;
  readonly runId: string;
  readonly partNo: number;
}

/** Where the changed items of a part go. Connections are taken when the first row comes. */
export interface StagedPart extends StagingSink {
  drain(): Promise<void>;
  /** Everything is in the database; old forms are committed, items when the transaction is. */
  end(): Promise<void>;
  abandon(error: Error): void;
}

/**
 * Stages a part: items by COPY in the caller's transaction, so that nothing of a part that fails is left. Old
 * forms are rare and go by a connection of their own, as two COPYs don't share one; without their items they
 * mean nothing.
 */
export function stagePart(tx: WorkspaceTransaction, pool: pg.Pool, key: PartKey): StagedPart {
  const prefix = [key.workspaceId, key.runId, String(key.partNo)];
  let items: StagingWriter | null = null;
  let oldForms: { writer: StagingWriter; client: pg.PoolClient } | null = null;
  let waiting: (readonly string[])[] = [];
  return {
    addItem(values) {
      items ??= new StagingWriter(tx.client, 'driftplane_staging.items', [...KEY_COLUMNS, ...ITEM_COLUMNS]);
      items.add([...prefix, ...values]);
    },
    addOldForm(values) {
      waiting.push([...prefix, ...values]);
    },
    async drain() {
      await items?.drain();
      if (waiting.length === 0) return;
      oldForms ??= await openOldForms(pool, key);
      for (const row of waiting) oldForms.writer.add(row);
      waiting = [];
      await oldForms.writer.drain();
    },
    async end() {
      await this.drain();
      await items?.end();
      items = null;
      if (oldForms === null) {
        // An attempt that failed late may have left some.
        await deleteOldForms(tx.client, key);
        return;
      }
      const { writer, client } = oldForms;
      oldForms = null;
      try {
        await writer.end();
        await client.query('commit');
        client.release();
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
    abandon(error) {
      items?.destroy(error);
      oldForms?.writer.destroy(error);
      oldForms?.client.release(true);
      oldForms = null;
    },
  };
}

async function openOldForms(
  pool: pg.Pool,
  key: PartKey,
): Promise<{ writer: StagingWriter; client: pg.PoolClient }> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await deleteOldForms(client, key);
    return {
      client,
      writer: new StagingWriter(client, 'driftplane_staging.old_forms', [...KEY_COLUMNS, ...FORM_COLUMNS]),
    };
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function deleteOldForms(client: pg.ClientBase, { workspaceId, runId, partNo }: PartKey): Promise<void> {
  await client.query(
    'delete from driftplane_staging.old_forms where workspace_id = $1 and run_id = $2 and part_no = $3',
    [workspaceId, runId, partNo],
  );
}
