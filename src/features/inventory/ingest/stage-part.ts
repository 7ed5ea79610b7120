import type { WorkspaceTransaction } from '../../../db/workspace-transaction.ts';
import { FORM_COLUMNS, ITEM_COLUMNS, type StagingSink } from './part-reader.ts';
import { type StagingTable, StagingWriter } from './staging-writer.ts';

const KEY_COLUMNS = ['workspace_id', 'run_id', 'part_no'] as const;

const ITEMS: StagingTable = {
  name: 'driftplane_staging.items',
  columns: [...KEY_COLUMNS, ...ITEM_COLUMNS],
};
const OLD_FORMS: StagingTable = {
  name: 'driftplane_staging.old_forms',
  columns: [...KEY_COLUMNS, ...FORM_COLUMNS],
};

/** Which part of which run. */
export interface PartKey {
  readonly workspaceId: string;
  readonly runId: string;
  readonly partNo: number;
}

/** Where the changed items of a part go. */
export interface StagedPart extends StagingSink {
  drain(): Promise<void>;
  /** Everything is in the database; it is committed when the transaction is. */
  end(): Promise<void>;
  abandon(error: Error): void;
}

/** Stages a part by COPY in the caller's transaction, so that nothing of a part that fails is left. */
export function stagePart(tx: WorkspaceTransaction, key: PartKey): StagedPart {
  const prefix = [key.workspaceId, key.runId, String(key.partNo)];
  const writer = new StagingWriter(tx.client);
  return {
    addItem: (values) => writer.add(ITEMS, [...prefix, ...values]),
    addOldForm: (values) => writer.add(OLD_FORMS, [...prefix, ...values]),
    drain: () => writer.drain(),
    end: () => writer.end(),
    abandon: (error) => writer.destroy(error),
  };
}
