/** A small generator of numbers that look random, the same ones for the same seed on every machine. */
export class SeededRandom {
  #state: number;

  /** Different (seed, stream) pairs give unrelated sequences. */
  constructor(seed: number, stream: number) {
    this.#state = mix(mix(seed) ^ Math.imul(stream, 0x9e3779b1));
  }

  /** 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return mix(this.#state);
  }

  /** An integer from 0 to below `end`. The slight bias of the remainder does not matter here. */
  below(end: number): number {
    return this.next() % end;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  uuid(): string {
    const hex = [this.next(), this.next(), this.next(), this.next()]
      .map((word) => word.toString(16).padStart(8, '0'))
      .join('');
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `${'89ab'[this.below(4)]}${hex.slice(17, 20)}`,
      hex.slice(20),
    ].join('-');
  }

  /** An instant of the year 2024, as Microsoft Graph writes it. */
  instant(): string {
    const at = new Date(Date.UTC(2024, 0, 1) + this.below(366 * 86_400) * 1000);
    const ticks = this.below(10_000_000).toString().padStart(7, '0');
    return at.toISOString().replace('.000Z', `.${ticks}Z`);
  }
}

/** The finaliser of MurmurHash3: every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let word = value | 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
