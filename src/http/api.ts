// What a feature's route files stand on. The server assembles them; nothing here knows a feature.
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { AuditActor } from '../core/audit-chain.ts';
import { DriftplaneError } from '../core/errors.ts';
import type { Database } from '../db/database.ts';
import { type WorkspaceTransaction, withWorkspace } from '../db/workspace-transaction.ts';
import { claimIdempotencyKey, type IdempotencyClaim } from './idempotency.ts';
import type { Turns } from './turns.ts';

/** What routes are registered on: schemas are zod, for validation, types and the OpenAPI document. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What a token may do; each may do what the ones before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Throws `forbidden` where who has the role `held` may not do what `needed` may. */
export function requireRole(held: Role, needed: Role): void {
  if (roles.indexOf(held) >= roles.indexOf(needed)) return;
  throw new DriftplaneError('forbidden', `this needs the role ${needed}, and the token has ${held}`, {
    extensions: { neededRole: needed },
  });
}

/** Who asks, and in which workspace. Set on every request to a route that is not public. */
export interface Access {
  readonly workspaceId: string;
  readonly tokenId: string;
  readonly role: Role;
  /** Null: until it is revoked. */
  readonly expiresAt: Date | null;
  readonly actor: AuditActor;
}

declare module 'fastify' {
  interface FastifyRequest {
    access: Access;
    /** Set where the route is idempotent and the client sent a key. */
    idempotency: IdempotencyClaim | null;
  }
  interface FastifyInstance {
    /** Who may use the database when, by workspace: none of them takes it from the others. */
    workspaceTurns: {
      /** The transactions of requests. */
      readonly transactions: Turns;
      /** Those that are expensive, of which there are fewer. */
      readonly expensive: Turns;
    };
  }
  interface FastifyContextConfig {
    /** The least role that may call it. Every route under /api names it, or the server does not start. */
    access?: Role | 'public';
    /** Repeated with the same Idempotency-Key it answers as it did the first time, and does nothing. */
    isIdempotent?: boolean;
    /** Members of the answer that are not kept for its repetition; they are null then. */
    secretMembers?: readonly string[];
    /** Bodies and answers may take longer than the request timeout, as in a push or an event stream. */
    isLongRunning?: boolean;
    /** Its body is read as it arrives, by the route itself. */
    takesStream?: boolean;
    /** It goes through as much as a workspace has; few of them at once keep a server busy. */
    isExpensive?: boolean;
  }
}

/**
 * Runs `work` in one transaction of the workspace of the request, in the name of its token. The transaction of an
 * idempotent route takes the request's key with it.
 */
export function inWorkspace<T>(
  database: Database,
  request: FastifyRequest,
  work: (transaction: WorkspaceTransaction) => Promise<T>,
): Promise<T> {
  return inTurn(request, () =>
    withWorkspace(database.app, transactionOf(request), async (transaction) => {
      await claimIdempotencyKey(transaction, request);
      return work(transaction);
    }),
  );
}

/** The same on a snapshot of one moment, in which nothing can be written. */
export function readInWorkspace<T>(
  database: Database,
  request: FastifyRequest,
  work: (transaction: WorkspaceTransaction) => Promise<T>,
): Promise<T> {
  return inTurn(request, () =>
    withWorkspace(database.app, { ...transactionOf(request), isReadOnly: true }, work),
  );
}

/** Of what may take longer than the request timeout, in many statements. */
const MAX_LONG_STATEMENT_SECONDS = 300;

/** A statement that outlives the answer to its request is of use to nobody. */
function transactionOf({ access, routeOptions }: FastifyRequest) {
  const { workspaceId, actor } = access;
  const timeoutMs = routeOptions.handlerTimeout;
  const maxStatementSeconds = timeoutMs > 0 ? timeoutMs / 1000 : MAX_LONG_STATEMENT_SECONDS;
  return { workspaceId, actor, maxStatementSeconds };
}

function inTurn<T>({ server, access, routeOptions }: FastifyRequest, work: () => Promise<T>): Promise<T> {
  const { transactions, expensive } = server.workspaceTurns;
  const run = (): Promise<T> => transactions.run(access.workspaceId, work);
  return routeOptions.config.isExpensive === true ? expensive.run(access.workspaceId, run) : run();
}
