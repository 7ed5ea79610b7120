import { sha256Bytes } from '../../../core/sha256.ts';

const WORDS = 8;

/**
 * A digest of a set of items that follows from what came and went: the sum, modulo 2^256, of the SHA-256 of
 * each item's identity hash and content hash. Equal sets have equal digests, whatever their order.
 */
export class ContentDigest {
  /** Little-endian words, not yet carried. Exact for some two million additions in between. */
  readonly #words = new Float64Array(WORDS);
  #additions = 0;

  constructor(hex: string) {
    for (let word = 0; word < WORDS; word++) {
      const end = hex.length - word * 8;
      this.#words[word] = Number.parseInt(hex.slice(end - 8, end), 16);
    }
  }

  add(identityHash: Uint8Array, contentHash: Uint8Array): void {
    this.#sum(identityHash, contentHash, 1);
  }

  remove(identityHash: Uint8Array, contentHash: Uint8Array): void {
    this.#sum(identityHash, contentHash, -1);
  }

  get hex(): string {
    this.#carry();
    return [...this.#words]
      .reverse()
      .map((word) => word.toString(16).padStart(8, '0'))
      .join('');
  }

  #sum(identityHash: Uint8Array, contentHash: Uint8Array, sign: 1 | -1): void {
    const { buffer, byteOffset, length } = sha256Bytes(Buffer.concat([identityHash, contentHash]));
    const hash = new DataView(buffer, byteOffset, length);
    for (let word = 0; word < WORDS; word++) {
      this.#words[word] = (this.#words[word] as number) + sign * hash.getUint32((WORDS - 1 - word) * 4);
    }
    this.#additions++;
    if (this.#additions >= 1_000_000) this.#carry();
  }

  #carry(): void {
    let carry = 0;
    for (let word = 0; word < WORDS; word++) {
      const sum = (this.#words[word] as number) + carry;
      carry = Math.floor(sum / 2 ** 32);
      this.#words[word] = sum - carry * 2 ** 32;
    }
    this.#additions = 0;
  }
}
