import { decodeString } from './json-lexis.ts';

/** Objects with more members than this look names up in a Set, so that a hostile object costs linear time. */
const LINEAR_LOOKUP_MAX = 48;

/**
 * The member names of the objects that are open while JSON is scanned, innermost last, as places in its
 * bytes. Names are compared by a hash first, which the scanner has at hand.
 */
export class MemberNames {
  #hashes = new Int32Array(64);
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  /** Per open container: all names in it, once there are too many to compare one by one. */
  readonly #sets: (Set<string> | null)[] = [];
  /** How many names the open objects have together. */
  count = 0;

  /** Begins an object at this depth; the index that its first name will have. */
  open(depth: number): number {
    this.#sets[depth] = null;
    return this.count;
  }

  /** Adds the name at `bytes[start, end)` to the object at this depth; true where the object has it already. */
  add(bytes: Uint8Array, depth: number, first: number, hash: number, start: number, end: number): boolean {
    const index = this.count;
    const isDuplicate = this.#has(bytes, depth, first, hash, start, end);
    if (index === this.#hashes.length) this.#grow();
    this.#hashes[index] = hash;
    this.#starts[index] = start;
    this.#ends[index] = end;
    this.count = index + 1;
    return isDuplicate;
  }

  #has(bytes: Uint8Array, depth: number, first: number, hash: number, start: number, end: number): boolean {
    const { count } = this;
    if (count - first < LINEAR_LOOKUP_MAX) {
      const hashes = this.#hashes;
      for (let index = first; index < count; index++) {
        if (hashes[index] === hash && this.#nameAt(bytes, index) === decodeString(bytes, start, end))
          return true;
      }
      return false;
    }
    let names = this.#sets[depth] ?? null;
    if (names === null) {
      names = new Set();
      for (let index = first; index < count; index++) names.add(this.#nameAt(bytes, index));
      this.#sets[depth] = names;
    }
    const name = decodeString(bytes, start, end);
    if (names.has(name)) return true;
    names.add(name);
    return false;
  }

  #nameAt(bytes: Uint8Array, index: number): string {
    return decodeString(bytes, this.#starts[index] as number, this.#ends[index] as number);
  }

  #grow(): void {
    const grow = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(from.length * 2);
      to.set(from);
      return to;
    };
    this.#hashes = grow(this.#hashes);
    this.#starts = grow(this.#starts);
    this.#ends = grow(this.#ends);
  }
}
