import { decodeString } from './json-lexis.ts';
import { formatPointer } from './json-pointer.ts';

/**
 * JSON Pointers of the members or elements at some bytes of the valid JSON value that starts at `start`, in one
 * pass. `offsets` ascend; one on a member's name gives the pointer of that member. For messages only.
 */
export function pointersAt(bytes: Uint8Array, start: number, offsets: readonly number[]): string[] {
  const pointers: string[] = [];
  const path = new OpenPath();
  let at = start;
  while (pointers.length < offsets.length && at < bytes.length) {
    const offset = offsets[pointers.length] as number;
    const end = bytes[at] === 0x22 ? closingQuote(bytes, at + 1) : at;
    if (bytes[at] === 0x22) path.string(bytes, at + 1, end);
    else if (at < offset) path.punctuation(bytes[at] as number);
    if (at >= offset || end >= offset) pointers.push(path.pointer());
    at = Math.max(end, at) + 1;
  }
  return pointers;
}

/** The names and positions of the containers that are open at one place. */
class OpenPath {
  readonly #tokens: (string | number)[] = [];
  #isNameNext = false;

  string(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#isNameNext) return;
    this.#tokens[this.#tokens.length - 1] = decodeString(bytes, start, end);
    this.#isNameNext = false;
  }

  punctuation(byte: number): void {
    if (byte === 0x7b || byte === 0x5b) {
      this.#tokens.push(byte === 0x5b ? 0 : '');
      this.#isNameNext = byte === 0x7b;
    } else if (byte === 0x7d || byte === 0x5d) {
      this.#tokens.pop();
      this.#isNameNext = false;
    } else if (byte === 0x2c) {
      const last = this.#tokens.at(-1);
      if (typeof last === 'number') this.#tokens[this.#tokens.length - 1] = last + 1;
      else this.#isNameNext = true;
    }
  }

  pointer(): string {
    return formatPointer(this.#tokens.map(String));
  }
}

function closingQuote(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1;
  return at;
}

/** Where `offset` is, counted from `start`, for people: the line, if it is not the first, and the column, in bytes. */
export function placeText(bytes: Uint8Array, start: number, offset: number): string {
  let line = 1;
  let lineStart = start;
  for (let at = start; at < offset && at < bytes.length; at++) {
    if (bytes[at] !== 0x0a) continue;
    line++;
    lineStart = at + 1;
  }
  const column = `column ${offset - lineStart + 1}`;
  return line === 1 ? column : `line ${line}, ${column}`;
}
