import { decodeString } from './json-lexis.ts';
import { formatPointer } from './json-pointer.ts';

/**
 * JSON Pointer of the member or element at byte `offset` of the valid JSON value that starts at `start`.
 * An offset on a member's name gives the pointer of that member. Slow: for messages only.
 */
export function pointerAt(bytes: Uint8Array, start: number, offset: number): string {
  const tokens: string[] = [];
  const isArray: boolean[] = [];
  const text = (from: number, to: number): string => decodeString(bytes, from, to);
  let at = start;
  let isName = false;
  while (at <= offset && at < bytes.length) {
    const byte = bytes[at];
    if (byte === 0x22) {
      const end = closingQuote(bytes, at + 1);
      if (isName) {
        tokens[tokens.length - 1] = text(at + 1, end);
        isName = false;
      }
      at = end + 1;
      continue;
    }
    if (byte === 0x7b || byte === 0x5b) {
      isArray.push(byte === 0x5b);
      tokens.push(byte === 0x5b ? '0' : '');
      isName = byte === 0x7b;
    } else if (byte === 0x7d || byte === 0x5d) {
      isArray.pop();
      tokens.pop();
      isName = false;
    } else if (byte === 0x2c) {
      if (isArray.at(-1) === true) tokens[tokens.length - 1] = String(Number(tokens.at(-1)) + 1);
      else isName = true;
    }
    at++;
  }
  return formatPointer(tokens);
}

function closingQuote(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1;
  return at;
}

/** 1-based line and column, in bytes, of `offset`, counted from `start`. */
export function lineAt(bytes: Uint8Array, start: number, offset: number): { line: number; column: number } {
  let line = 1;
  let lineStart = start;
  for (let at = start; at < offset && at < bytes.length; at++) {
    if (bytes[at] !== 0x0a) continue;
    line++;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}
