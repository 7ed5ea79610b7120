import { z } from 'zod';
import { instantSchema } from '../../http/instant.ts';
import { dismissReasons, type FindingDecision } from './finding-decision.ts';
import { findingFilterSchema, textSchema } from './finding-filter-contract.ts';

const MAX_COMMENT_LENGTH = 2_000;
/** Most ids of one bulk request. */
const MAX_IDS = 1_000;

const comment = textSchema(MAX_COMMENT_LENGTH)
  .optional()
  .meta({ description: "Kept in the finding's history" });

/** What each decision says, besides its name. */
const decisionFields = {
  acknowledge: { comment },
  accept: {
    comment,
    expiresAt: instantSchema
      .nullish()
      .meta({ description: 'Until when the value is accepted; without: for good' }),
  },
  dismiss: { comment, reason: z.enum(dismissReasons) },
  snooze: { comment, until: instantSchema },
  reopen: { comment },
};

/** The bodies of the routes for one finding. */
export const decisionBodies = {
  acknowledge: z.strictObject(decisionFields.acknowledge).nullish(),
  accept: z.strictObject(decisionFields.accept).nullish(),
  dismiss: z.strictObject(decisionFields.dismiss),
  snooze: z.strictObject(decisionFields.snooze),
  reopen: z.strictObject(decisionFields.reopen).nullish(),
};

const bulkFields = {
  findingIds: z.array(z.guid()).min(1).max(MAX_IDS).optional(),
  filter: findingFilterSchema.optional().meta({ description: 'Instead of findingIds; {} is every finding' }),
  dryRun: z.boolean().default(false).meta({ description: 'Only says what would happen' }),
  expectedCount: z.int().min(0).optional().meta({ description: '409 unless so many findings are meant' }),
};

function bulkBody<Action extends keyof typeof decisionFields>(action: Action) {
  return z.strictObject({ action: z.literal(action), ...decisionFields[action], ...bulkFields });
}

/** One decision about many findings: those of `ids`, or of `filter`. */
export const bulkTriageSchema = z
  .discriminatedUnion('action', [
    bulkBody('acknowledge'),
    bulkBody('accept'),
    bulkBody('dismiss'),
    bulkBody('snooze'),
    bulkBody('reopen'),
  ])
  .refine(({ findingIds, filter }) => (findingIds === undefined) !== (filter === undefined), {
    error: 'needs either findingIds or filter',
    path: ['findingIds'],
  });

type DecisionRequest =
  | { readonly action: 'acknowledge' | 'reopen'; readonly comment?: string | undefined }
  | {
      readonly action: 'accept';
      readonly comment?: string | undefined;
      readonly expiresAt?: string | null | undefined;
    }
  | {
      readonly action: 'dismiss';
      readonly comment?: string | undefined;
      readonly reason: (typeof dismissReasons)[number];
    }
  | { readonly action: 'snooze'; readonly comment?: string | undefined; readonly until: string };

/** The decision that a request means. */
export function decisionOf(request: DecisionRequest): FindingDecision {
  const said = { comment: request.comment ?? null };
  switch (request.action) {
    case 'acknowledge':
    case 'reopen':
      return { event: request.action, ...said };
    case 'accept': {
      const { expiresAt } = request;
      return { event: 'accept', expiresAt: expiresAt ? new Date(expiresAt) : null, ...said };
    }
    case 'dismiss':
      return { event: 'dismiss', reason: request.reason, ...said };
    case 'snooze':
      return { event: 'snooze', until: new Date(request.until), ...said };
  }
}
