import { identityKey } from '../../core/compare.ts';
import { sha256Bytes } from '../../core/sha256.ts';

const HASH_BYTES = 32;

/** Identities as a run keeps them: their hashes one behind the other, sorted. There may be as many as items. */
export class IdentityList {
  readonly #hashes: Buffer;

  constructor(hashes: Buffer | null) {
    this.#hashes = hashes ?? Buffer.alloc(0);
  }

  has(itemType: string, externalId: string): boolean {
    if (this.#hashes.length === 0) return false;
    const wanted = sha256Bytes(identityKey(itemType, externalId));
    let from = 0;
    let to = this.#hashes.length / HASH_BYTES;
    while (from < to) {
      const middle = (from + to) >> 1;
      const order = Buffer.compare(
        this.#hashes.subarray(middle * HASH_BYTES, (middle + 1) * HASH_BYTES),
        wanted,
      );
      if (order === 0) return true;
      if (order < 0) from = middle + 1;
      else to = middle;
    }
    return false;
  }
}
