/**
 * The lexical grammar of JSON (RFC 8259) over UTF-8 bytes. Every function takes an index and gives the index
 * behind what it skipped.
 */

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const MINUS = 0x2d;
export const ZERO = 0x30;
export const NINE = 0x39;

/** 1 for a byte that stands for itself in a string; 0 for a quote, a backslash and a control character. */
const PLAIN = new Uint8Array(256).map((_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 0 : 1,
);

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Index of the first byte from `start` that does not stand for itself in a string, or `limit`. */
export function skipPlain(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  const unrolledLimit = limit - 3;
  while (at < unrolledLimit) {
    if (PLAIN[bytes[at] as number] === 0) return at;
    if (PLAIN[bytes[at + 1] as number] === 0) return at + 1;
    if (PLAIN[bytes[at + 2] as number] === 0) return at + 2;
    if (PLAIN[bytes[at + 3] as number] === 0) return at + 3;
    at += 4;
  }
  while (at < limit && PLAIN[bytes[at] as number] !== 0) at++;
  return at;
}

/** Index of the first byte from `start` that is no JSON white space, or `limit`. */
export function skipSpace(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit) {
    const byte = bytes[at] as number;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at;
    at++;
  }
  return limit;
}

/** The bytes end before what was to be skipped does. */
export const INCOMPLETE = -2;

/** Index behind the escape sequence at `at`; -1 where it is none, INCOMPLETE where the bytes end in it. */
export function skipEscape(bytes: Uint8Array, at: number, limit: number): number {
  if (at + 1 >= limit) return INCOMPLETE;
  switch (bytes[at + 1]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 2;
    case 0x75: {
      for (let digit = at + 2; digit < at + 6; digit++) {
        if (digit >= limit) return INCOMPLETE;
        if (!isHexDigit(bytes[digit] as number)) return -1;
      }
      return at + 6;
    }
    default:
      return -1;
  }
}

function isHexDigit(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

/** Index behind the number at `start`; -1 where it is none, INCOMPLETE where the bytes end in it. */
export function skipNumber(bytes: Uint8Array, start: number, limit: number): number {
  let at = bytes[start] === MINUS ? start + 1 : start;
  if (at >= limit) return INCOMPLETE;
  if (bytes[at] === ZERO) at++;
  else {
    const end = skipDigits(bytes, at, limit);
    if (end === at) return -1;
    at = end;
  }
  if (at < limit && bytes[at] === 0x2e) {
    const end = skipDigits(bytes, at + 1, limit);
    if (end === at + 1) return end >= limit ? INCOMPLETE : -1;
    at = end;
  }
  if (at < limit && ((bytes[at] as number) | 0x20) === 0x65) {
    at++;
    if (at < limit && (bytes[at] === MINUS || bytes[at] === 0x2b)) at++;
    const end = skipDigits(bytes, at, limit);
    if (end === at) return end >= limit ? INCOMPLETE : -1;
    at = end;
  }
  return at;
}

function skipDigits(bytes: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit && (bytes[at] as number) >= ZERO && (bytes[at] as number) <= NINE) at++;
  return at;
}

export function hasExponent(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (((bytes[at] as number) | 0x20) === 0x65) return true;
  return false;
}

/** The text of the number at `bytes[start, end)`. */
export function numberText(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

const TRUE = encoder.encode('true');
const FALSE = encoder.encode('false');
const NULL = encoder.encode('null');

export function literalFor(firstByte: number): Uint8Array | null {
  if (firstByte === 0x6e) return NULL;
  if (firstByte === 0x74) return TRUE;
  return firstByte === 0x66 ? FALSE : null;
}

/** The string whose raw characters, between the quotes, are `bytes[start, end)`. */
export function decodeString(bytes: Uint8Array, start: number, end: number): string {
  const raw = decoder.decode(bytes.subarray(start, end));
  return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
}
