import { planJsonSchema } from '../../src/features/plans/plan-contract.ts';

interface Field {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly anyOf?: readonly Field[];
  readonly items?: Field;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The rows of the table of docs/plan-file.md, as the schema has them. */
export function planFieldRows(): string[] {
  return rowsOf(
    planJsonSchema as unknown as Field,
    '',
    (planJsonSchema as { required?: string[] }).required ?? [],
  );
}

function rowsOf(field: Field, path: string, required: readonly string[]): string[] {
  return Object.entries(field.properties ?? {}).flatMap(([name, member]) => {
    const inner = `${path}${path === '' ? '' : '.'}${name}`;
    const element = member.items;
    if (member.properties !== undefined) return rowsOf(member, inner, []);
    if (element?.properties !== undefined) {
      const needed = (element as { required?: string[] }).required ?? [];
      return [row(inner, member, false), ...rowsOf(element, `${inner}[]`, needed)];
    }
    return [row(inner, member, required.includes(name))];
  });
}

function row(path: string, field: Field, isRequired: boolean): string {
  const meaning = (field.description ?? '').replaceAll('|', '\\|');
  return `| \`${path}\` | ${typeOf(field)} | ${isRequired ? 'required' : defaultOf(field)} | ${meaning} |`;
}

function typeOf(field: Field): string {
  const types = (field.anyOf ?? [field]).filter(({ type }) => type !== 'null').map(plainType);
  const isNullable = (field.anyOf ?? []).some(({ type }) => type === 'null');
  return `${types.join(' or ')}${isNullable ? ' or null' : ''}`;
}

function plainType({ type, enum: values, items, minimum, maximum }: Field): string {
  if (values !== undefined)
    return values.length > 8 ? 'one of [these](#words)' : values.map((value) => `\`${value}\``).join(', ');
  if (type === 'array') return `list of ${items?.properties === undefined ? typeOf(items ?? {}) : 'rules'}`;
  if (type === 'number' || type === 'integer') {
    return `${type === 'integer' ? 'whole ' : ''}number${minimum === undefined ? '' : `, ${minimum} to ${maximum}`}`;
  }
  return type === 'boolean' ? 'true or false' : 'text';
}

function defaultOf({ default: value, items, type }: Field): string {
  if (value === undefined) return type === 'array' ? '`[]`' : '–';
  if (Array.isArray(value) && value.length > 4) {
    return value.length === items?.enum?.length ? 'all' : value.map((one) => `\`${one}\``).join(', ');
  }
  return `\`${JSON.stringify(value)}\``;
}
