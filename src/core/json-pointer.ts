import type { JsonValue } from './json-value.ts';
import { ownMember } from './json-value.ts';

/** Escapes one reference token of a JSON Pointer (RFC 6901, section 3). */
export function escapePointerToken(token: string): string {
  return token.includes('~') || token.includes('/')
    ? token.replaceAll('~', '~0').replaceAll('/', '~1')
    : token;
}

/** What is wrong with a JSON Pointer, or null where it is one. */
export function pointerFault(pointer: string): string | null {
  if (pointer !== '' && !pointer.startsWith('/')) return 'a JSON Pointer starts with "/"';
  return /~(?![01])/.test(pointer) ? 'in a JSON Pointer "~" is written ~0, and "/" within a name ~1' : null;
}

/** The tokens of a JSON Pointer; `''` is the whole document and has none. Throws RangeError on a pointer that does not start with `/`. */
export function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new RangeError(`a JSON Pointer starts with "/": ${pointer}`);
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer that consists of `tokens`. */
export function formatPointer(tokens: readonly string[]): string {
  return tokens.map((token) => `/${escapePointerToken(token)}`).join('');
}

/** The value at `tokens` below `value`, going through objects only; undefined where there is none. */
export function valueAt(value: JsonValue | undefined, tokens: readonly string[]): JsonValue | undefined {
  let at = value;
  for (const token of tokens) at = ownMember(at, token);
  return at;
}
