/** Which live items were seen: one bit each, by the ordinals of a LiveIndex. */
export class SeenSet {
  readonly bits: Uint8Array;

  constructor(count: number, bits: Uint8Array = new Uint8Array((count + 7) >> 3)) {
    this.bits = bits;
  }

  has(ordinal: number): boolean {
    return ((this.bits[ordinal >> 3] as number) & (1 << (ordinal & 7))) !== 0;
  }

  add(ordinal: number): void {
    this.bits[ordinal >> 3] = (this.bits[ordinal >> 3] as number) | (1 << (ordinal & 7));
  }

  delete(ordinal: number): void {
    this.bits[ordinal >> 3] = (this.bits[ordinal >> 3] as number) & ~(1 << (ordinal & 7));
  }

  /** Adds all of `other`; how many of them were there already. */
  merge(other: Uint8Array): number {
    let common = 0;
    for (let at = 0; at < other.length; at++) {
      const mine = this.bits[at] as number;
      const theirs = other[at] as number;
      common += bitCount(mine & theirs);
      this.bits[at] = mine | theirs;
    }
    return common;
  }

  get size(): number {
    let size = 0;
    for (const byte of this.bits) size += bitCount(byte);
    return size;
  }
}

function bitCount(byte: number): number {
  let rest = byte - ((byte >> 1) & 0x55);
  rest = (rest & 0x33) + ((rest >> 2) & 0x33);
  return (rest + (rest >> 4)) & 0x0f;
}
