/**
 * Finds the JSON values in a file without building them: lines, the elements of an array, the elements of
 * the list that an API answers with, or one object. Yields batches so that the caller waits only for bytes.
 */

import { isUtf8 } from 'node:buffer';
import type { ProblemCode } from '../../core/errors.ts';
import type { InheritedMembers } from '../../core/item-type-registry.ts';
import { CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET, skipSpace } from '../../core/json-lexis.ts';
import { placeText } from '../../core/json-position.ts';
import { createJsonScanner, ENDS_TOO_EARLY, type JsonScan, type JsonScanner } from '../../core/json-scan.ts';
import { limits } from '../../core/limits.ts';
import type { OpenFile } from './byte-source.ts';
import { type Envelope, envelopeMembers, readEnvelope } from './envelope.ts';
import type { FileForm } from './export-files.ts';
import { RecordBuffer } from './record-buffer.ts';

/** Where in its file a record is; `whole` where the file is one item. Positions of lines are 1-based, others 0-based. */
export interface Locator {
  readonly form: 'whole' | 'line' | 'index' | 'value' | 'items';
  readonly position: number;
}

const WHOLE: Locator = { form: 'whole', position: 0 };

/** A locator as text, to be put behind the file's path: `:12`, `#/3`, `#/value/3` or nothing. */
export function locatorText({ form, position }: Locator): string {
  if (form === 'whole') return '';
  if (form === 'line') return `:${position}`;
  return form === 'index' ? `#/${position}` : `#/${form}/${position}`;
}

/** One JSON value in a file. `bytes[start, end)` is valid until the next batch is asked for. */
export interface FileRecord {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly inherited: InheritedMembers;
  /** Where it begins in the decoded file. */
  readonly offset: number;
  readonly locator: Locator;
}

/** A place in a file that could not be read. */
export interface FileFault {
  readonly code: ProblemCode;
  readonly locator: Locator;
  readonly detail: string;
  readonly inherited: InheritedMembers;
}

export interface RecordBatch {
  readonly records: FileRecord[];
  readonly faults: FileFault[];
}

/** The splitter only finds where values end, so it goes deeper than an item may be. */
const SPLIT_DEPTH = 100_000;

const NEWLINE = 0x0a;

/** All records of a file, in its order. Throws UnreadableFile. */
export async function* splitRecords(file: OpenFile, form: FileForm): AsyncGenerator<RecordBatch> {
  const buffer = new RecordBuffer(file, file);
  const newlines = await skipSpaceCounting(buffer);
  if (newlines === null) {
    yield faultBatch('empty_file', WHOLE, 'it holds no JSON');
    return;
  }
  const first = buffer.bytes[buffer.start];
  if (form === 'lines') yield* splitLines(buffer, newlines + 1);
  else if (first === OPEN_BRACKET) yield* splitArray(buffer);
  else yield* splitDocument(buffer, newlines + 1);
}

function emptyBatch(): RecordBatch {
  return { records: [], faults: [] };
}

function faultBatch(code: ProblemCode, locator: Locator, detail: string): RecordBatch {
  return { ...emptyBatch(), faults: [{ code, locator, detail, inherited: null }] };
}

function isEmpty(batch: RecordBatch): boolean {
  return batch.records.length === 0 && batch.faults.length === 0;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** One JSON value a line. `firstLine` is the 1-based number of the line at the buffer's start. */
async function* splitLines(buffer: RecordBuffer, firstLine: number): AsyncGenerator<RecordBatch> {
  let line = firstLine;
  let isSkipping = false; // within a line that is too long
  for (;;) {
    const batch = emptyBatch();
    while (buffer.start < buffer.end) {
      let lineEnd = buffer.bytes.indexOf(NEWLINE, buffer.start);
      if (lineEnd < 0 || lineEnd >= buffer.end) {
        if (!buffer.isFinal) break;
        lineEnd = buffer.end;
      }
      if (!isSkipping) addValue(buffer, buffer.start, lineEnd, { form: 'line', position: line }, null, batch);
      isSkipping = false;
      line++;
      buffer.start = Math.min(lineEnd + 1, buffer.end);
    }
    if (buffer.end - buffer.start > limits.maxItemBytes && !isSkipping) {
      batch.faults.push(tooLarge({ form: 'line', position: line }));
      isSkipping = true;
    }
    if (isSkipping) buffer.start = buffer.end;
    if (!isEmpty(batch)) yield batch;
    if (buffer.isFinal) return;
    await buffer.fill();
  }
}

function tooLarge(locator: Locator, consequence = ''): FileFault {
  const detail = `it is larger than ${limits.maxItemBytes / 1024 / 1024} MiB${consequence}`;
  return { code: 'item_too_large', locator, detail, inherited: null };
}

/**
 * Adds the value in `bytes[from, to)`, without the white space around it, to the batch; a line of white space
 * is none. Bytes that are not UTF-8 are a fault, as they would decode to something else.
 */
function addValue(
  buffer: RecordBuffer,
  from: number,
  to: number,
  locator: Locator,
  inherited: InheritedMembers,
  batch: RecordBatch,
): void {
  const { bytes } = buffer;
  let start = from;
  let end = to;
  start = skipSpace(bytes, start, end);
  while (end > start && isSpace(bytes[end - 1])) end--;
  if (start === end) return;
  if (end - start > limits.maxItemBytes) batch.faults.push({ ...tooLarge(locator), inherited });
  else if (isUtf8(bytes.subarray(start, end))) {
    batch.records.push({ bytes, start, end, inherited, offset: buffer.offsetOf(start), locator });
  } else {
    batch.faults.push({ code: 'invalid_encoding', locator, detail: 'it is not UTF-8 throughout', inherited });
  }
}

/** The elements of an array that is the whole file. */
async function* splitArray(buffer: RecordBuffer): AsyncGenerator<RecordBatch> {
  const scanner = createJsonScanner({ wanted: new Map(), maxDepth: SPLIT_DEPTH });
  buffer.start++;
  const progress: ArrayProgress = { index: 0, isAfterElement: false };
  for (;;) {
    const batch = emptyBatch();
    const end = splitElements(buffer, scanner, progress, batch);
    if (end === 'needs_more' && buffer.isFinal) {
      batch.faults.push(brokenArray(progress.index, 'the file ends before the array does'));
    }
    const isTooLarge = end === 'needs_more' && buffer.end - buffer.start > limits.maxListBytes;
    if (isTooLarge)
      batch.faults.push(tooLarge({ form: 'index', position: progress.index }, '; what follows was not read'));
    if (!isEmpty(batch)) yield batch;
    if (end === 'closed') {
      if ((await skipSpaceCounting(buffer)) !== null)
        yield faultBatch('invalid_json', WHOLE, 'more text follows the array');
      return;
    }
    if (end === 'broken' || buffer.isFinal || isTooLarge) return;
    await buffer.fill();
  }
}

interface ArrayProgress {
  /** Index of the element that is next, or that has just been read. */
  index: number;
  /** An element has been read, and no comma behind it. */
  isAfterElement: boolean;
}

/** Takes the elements that are whole in the buffer; what is not is looked at again when more has been read. */
function splitElements(
  buffer: RecordBuffer,
  scanner: JsonScanner,
  progress: ArrayProgress,
  batch: RecordBatch,
): 'needs_more' | 'closed' | 'broken' {
  for (;;) {
    buffer.start = skipSpace(buffer.bytes, buffer.start, buffer.end);
    if (buffer.start === buffer.end) return 'needs_more';
    const byte = buffer.bytes[buffer.start];
    const canClose = progress.isAfterElement || progress.index === 0;
    if (byte === CLOSE_BRACKET && canClose) {
      buffer.start++;
      return 'closed';
    }
    if (progress.isAfterElement) {
      if (byte !== COMMA) {
        batch.faults.push(brokenArray(progress.index, 'a comma or "]" was expected behind it'));
        return 'broken';
      }
      buffer.start++;
      progress.index++;
      progress.isAfterElement = false;
      continue;
    }
    const scan = scanner.scan(buffer.bytes, buffer.start, buffer.end, buffer.isFinal);
    if (scan.fault !== null) {
      batch.faults.push(brokenArray(progress.index, scan.fault.detail, scan.fault.code));
      return 'broken';
    }
    if (scan.isIncomplete) return 'needs_more';
    if (scan.end - buffer.start > limits.maxListBytes) {
      batch.faults.push(tooLarge({ form: 'index', position: progress.index }, '; what follows was not read'));
      return 'broken';
    }
    addValue(buffer, buffer.start, scan.end, { form: 'index', position: progress.index }, null, batch);
    progress.isAfterElement = true;
    buffer.start = scan.end;
  }
}

function brokenArray(index: number, detail: string, code: ProblemCode = 'invalid_json'): FileFault {
  const locator: Locator = { form: 'index', position: index };
  return { code, locator, detail: `${detail}; what follows was not read`, inherited: null };
}

/**
 * A file that begins with an object (or with no JSON at all): one item, or a list in an object, or more
 * values one after the other, which are taken as lines where the first one has its line for itself.
 */
async function* splitDocument(buffer: RecordBuffer, firstLine: number): AsyncGenerator<RecordBatch> {
  const scanner = createJsonScanner({ wanted: envelopeMembers, maxDepth: SPLIT_DEPTH });
  let line = firstLine;
  let isFirst = true;
  for (;;) {
    const newlines = await skipSpaceCounting(buffer);
    if (newlines === null) return;
    line += newlines;
    const scan = await scanWhole(scanner, buffer);
    const locator: Locator = isFirst ? WHOLE : { form: 'line', position: line };
    const size =
      scan.fault === null && !scan.isIncomplete ? scan.end - buffer.start : buffer.end - buffer.start;
    if (scan.fault === null && size > limits.maxListBytes) {
      yield { ...emptyBatch(), faults: [tooLarge(locator)] };
      return;
    }
    if (scan.fault !== null || scan.isIncomplete) {
      yield { ...emptyBatch(), faults: [brokenDocument(buffer, scan, locator)] };
      return;
    }
    const envelope =
      isFirst && buffer.bytes[buffer.start] === OPEN_BRACE ? readEnvelope(buffer.bytes, scan) : null;
    if (envelope !== null) {
      const length = scan.end - buffer.start;
      yield splitEnvelope(buffer, envelope);
      buffer.start += length;
      if ((await skipSpaceCounting(buffer)) !== null)
        yield faultBatch('invalid_json', WHOLE, 'more text follows the list');
      return;
    }
    const length = scan.end - buffer.start;
    const next = await whatFollows(buffer, length);
    const newlineCount = countNewlines(buffer.bytes, buffer.start, buffer.start + length);
    if (isFirst && newlineCount === 0 && next === 'next_line') {
      yield* splitLines(buffer, line);
      return;
    }
    yield oneRecord(
      buffer,
      buffer.start + length,
      isFirst && next !== 'nothing' ? { form: 'line', position: line } : locator,
    );
    line += newlineCount;
    buffer.start += length;
    isFirst = false;
  }
}

function brokenDocument(
  { bytes, start, end }: RecordBuffer,
  { fault }: JsonScan,
  locator: Locator,
): FileFault {
  const { code, offset, detail } = fault ?? { code: 'invalid_json', offset: end, detail: ENDS_TOO_EARLY };
  return { code, locator, detail: `${placeText(bytes, start, offset)}: ${detail}`, inherited: null };
}

/** Scans the value at the buffer's start, reading on until it is whole, broken or too large. */
async function scanWhole(scanner: JsonScanner, buffer: RecordBuffer): Promise<JsonScan> {
  for (;;) {
    const scan = scanner.scan(buffer.bytes, buffer.start, buffer.end, buffer.isFinal);
    if (!scan.isIncomplete || buffer.isFinal || buffer.end - buffer.start > limits.maxListBytes) return scan;
    await buffer.fill();
  }
}

function oneRecord(buffer: RecordBuffer, end: number, locator: Locator): RecordBatch {
  const batch = emptyBatch();
  addValue(buffer, buffer.start, end, locator, null, batch);
  return batch;
}

/** The elements of a list in an object, which is whole in the buffer. */
function splitEnvelope(buffer: RecordBuffer, envelope: Envelope): RecordBatch {
  const scanner = createJsonScanner({ wanted: new Map(), maxDepth: SPLIT_DEPTH });
  const { listMember, inherited } = envelope;
  const batch = emptyBatch();
  let at = envelope.listStart + 1;
  for (let index = 0; ; index++) {
    while (isSpace(buffer.bytes[at]) || buffer.bytes[at] === COMMA) at++;
    if (buffer.bytes[at] === CLOSE_BRACKET) break;
    const { end } = scanner.scan(buffer.bytes, at, buffer.end);
    addValue(buffer, at, end, { form: listMember, position: index }, inherited, batch);
    at = end;
  }
  if (envelope.hasNextPage) {
    const detail = 'the list goes on in another page';
    batch.faults.push({ code: 'incomplete_pages', locator: WHOLE, detail, inherited });
  }
  return batch;
}

function countNewlines(bytes: Buffer, start: number, end: number): number {
  const part = bytes.subarray(start, end);
  let count = 0;
  for (let at = part.indexOf(NEWLINE); at >= 0; at = part.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

/** Moves to the next byte that is no white space; how many lines that took, or null at the end. */
async function skipSpaceCounting(buffer: RecordBuffer): Promise<number | null> {
  let newlines = 0;
  for (;;) {
    const from = buffer.start;
    buffer.start = skipSpace(buffer.bytes, buffer.start, buffer.end);
    newlines += countNewlines(buffer.bytes, from, buffer.start);
    if (buffer.start < buffer.end) return newlines;
    if (buffer.isFinal) return null;
    await buffer.fill();
  }
}

/** What stands behind the first `length` bytes, without consuming anything. */
async function whatFollows(
  buffer: RecordBuffer,
  length: number,
): Promise<'nothing' | 'same_line' | 'next_line'> {
  let isSameLine = true;
  for (let at = length; ; at++) {
    while (buffer.start + at >= buffer.end) {
      if (buffer.isFinal) return 'nothing';
      await buffer.fill();
    }
    const byte = buffer.bytes[buffer.start + at];
    if (byte === NEWLINE) isSameLine = false;
    else if (!isSpace(byte)) return isSameLine ? 'same_line' : 'next_line';
  }
}
