import type { z } from 'zod';
import type { ErrorDetail } from './errors.ts';
import { formatPointer } from './json-pointer.ts';
import { nearestWord } from './nearest.ts';

/** All that is wrong with a document, each with its JSON Pointer, in the order of the schema. */
export function describeIssues(error: z.ZodError): ErrorDetail[] {
  return error.issues.flatMap((issue) => describeIssue(issue, []));
}

type Issue = z.core.$ZodIssue;

function describeIssue(issue: Issue, above: readonly PropertyKey[]): ErrorDetail[] {
  const path = [...above, ...issue.path];
  const at = (detail: string, below: readonly PropertyKey[] = []): ErrorDetail => ({
    pointer: formatPointer([...path, ...below].map(String)),
    line: null,
    detail,
  });
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => at('there is no such field', [key]));
    case 'invalid_value': {
      const values = issue.values.map(String);
      const nearest = typeof issue.input === 'string' ? nearestWord(issue.input, values) : null;
      const hint = nearest === null ? '' : `; did you mean "${nearest}"?`;
      return [at(`${quote(issue.input)} is not one of ${values.join(', ')}${hint}`)];
    }
    case 'invalid_union': {
      // The branch that is of the value's kind is the one that was meant.
      const meant = issue.errors.find((branch) => {
        return !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0);
      });
      if (meant === undefined) return [at(issue.message)];
      return meant.flatMap((inner) => describeIssue(inner, path));
    }
    default:
      return [at(issue.message)];
  }
}

/** A scalar as it stands in a document; what is no scalar, or long, only by its kind. */
function quote(value: unknown): string {
  if (typeof value === 'string') return value.length <= 60 ? JSON.stringify(value) : 'this text';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return 'this value';
}
