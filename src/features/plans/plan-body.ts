import type { z } from 'zod';
import { parsePointer } from '../../core/json-pointer.ts';
import { isJsonObject, type JsonValue } from '../../core/json-value.ts';
import { parsePlan } from '../../core/parse-plan.ts';

/** The body of a request, which has a plan in it. */
export type PlanBody = Readonly<Record<string, unknown>>;

/**
 * The schema of a body whose plan, at `pointer`, is looked at later: where what is around the plan is at fault, what is
 * wrong with the plan is told along with that.
 */
export function tellPlanFaults<Schema extends z.ZodType<PlanBody>>(
  schema: Schema,
  pointer: '' | '/document',
  planOf: (body: PlanBody) => unknown,
): Schema {
  return schema.superRefine(
    (body, context) => {
      const plan = isJsonObject(body as JsonValue) ? planOf(body) : undefined;
      const parsed = plan === undefined ? null : parsePlan(plan);
      if (parsed === null || parsed.ok) return;
      for (const fault of parsed.details) {
        const path = parsePointer(pointer + fault.pointer);
        context.addIssue({ code: 'custom', path, message: fault.detail });
      }
    },
    { when: ({ issues }) => issues.length > 0 },
  );
}
