import { isUtf8 } from 'node:buffer';
import { DriftplaneError, type ErrorDetail } from '../core/errors.ts';
import { formatPointer, parsePointer } from '../core/json-pointer.ts';
import { placeText, pointersAt } from '../core/json-position.ts';
import { createJsonScanner, ENDS_TOO_EARLY } from '../core/json-scan.ts';
import { isJsonObject, type JsonValue } from '../core/json-value.ts';
import { cutName } from '../core/validation.ts';
import type { Api } from '../http/api.ts';

/** What is read without being asked to: the deepest that any route takes is far from it. */
const MAX_DEPTH = 200;
/** Names that are told of one body. */
const MAX_FAULTS = 100;

/** Reads bodies of JSON strictly, and says where they are none. Bodies of plain text are not taken. */
export function readJsonBodies(api: Api): void {
  api.removeContentTypeParser('text/plain');
  api.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(withoutMark(body as Buffer)));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}

/** Editors of Windows begin files with a byte order mark; RFC 8259 lets whoever reads them overlook it. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/**
 * The value of a body. Names that stand twice in one object are refused, of which `JSON.parse` silently takes the last,
 * and so is `__proto__`. Throws `invalid_request` with all of them, each with its JSON Pointer.
 */
export function parseJsonBody(bytes: Buffer): JsonValue {
  if (bytes.length === 0) {
    throw new DriftplaneError('invalid_request', 'the body is empty, and its Content-Type says JSON');
  }
  if (!isUtf8(bytes)) throw new DriftplaneError('invalid_request', 'the body is not valid UTF-8');
  const scan = createJsonScanner({ wanted: new Map(), maxDepth: MAX_DEPTH }).scan(bytes, 0, bytes.length);
  const rest = scan.fault === null && !scan.isIncomplete ? bytes.subarray(scan.end).toString('latin1') : '';
  if (scan.isIncomplete) throw notJson(bytes, bytes.length, ENDS_TOO_EARLY);
  if (scan.fault !== null) throw notJson(bytes, scan.fault.offset, scan.fault.detail);
  if (/[^ \t\r\n]/.test(rest)) throw notJson(bytes, scan.end, 'there is more behind the value');
  // Some of them: a pointer may be as long as the body.
  const pointers = new Set(pointersAt(bytes, 0, scan.duplicateKeys.slice(0, MAX_FAULTS)));
  const repeated = [...pointers].map((pointer) => {
    const path = parsePointer(pointer);
    return fault(path, `the key ${JSON.stringify((path.at(-1) ?? '').slice(0, 100))} is there twice`);
  });
  const value = JSON.parse(bytes.toString('utf8')) as JsonValue;
  const details = [...repeated, ...protoFaults(value)].slice(0, MAX_FAULTS);
  if (details.length === 0) return value;
  throw new DriftplaneError('invalid_request', 'the body of the request is not valid', {
    details,
    extensions: { in: 'body' },
  });
}

function notJson(bytes: Buffer, offset: number, detail: string): DriftplaneError {
  const place = placeText(bytes, 0, offset);
  return new DriftplaneError('invalid_request', `the body is not valid JSON: ${place}: ${detail}`);
}

/** Where a body has `__proto__`, which no route takes and which could become an object's prototype. */
function protoFaults(value: JsonValue): ErrorDetail[] {
  const faults: ErrorDetail[] = [];
  const walk = (at: JsonValue, path: readonly string[]): void => {
    if (typeof at !== 'object' || at === null || faults.length >= MAX_FAULTS) return;
    if (isJsonObject(at) && Object.hasOwn(at, '__proto__')) {
      faults.push(fault([...path, '__proto__'], 'there is no such field'));
    }
    for (const [name, member] of Object.entries(at)) walk(member as JsonValue, [...path, name]);
  };
  walk(value, []);
  return faults;
}

function fault(path: readonly string[], detail: string): ErrorDetail {
  return { pointer: formatPointer(path.map(cutName)), line: null, detail };
}
