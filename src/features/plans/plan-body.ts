import type { z } from 'zod';
import type { ErrorDetail } from '../../core/errors.ts';
import { parsePointer } from '../../core/json-pointer.ts';
import { isJsonObject, type JsonValue } from '../../core/json-value.ts';
import { parsePlan } from '../../core/parse-plan.ts';

/** The body of a request, which has a plan in it. */
export type PlanBody = Readonly<Record<string, unknown>>;

/**
 * The schema of a body whose plan is looked at later: where what is around the plan is at fault, what `faultsOf` finds
 * wrong with the plan is told along with that.
 */
export function tellPlanFaults<Schema extends z.ZodType<PlanBody>>(
  schema: Schema,
  faultsOf: (body: PlanBody) => readonly ErrorDetail[],
): Schema {
  return schema.superRefine(
    (body, context) => {
      if (!isJsonObject(body as JsonValue)) return;
      for (const { pointer, detail } of faultsOf(body)) {
        context.addIssue({ code: 'custom', path: parsePointer(pointer), message: detail });
      }
    },
    { when: ({ issues }) => issues.length > 0 },
  );
}

/** What is wrong with a plan as people write it. */
export function planFaults(plan: unknown): readonly ErrorDetail[] {
  const parsed = parsePlan(plan);
  return parsed.ok ? [] : parsed.details;
}

/** The same of the plan in `document`, where there is one. */
export function documentFaults({ document }: PlanBody): readonly ErrorDetail[] {
  if (document === undefined) return [];
  return planFaults(document).map((fault) => ({ ...fault, pointer: `/document${fault.pointer}` }));
}
