/** What the index holds of one live version. */
export interface LiveVersion {
  readonly versionId: number;
  /** The first 16 bytes of the raw hash. */
  readonly rawHash: Uint8Array;
  readonly rulesDigest: string;
}

const HASH_WORDS = 4;
/** Slots of the table per live version. */
const SPARSENESS = 2;
const EMPTY = -1;

/**
 * The live versions of a scope at one boundary, packed: some 40 bytes each, no objects. A version is named by
 * its ordinal: its place in the order of version ids, which is the same in every process.
 */
export class LiveIndex {
  readonly headSeq: number;
  readonly count: number;
  readonly #versionIds: Float64Array;
  readonly #hashes: Uint32Array;
  readonly #rules: Uint16Array;
  readonly #rulesDigests: readonly string[];
  /** Open addressing: ordinals at the slots that their hashes lead to. */
  readonly #table: Int32Array;
  readonly #mask: number;

  constructor(options: { headSeq: number; count: number; versions: Iterable<LiveVersion> }) {
    const { headSeq, count, versions } = options;
    this.headSeq = headSeq;
    this.count = count;
    this.#versionIds = new Float64Array(count);
    this.#hashes = new Uint32Array(count * HASH_WORDS);
    this.#rules = new Uint16Array(count);
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(count * SPARSENESS, 16)))).fill(EMPTY);
    this.#mask = this.#table.length - 1;
    const rulesIds = new Map<string, number>();
    let ordinal = 0;
    for (const { versionId, rawHash, rulesDigest } of versions) {
      let rulesId = rulesIds.get(rulesDigest);
      if (rulesId === undefined) {
        rulesId = rulesIds.size;
        rulesIds.set(rulesDigest, rulesId);
      }
      this.#versionIds[ordinal] = versionId;
      this.#rules[ordinal] = rulesId;
      for (let word = 0; word < HASH_WORDS; word++) {
        this.#hashes[ordinal * HASH_WORDS + word] = wordAt(rawHash, word);
      }
      this.#insert(ordinal);
      ordinal++;
    }
    if (ordinal !== count) throw new RangeError(`${count} live versions were announced, ${ordinal} came`);
    this.#rulesDigests = [...rulesIds.keys()];
  }

  /** The ordinal of the live version with this raw hash, or -1. */
  find(rawHash: Uint8Array): number {
    const [first, second, third, fourth] = [0, 1, 2, 3].map((word) => wordAt(rawHash, word)) as Words;
    for (let slot = first & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const ordinal = this.#table[slot] as number;
      if (ordinal === EMPTY) return EMPTY;
      const at = ordinal * HASH_WORDS;
      const isSame =
        this.#hashes[at] === first &&
        this.#hashes[at + 1] === second &&
        this.#hashes[at + 2] === third &&
        this.#hashes[at + 3] === fourth;
      if (isSame) return ordinal;
    }
  }

  versionIdOf(ordinal: number): number {
    return this.#versionIds[ordinal] as number;
  }

  /** Digest of the rules that the version was made by. */
  rulesDigestOf(ordinal: number): string {
    return this.#rulesDigests[this.#rules[ordinal] as number] as string;
  }

  /** Every digest of rules that a live version was made by. */
  get rulesDigests(): readonly string[] {
    return this.#rulesDigests;
  }

  /** Bytes held. */
  get byteLength(): number {
    return (
      this.#versionIds.byteLength + this.#hashes.byteLength + this.#rules.byteLength + this.#table.byteLength
    );
  }

  /** The index after a run: without what it closed, with what it opened (whose ids are all higher). */
  advance(options: {
    headSeq: number;
    closed: ReadonlySet<number>;
    opened: readonly LiveVersion[];
    /** New raw hashes of versions that stayed, by version id. */
    rehashed: ReadonlyMap<number, Uint8Array>;
  }): LiveIndex {
    const { headSeq, closed, opened, rehashed } = options;
    const sorted = [...opened].sort((a, b) => a.versionId - b.versionId);
    const versions = this.#remaining(closed, rehashed);
    const count = this.count - closed.size + sorted.length;
    return new LiveIndex({ headSeq, count, versions: concat(versions, sorted) });
  }

  *#remaining(
    closed: ReadonlySet<number>,
    rehashed: ReadonlyMap<number, Uint8Array>,
  ): Generator<LiveVersion> {
    const bytes = new Uint8Array(this.#hashes.buffer);
    for (let ordinal = 0; ordinal < this.count; ordinal++) {
      const versionId = this.versionIdOf(ordinal);
      if (closed.has(versionId)) continue;
      const at = ordinal * HASH_WORDS * 4;
      yield {
        versionId,
        rawHash: rehashed.get(versionId) ?? bytes.subarray(at, at + HASH_WORDS * 4),
        rulesDigest: this.rulesDigestOf(ordinal),
      };
    }
  }

  #insert(ordinal: number): void {
    let slot = (this.#hashes[ordinal * HASH_WORDS] as number) & this.#mask;
    while (this.#table[slot] !== EMPTY) slot = (slot + 1) & this.#mask;
    this.#table[slot] = ordinal;
  }
}

type Words = [number, number, number, number];

/** A word in the byte order of the machine's typed arrays, which is little-endian wherever Node.js runs. */
function wordAt(hash: Uint8Array, word: number): number {
  const at = word * 4;
  return (
    ((hash[at] as number) |
      ((hash[at + 1] as number) << 8) |
      ((hash[at + 2] as number) << 16) |
      ((hash[at + 3] as number) << 24)) >>>
    0
  );
}

function* concat<T>(...parts: readonly Iterable<T>[]): Generator<T> {
  for (const part of parts) yield* part;
}
