import { z } from 'zod';
import type { ErrorDetail } from './errors.ts';
import { formatPointer } from './json-pointer.ts';
import { didYouMean } from './nearest.ts';

/** Most faults that are told of one document: whoever has more will look again. */
const MAX_DETAILS = 200;
/** Longest name of a field that is shown whole, in characters. */
const MAX_FIELD_NAME = 200;

/**
 * All that is wrong with a document, each with its JSON Pointer, in the order of the schema; of more than two hundred
 * the first, and how many more there are. With the schema, a field that it does not know is told with the one that was
 * probably meant.
 */
export function describeIssues(error: z.ZodError, schema: z.ZodType | null = null): ErrorDetail[] {
  const details: ErrorDetail[] = [];
  let omitted = 0;
  for (const issue of error.issues) {
    const left = MAX_DETAILS - details.length;
    if (left <= 0) omitted += issue.code === 'unrecognized_keys' ? issue.keys.length : 1;
    else if (issue.code === 'unrecognized_keys' && issue.keys.length > left) {
      details.push(...describeIssue({ ...issue, keys: issue.keys.slice(0, left) }, [], schema));
      omitted += issue.keys.length - left;
    } else details.push(...describeIssue(issue, [], schema));
  }
  return omitted === 0
    ? details
    : [...details, { pointer: '', line: null, detail: `and ${omitted} more faults` }];
}

type Issue = z.core.$ZodIssue;

function describeIssue(issue: Issue, above: readonly PropertyKey[], schema: z.ZodType | null): ErrorDetail[] {
  const path = [...above, ...issue.path];
  const at = (detail: string, below: readonly PropertyKey[] = []): ErrorDetail => ({
    pointer: formatPointer([...path, ...below].map((key) => cutName(String(key)))),
    line: null,
    detail,
  });
  switch (issue.code) {
    case 'unrecognized_keys': {
      const fields = schema === null ? [] : fieldsAt(schema, path);
      return issue.keys.map((key) => {
        return at(`there is no such field${didYouMean(key, fields)}`, [key]);
      });
    }
    case 'invalid_type':
      return [at(isMissing(issue) ? 'it is missing' : wrongKind(issue))];
    case 'too_small':
    case 'too_big':
      return [at(outOfBounds(issue))];
    case 'invalid_value': {
      if (isMissing(issue)) return [at(`it is missing: one of ${issue.values.join(', ')}`)];
      const values = issue.values.map(String);
      const hint = typeof issue.input === 'string' ? didYouMean(issue.input, values) : '';
      return [at(`${quote(issue.input)} is not one of ${values.join(', ')}${hint}`)];
    }
    case 'invalid_union': {
      // The branch that is of the value's kind is the one that was meant.
      const meant = issue.errors.find((branch) => {
        return !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0);
      });
      if (meant === undefined) return [at(issue.message)];
      return meant.flatMap((inner) => describeIssue(inner, path, schema));
    }
    case 'invalid_format':
      return [at(isId(issue) ? `${named(issue)} is not an id (a UUID)` : issue.message)];
    default:
      return [at(issue.message)];
  }
}

/** Where the schema gave it no words of its own. */
function isId({ format, message }: Extract<Issue, { code: 'invalid_format' }>): boolean {
  return (format === 'guid' || format === 'uuid') && message.startsWith('Invalid ');
}

/** Where the input is reported, a field that is not there has one that is undefined; else the validator says so. */
function isMissing(issue: Issue): boolean {
  // Of a field that may be anything, all that can be wrong is that it is not there.
  if (issue.code === 'invalid_type' && issue.expected === 'nonoptional') return true;
  if ('input' in issue) return issue.input === undefined;
  return issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
}

/** What the validator calls a value, and people too. */
const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function wrongKind(issue: Extract<Issue, { code: 'invalid_type' }>): string {
  const kind = kinds[issue.expected];
  if (kind === undefined || !issue.message.startsWith('Invalid input')) return issue.message;
  return `${named(issue)} is not ${kind}`;
}

/** The value, where the input is reported. */
function named(issue: Issue): string {
  return 'input' in issue ? quote(issue.input) : 'it';
}

/** A bound that the schema gave no words of its own. */
function outOfBounds(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const isSmall = issue.code === 'too_small';
  if (!issue.message.startsWith('Too ')) return issue.message;
  const bound = isSmall ? issue.minimum : issue.maximum;
  if (issue.origin === 'string') return `it is ${isSmall ? 'shorter' : 'longer'} than ${bound} characters`;
  if (issue.origin === 'array') return `it has ${isSmall ? 'fewer' : 'more'} than ${bound} elements`;
  if (issue.inclusive !== true) return `it is not ${isSmall ? 'more' : 'less'} than ${bound}`;
  return `it is ${isSmall ? 'less' : 'more'} than ${bound}`;
}

/** The names of the fields that an object at this place may have; none where the schema leaves it open. */
function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let here = unwrapped(schema);
  for (const key of path) {
    if (here instanceof z.ZodObject && typeof key === 'string' && Object.hasOwn(here.shape, key)) {
      here = unwrapped(here.shape[key] as z.core.$ZodType);
    } else if (here instanceof z.ZodArray) here = unwrapped(here.element);
    else return [];
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in);
  const isWrapper =
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable;
  return isWrapper ? unwrapped(schema.unwrap()) : schema;
}

/** A name as faults have it: of one that is very long the beginning. */
export function cutName(name: string): string {
  return name.length <= MAX_FIELD_NAME ? name : `${name.slice(0, MAX_FIELD_NAME).toWellFormed()}…`;
}

/** A scalar as it stands in a document; what is no scalar, or long, only by its kind. */
function quote(value: unknown): string {
  if (typeof value === 'string') return value.length <= 60 ? JSON.stringify(value) : 'this text';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return 'this value';
}
