import { randomBytes, randomUUID } from 'node:crypto';
import type { AuditActor } from '../../core/audit-chain.ts';
import { DriftplaneError } from '../../core/errors.ts';
import { describeIssues } from '../../core/validation.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { violates } from '../../db/pg-errors.ts';
import { isUuid, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { requireRevision } from '../../http/revision.ts';
import { createToken } from './token-service.ts';
import { type WorkspaceChange, workspaceNameSchema } from './workspace-contract.ts';
import {
  findWorkspace,
  insertWorkspace,
  lockAndFindAnyWorkspace,
  updateWorkspace,
  type WorkspaceRow,
} from './workspace-store.ts';

export interface NewWorkspace {
  readonly workspaceId: string;
  /** The text of a token with all rights; shown once, then only its hash is known. */
  readonly adminToken: string;
}

/** Who runs the server, at its command line. */
const cliActor: AuditActor = { kind: 'cli', id: null, label: 'command line' };

const FIRST_NAME = 'default';
const DIGEST_KEY_BYTES = 32;

/**
 * Creates a workspace with one admin token, by the owner's connection: no role that a request runs as could.
 * Throws `invalid_arguments` for a name or id that can't be, `name_taken` for an id that there is.
 */
export async function createWorkspace(
  ownerUrl: string,
  options: { readonly name: string; readonly id?: string },
): Promise<NewWorkspace> {
  const name = checkName(options.name);
  return asOwner(ownerUrl, options.id ?? randomUUID(), (transaction) => openWorkspace(transaction, name));
}

/** The first workspace of an empty database; null where there is one already. Its token is never given again. */
export async function ensureFirstWorkspace(ownerUrl: string): Promise<NewWorkspace | null> {
  return asOwner(ownerUrl, randomUUID(), async (transaction) => {
    if (await lockAndFindAnyWorkspace(transaction)) return null;
    return openWorkspace(transaction, FIRST_NAME);
  });
}

/** Another admin token for a workspace whose tokens are lost. Throws `workspace_not_found`. */
export async function createAdminToken(
  ownerUrl: string,
  {
    workspaceId,
    name,
    expiresAt = null,
  }: { readonly workspaceId: string; readonly name: string; readonly expiresAt?: Date | null },
): Promise<NewWorkspace> {
  return asOwner(ownerUrl, workspaceId, async (transaction) => {
    await getWorkspace(transaction);
    const { tokenText } = await createToken(transaction, { name, role: 'admin', expiresAt });
    return { workspaceId, adminToken: tokenText };
  });
}

/** All workspaces, for who runs the server. Each is read under its own policy. */
export async function listWorkspaces(ownerUrl: string): Promise<WorkspaceRow[]> {
  const database = openAsOwner(ownerUrl);
  try {
    const { rows } = await database.app.query<{ id: string }>(
      'select id from driftplane.workspace_ids order by id',
    );
    const found: WorkspaceRow[] = [];
    for (const { id } of rows) {
      const row = await withWorkspace(
        database.app,
        { workspaceId: id, actor: cliActor, isReadOnly: true },
        findWorkspace,
      );
      if (row !== undefined) found.push(row);
    }
    return found;
  } finally {
    await database.close();
  }
}

export async function getWorkspace(
  transaction: WorkspaceTransaction,
  options: { readonly isLocked?: boolean } = {},
): Promise<WorkspaceRow> {
  const row = await findWorkspace(transaction, options);
  if (row === undefined) throw new DriftplaneError('workspace_not_found', 'there is no such workspace');
  return row;
}

/** Throws `revision_mismatch` where it was changed since `revision`. */
export async function changeWorkspace(
  transaction: WorkspaceTransaction,
  change: WorkspaceChange,
  revision: number,
): Promise<WorkspaceRow> {
  const before = await getWorkspace(transaction, { isLocked: true });
  requireRevision(revision, before.revision);
  const after = await updateWorkspace(transaction, {
    name: change.name ?? before.name,
    version_retention_days: change.versionRetentionDays ?? before.version_retention_days,
    execution_retention_days: change.executionRetentionDays ?? before.execution_retention_days,
    finding_retention_days: change.findingRetentionDays ?? before.finding_retention_days,
    required_plan_approvals: change.requiredPlanApprovals ?? before.required_plan_approvals,
  });
  const changed = (Object.keys(fields) as (keyof typeof fields)[]).filter(
    (name) => change[name] !== undefined,
  );
  transaction.audit({
    action: 'workspace.change',
    target: { kind: 'workspace', id: transaction.workspaceId },
    detail: {
      before: Object.fromEntries(changed.map((name) => [name, before[fields[name]]])),
      after: Object.fromEntries(changed.map((name) => [name, after[fields[name]]])),
    },
  });
  return after;
}

const fields = {
  name: 'name',
  versionRetentionDays: 'version_retention_days',
  executionRetentionDays: 'execution_retention_days',
  findingRetentionDays: 'finding_retention_days',
  requiredPlanApprovals: 'required_plan_approvals',
} as const satisfies Record<keyof WorkspaceChange, keyof WorkspaceRow>;

async function openWorkspace(transaction: WorkspaceTransaction, name: string): Promise<NewWorkspace> {
  const { workspaceId } = transaction;
  await insertWorkspace(transaction, { name, digestKey: randomBytes(DIGEST_KEY_BYTES).toString('hex') });
  transaction.audit({
    action: 'workspace.create',
    target: { kind: 'workspace', id: workspaceId },
    detail: { name },
  });
  const { tokenText } = await createToken(transaction, { name: 'bootstrap', role: 'admin', expiresAt: null });
  return { workspaceId, adminToken: tokenText };
}

function checkName(name: string): string {
  const parsed = workspaceNameSchema.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new DriftplaneError('invalid_arguments', 'the name of the workspace can not be', {
    details: describeIssues(parsed.error),
  });
}

async function asOwner<T>(
  ownerUrl: string,
  workspaceId: string,
  work: (transaction: WorkspaceTransaction) => Promise<T>,
): Promise<T> {
  if (!isUuid(workspaceId)) {
    throw new DriftplaneError('invalid_arguments', 'the id of a workspace is a UUID in lower case');
  }
  const database = openAsOwner(ownerUrl);
  try {
    return await withWorkspace(database.app, { workspaceId, actor: cliActor }, work);
  } catch (error) {
    if (!violates(error, 'workspace_ids_pkey')) throw error;
    throw new DriftplaneError('name_taken', `there is a workspace ${workspaceId} already`, { cause: error });
  } finally {
    await database.close();
  }
}

function openAsOwner(ownerUrl: string): Database {
  const urls = { owner: ownerUrl, app: ownerUrl, ingest: ownerUrl, jobs: ownerUrl };
  return openDatabase(urls, { maxConnections: 1 });
}
