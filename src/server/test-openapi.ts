// Reads the OpenAPI document of a server and makes requests of it that are valid in form.
export type Schema = Record<string, unknown>;

interface Parameter {
  readonly name: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** One operation, as far as a client needs to know it. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly operationId: string;
  readonly neededRole: 'viewer' | 'operator' | 'admin' | 'public';
  readonly pathParameters: readonly Parameter[];
  readonly queryParameters: readonly Parameter[];
  readonly bodySchema: Schema | null;
  readonly isStream: boolean;
}

interface OpenApiOperation {
  readonly operationId?: string;
  readonly description?: string;
  readonly security?: unknown;
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema: Schema }[];
  readonly requestBody?: { content?: Record<string, { schema?: Schema }> };
  readonly responses?: unknown;
}

export function listOperations(document: object): Operation[] {
  const { paths } = document as { paths: Record<string, Record<string, OpenApiOperation>> };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const { parameters = [], requestBody } = operation;
      const placed = (place: string): Parameter[] =>
        parameters
          .filter((parameter) => parameter.in === place)
          .map(({ name, schema, required }) => ({ name, schema, isRequired: required === true }));
      const role = /Needs the role `(\w+)`/.exec(operation.description ?? '')?.[1];
      return {
        method: method.toUpperCase() as Operation['method'],
        path,
        operationId: operation.operationId ?? '',
        neededRole: operation.security === undefined ? 'public' : (role as 'viewer'),
        pathParameters: placed('path'),
        queryParameters: placed('query'),
        bodySchema: requestBody?.content?.['application/json']?.schema ?? null,
        isStream: JSON.stringify(operation.responses ?? {}).includes('text/event-stream'),
      };
    }),
  );
}

/**
 * A small value that fits a JSON Schema: only what is required, but members that are ids are always there.
 * `idOf` says which; null leaves it to the schema.
 */
export function sampleOf(
  schema: Schema,
  components: Record<string, Schema>,
  idOf: (name: string) => string | null,
  name = '',
): unknown {
  const again = (inner: unknown, of = name): unknown => sampleOf(inner as Schema, components, idOf, of);
  if (typeof schema.$ref === 'string') return again(components[schema.$ref.split('/').at(-1) ?? '']);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const branches = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (branches !== undefined) return again(branches[0]);
  if (Array.isArray(schema.allOf)) return Object.assign({}, ...schema.allOf.map((each) => again(each)));
  switch (schema.type) {
    case 'object': {
      const properties = (schema.properties ?? {}) as Record<string, Schema>;
      const required = (schema.required ?? []) as string[];
      const wanted = Object.keys(properties).filter((key) => required.includes(key) || idOf(key) !== null);
      // A body that needs one of several members, whichever: the first.
      const keys = wanted.length === 0 ? Object.keys(properties).slice(0, 1) : wanted;
      return Object.fromEntries(keys.map((key) => [key, again(properties[key], key)]));
    }
    case 'array': {
      const id = idOf(name);
      if (id !== null) return [id];
      return Number(schema.minItems ?? 0) > 0 ? [again(schema.items, name)] : [];
    }
    case 'string':
      return idOf(name) ?? sampleText(schema);
    case 'integer':
    case 'number':
      return Math.max(Number(schema.minimum ?? 1), 1);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return idOf(name) ?? 'x';
  }
}

function sampleText({ format, minLength }: Schema): string {
  if (format === 'date-time') return '2099-01-01T00:00:00.000Z';
  if (format === 'uuid') return '00000000-0000-4000-8000-000000000000';
  return 'x'.repeat(Math.max(Number(minLength ?? 1), 1));
}
