import { z } from 'zod';
import { type DriftplaneError, type ErrorCode, errorCatalogue } from '../core/errors.ts';

/** An error on the wire (RFC 9457). Further members are named by the code, such as `allowed` or `runId`. */
const problemSchema = z
  .looseObject({
    type: z.string().meta({ description: 'A name for the code; docs/errors.md explains it' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: 'Stable; see docs/errors.md' }),
    action: z.string().meta({ description: 'What to do about it' }),
    requestId: z.string(),
    details: z
      .array(
        z.object({
          pointer: z.string().meta({ description: 'JSON Pointer into what was sent' }),
          line: z.int().optional().meta({ description: '1-based, where what was sent has lines' }),
          detail: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem', description: 'What went wrong, as RFC 9457 has it' });

export type ProblemResponse = z.infer<typeof problemSchema>;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The problem document of an error; `unknown` inner texts never come here. */
export function problemOf(error: DriftplaneError, requestId: string): ProblemResponse {
  const { status, title, action } = errorCatalogue[error.code];
  return {
    ...error.extensions,
    type: `urn:driftplane:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    action,
    requestId,
    ...(error.details.length === 0
      ? {}
      : {
          details: error.details.map(({ pointer, line, detail }) =>
            line === null ? { pointer, detail } : { pointer, line, detail },
          ),
        }),
  };
}

/**
 * The answers of a route that end with one of these codes, to be spread into its `response`. Those that any
 * route may end with (400 for its own shape, 401, 403, 404 of the workspace, 408, 413, 415, 429, 500, 503) are added by the
 * server. The type has no members, so that the handler's own answer keeps its type.
 */
export function problems(...codes: ErrorCode[]): Record<never, never> {
  const byStatus = Map.groupBy(codes, (code) => errorCatalogue[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.map((code) => `\`${code}\`: ${errorCatalogue[code].title}`).join('; '),
        content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
      },
    ]),
  );
}
