import type { ShownChange } from '../generate.ts';
import type { JsonValue } from '../json-value.ts';
import { jsonLine } from './json-text.ts';
import { printable, printableAscii } from './printable.ts';

/** A property change as printable text, each part on one line. */
export interface ChangeText {
  readonly mark: '+' | '-' | '~';
  /** The JSON Pointer. */
  readonly path: string;
  /** JSON (or words where there is nothing to show); null where the operation has no such side. */
  readonly before: string | null;
  readonly after: string | null;
}

const marks = { add: '+', remove: '-', replace: '~' } as const;

export function changeText(change: ShownChange): ChangeText {
  const { op } = change;
  const [before, after] =
    op === 'replace' ? jsonPair(change) : [jsonLine(change.before), jsonLine(change.after)];
  return {
    mark: marks[op],
    path: change.path === '' ? '(the whole item)' : printable(change.path),
    before: op === 'add' ? null : before,
    after: op === 'remove' ? null : after,
  };
}

/** Stands for the new value where both sides look the same because neither is shown, or not all of it. */
const OTHER_VALUE = '(another value)';

/** Both sides, so that they can be told apart even where they differ in what looks the same (é and e + ´). */
function jsonPair({ before, after }: ShownChange): readonly [string, string] {
  const [was, is] = [jsonLine(before), jsonLine(after)];
  if (was === is) return [was, OTHER_VALUE];
  const looksSame = was.normalize('NFKC') === is.normalize('NFKC');
  return looksSame ? [printableAscii(was), printableAscii(is)] : [was, is];
}

/** `value` in a few words where it is no scalar. */
export function briefValue(value: JsonValue): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : jsonLine(value);
}
