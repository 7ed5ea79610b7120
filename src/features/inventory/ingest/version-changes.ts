/** A version that came, went, or stayed under another raw hash. */
export interface VersionChange {
  readonly versionId: number;
  readonly identityHash: Buffer;
  readonly contentHash: Buffer;
  readonly rawHash: Buffer;
  /** Empty for a version that went. */
  readonly rulesDigest: string;
}

const HASH_BYTES = 32;
const RAW_HASH_BYTES = 16;
const IDENTITY_AT = 8;
const CONTENT_AT = IDENTITY_AT + HASH_BYTES;
const RAW_AT = CONTENT_AT + HASH_BYTES;
const RULES_AT = RAW_AT + RAW_HASH_BYTES;
const ENTRY_BYTES = RULES_AT + 4;

/** Versions that statements changed, as the database packed them: 92 bytes each, and no object until it is asked for. */
export class VersionChanges implements Iterable<VersionChange> {
  readonly #packed: readonly Buffer[];
  readonly #rulesDigests: readonly string[];

  constructor(packed: readonly Buffer[], rulesDigests: readonly string[]) {
    this.#packed = packed;
    this.#rulesDigests = rulesDigests;
  }

  static readonly none = new VersionChanges([], []);

  /** Several as one; all with the same list of rules. */
  static join(all: readonly VersionChanges[]): VersionChanges {
    const rules = all.map((changes) => changes.#rulesDigests).find((digests) => digests.length > 0) ?? [];
    return new VersionChanges(
      all.flatMap((changes) => changes.#packed),
      rules,
    );
  }

  get count(): number {
    return this.#packed.reduce((sum, packed) => sum + packed.length, 0) / ENTRY_BYTES;
  }

  *[Symbol.iterator](): Generator<VersionChange> {
    for (const packed of this.#packed) {
      for (let at = 0; at < packed.length; at += ENTRY_BYTES) {
        const entry = packed.subarray(at, at + ENTRY_BYTES);
        yield {
          versionId: Number(entry.readBigInt64BE(0)),
          identityHash: entry.subarray(IDENTITY_AT, CONTENT_AT),
          contentHash: entry.subarray(CONTENT_AT, RAW_AT),
          rawHash: entry.subarray(RAW_AT, RULES_AT),
          rulesDigest: this.#rulesDigests[entry.readInt32BE(RULES_AT) - 1] ?? '',
        };
      }
    }
  }
}
