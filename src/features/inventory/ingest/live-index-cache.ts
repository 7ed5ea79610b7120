import type { LiveIndex } from './live-index.ts';

/** Bytes that the indexes of a process take together; the least recently used one goes first. */
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

/** Keeps the index of each scope at its head, so that the next run need not read it. */
export class LiveIndexCache {
  readonly #maxBytes: number;
  readonly #byScope = new Map<string, LiveIndex>();

  constructor(maxBytes: number = DEFAULT_MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** The index of the scope if it is that of this head; one of another head is dropped. */
  get(scopeId: string, headSeq: number): LiveIndex | undefined {
    const index = this.#byScope.get(scopeId);
    if (index === undefined) return undefined;
    this.#byScope.delete(scopeId);
    if (index.headSeq !== headSeq) return undefined;
    this.#byScope.set(scopeId, index);
    return index;
  }

  set(scopeId: string, index: LiveIndex): void {
    this.#byScope.delete(scopeId);
    this.#byScope.set(scopeId, index);
    let bytes = 0;
    for (const { byteLength } of this.#byScope.values()) bytes += byteLength;
    for (const [oldest, { byteLength }] of this.#byScope) {
      if (bytes <= this.#maxBytes || oldest === scopeId) break;
      this.#byScope.delete(oldest);
      bytes -= byteLength;
    }
  }

  delete(scopeId: string): void {
    this.#byScope.delete(scopeId);
  }
}
