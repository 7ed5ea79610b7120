import type { JsonValue } from './json-value.ts';

/**
 * The RFC 8785 (JCS) text of `value`: members sorted by UTF-16 code units, no white space, ECMAScript
 * number and string forms. Its UTF-8 bytes are what is hashed.
 *
 * Beyond the RFC, which refuses them, lone surrogates are written as `\udXXX` escapes: an export may hold
 * them, and they must be kept apart rather than collapse into U+FFFD.
 *
 * Throws TypeError on NaN and infinities, which JSON cannot say. Depth is limited by the call stack (some
 * thousand levels); `scanJson` refuses deeper input long before.
 *
 * Source: https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return canonicalNumber(value);
  if (Array.isArray(value)) return canonicalArray(value);
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `${text}}`;
}

function canonicalArray(values: readonly JsonValue[]): string {
  let text = '[';
  for (let index = 0; index < values.length; index++) {
    if (index > 0) text += ',';
    text += canonicalJson(values[index] ?? null);
  }
  return `${text}]`;
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON form`);
  // RFC 8785, 3.2.2.3: the ECMAScript form, in which -0 is written 0.
  return Object.is(value, -0) ? '0' : String(value);
}
