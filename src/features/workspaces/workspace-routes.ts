import { z } from 'zod';
import type { Database } from '../../db/database.ts';
import { type Api, inWorkspace, readInWorkspace } from '../../http/api.ts';
import { problems } from '../../http/problem-contract.ts';
import { readIfMatch, setRevision } from '../../http/revision.ts';
import {
  type WorkspaceResponse,
  workspaceChangeSchema,
  workspacePageSchema,
  workspaceSchema,
} from './workspace-contract.ts';
import { changeWorkspace, getWorkspace } from './workspace-service.ts';
import type { WorkspaceRow } from './workspace-store.ts';

const params = z.object({ workspaceId: z.string() });

export function registerWorkspaceRoutes(api: Api, { database }: { database: Database }): void {
  api.get(
    '/api/workspaces',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['workspaces'],
        operationId: 'listWorkspaces',
        summary: 'The workspaces that the token sees: its own',
        response: { 200: workspacePageSchema },
      },
    },
    async (request) => {
      const row = await readInWorkspace(database, request, getWorkspace);
      return { items: [responseOf(row)], nextCursor: null };
    },
  );

  api.get(
    '/api/workspaces/:workspaceId',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['workspaces'],
        operationId: 'showWorkspace',
        summary: 'One workspace, with its revision as ETag',
        params,
        response: { 200: workspaceSchema },
      },
    },
    async (request, reply) => {
      const row = await readInWorkspace(database, request, getWorkspace);
      setRevision(reply, row.revision);
      return responseOf(row);
    },
  );

  api.patch(
    '/api/workspaces/:workspaceId',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['workspaces'],
        operationId: 'changeWorkspace',
        summary: 'Change the name, how long things are kept, or what plans need; needs If-Match',
        params,
        body: workspaceChangeSchema,
        response: { 200: workspaceSchema, ...problems('revision_mismatch', 'precondition_required') },
      },
    },
    async (request, reply) => {
      const revision = readIfMatch(request);
      const row = await inWorkspace(database, request, (transaction) =>
        changeWorkspace(transaction, request.body, revision),
      );
      setRevision(reply, row.revision);
      return responseOf(row);
    },
  );
}

function responseOf(row: WorkspaceRow): WorkspaceResponse {
  return {
    workspaceId: row.workspace_id,
    name: row.name,
    versionRetentionDays: row.version_retention_days,
    executionRetentionDays: row.execution_retention_days,
    findingRetentionDays: row.finding_retention_days,
    requiredPlanApprovals: row.required_plan_approvals,
    revision: row.revision,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
