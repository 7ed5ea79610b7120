import { randomUUID } from 'node:crypto';
import type { AuditActor } from '../../core/audit-chain.ts';
import type { Database } from '../../db/database.ts';
import { type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';

/** A person with a token of their own. */
export function person(label: string): AuditActor {
  return { kind: 'token', id: randomUUID(), label };
}

/** A workspace in which several people work on plans. */
export class TestPlanDesk {
  readonly database: Database;
  readonly workspaceId: string;
  readonly author = person('author');

  private constructor(database: Database, workspaceId: string) {
    this.database = database;
    this.workspaceId = workspaceId;
  }

  static async open(database: Database, requiredApprovals = 0): Promise<TestPlanDesk> {
    const { workspaceId } = await createWorkspace(database.urls.owner, { name: 'test' });
    const desk = new TestPlanDesk(database, workspaceId);
    if (requiredApprovals > 0) await desk.require(requiredApprovals);
    return desk;
  }

  /** One transaction of a person, the author where nobody is named. */
  as<T>(work: (tx: WorkspaceTransaction) => Promise<T>, actor: AuditActor = this.author): Promise<T> {
    return withWorkspace(this.database.app, { workspaceId: this.workspaceId, actor }, work);
  }

  /** So many approvals are needed from now on. */
  async require(requiredApprovals: number): Promise<void> {
    await this.as(({ client, workspaceId }) =>
      client.query('update driftplane.workspaces set required_plan_approvals = $2 where workspace_id = $1', [
        workspaceId,
        requiredApprovals,
      ]),
    );
  }
}
