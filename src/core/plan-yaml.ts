import type { JsonValue } from './json-value.ts';
import { type PlanDocument, planDocumentSchema } from './plan-schema.ts';
import { formatYaml } from './yaml-document.ts';

/**
 * A plan as YAML, with every field written out in the order of the schema. Parsed again it is the same plan, to the
 * byte of this text. A plan without status says nothing of it.
 */
export function planToYaml(plan: PlanDocument): string {
  const names = Object.keys(planDocumentSchema.shape) as (keyof PlanDocument)[];
  const members = names.flatMap((name): [string, JsonValue][] => {
    const value = plan[name];
    return value === undefined ? [] : [[name, ordered(planDocumentSchema.shape[name], value as JsonValue)]];
  });
  return formatYaml(Object.fromEntries(members));
}

/** The value with its members in the order of the schema, wherever it came from (the database has another). */
function ordered(schema: unknown, value: JsonValue): JsonValue {
  const inner = unwrap(schema);
  if (Array.isArray(value)) return value.map((element) => ordered(inner.element, element));
  if (typeof value !== 'object' || value === null || inner.shape === undefined) return value;
  const { shape } = inner;
  return Object.fromEntries(
    Object.keys(shape).map((name) => [name, ordered(shape[name], value[name] ?? null)]),
  );
}

interface Unwrapped {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
}

/** What is inside of defaults, pipes and nullables, as far as it has members or elements. */
function unwrap(schema: unknown): Unwrapped {
  let at = schema as Unwrapped & { def?: { innerType?: unknown; in?: unknown } };
  while (at?.def?.innerType !== undefined || at?.def?.in !== undefined) {
    at = (at.def.innerType ?? at.def.in) as typeof at;
  }
  return at ?? {};
}
