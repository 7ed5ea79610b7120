import type { ByteSource } from './byte-source.ts';

const MAX_INITIAL_BYTES = 1024 * 1024;

/**
 * A window over a byte source that grows only as far as one record needs. `bytes[start, end)` is what has
 * been read and not yet consumed; views into it are valid until the next `fill`.
 */
export class RecordBuffer {
  bytes: Buffer;
  start = 0;
  end = 0;
  /** No more bytes will come. */
  isFinal = false;
  /** Offset in the source of `bytes[0]`. */
  #base = 0;
  readonly #source: ByteSource;

  /** `expectedBytes` is how much the source probably has: an export may be many small files. */
  constructor(source: ByteSource, options: { firstOffset: number; expectedBytes: number }) {
    this.#source = source;
    this.#base = options.firstOffset;
    // One byte more than there is, so that the end is noticed without growing.
    this.bytes = Buffer.allocUnsafe(Math.min(options.expectedBytes + 1, MAX_INITIAL_BYTES));
  }

  /** The offset in the source of the byte at `index`. */
  offsetOf(index: number): number {
    return this.#base + index;
  }

  /** Reads more behind what is there; keeps `bytes[start, end)`, but moves it to the front. */
  async fill(): Promise<void> {
    if (this.start > 0) {
      this.bytes.copyWithin(0, this.start, this.end);
      this.#base += this.start;
      this.end -= this.start;
      this.start = 0;
    }
    if (this.end === this.bytes.length) {
      const larger = Buffer.allocUnsafe(this.bytes.length * 2);
      this.bytes.copy(larger, 0, 0, this.end);
      this.bytes = larger;
    }
    // To the brim, so that looking again at what was not whole costs no more than twice the reading.
    while (this.end < this.bytes.length && !this.isFinal) {
      const read = this.#source.read(this.bytes.subarray(this.end));
      const count = typeof read === 'number' ? read : await read;
      if (count === 0) this.isFinal = true;
      this.end += count;
    }
  }
}
