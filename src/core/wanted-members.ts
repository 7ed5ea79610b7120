const encoder = new TextEncoder();

/** Members to locate: a name of the root object, and below an object again names. At most two levels. */
export type WantedMembers = ReadonlyMap<string, WantedMember>;
export interface WantedMember {
  /** Index of the member's span in `JsonScan.spans`, unique over the whole tree. */
  readonly slot: number;
  readonly members: WantedMembers | null;
}

/** The number of slots that `wanted` needs in `JsonScan.spans`. */
export function countWantedSlots(wanted: WantedMembers): number {
  let count = 0;
  for (const member of wanted.values()) {
    count = Math.max(count, member.slot + 1, member.members === null ? 0 : countWantedSlots(member.members));
  }
  return count;
}

/** A wanted tree with the name hashes that the scanner compares first. */
export interface CompiledWanted {
  readonly byHash: ReadonlyMap<number, readonly CompiledMember[]>;
}
interface CompiledMember {
  readonly name: Uint8Array;
  readonly slot: number;
  readonly members: CompiledWanted | null;
}

export function compileWanted(wanted: WantedMembers): CompiledWanted {
  const byHash = new Map<number, CompiledMember[]>();
  for (const [name, member] of wanted) {
    const bytes = encoder.encode(name);
    const compiled = {
      name: bytes,
      slot: member.slot,
      members: member.members === null ? null : compileWanted(member.members),
    };
    const hash = hashName(bytes, 0, bytes.length);
    const sameHash = byHash.get(hash);
    if (sameHash === undefined) byHash.set(hash, [compiled]);
    else sameHash.push(compiled);
  }
  return { byHash };
}

/**
 * A hash of a name that reads only its length and eight of its bytes. Names that collide are compared in
 * full, and many of them in a Map, so that a hostile object costs linear time.
 */
export function hashName(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return 0;
  let hash = length;
  const head = Math.min(length, 4);
  for (let at = start; at < start + head; at++) hash = Math.imul(hash, 31) + (bytes[at] as number);
  for (let at = end - head; at < end; at++) hash = Math.imul(hash, 31) + (bytes[at] as number);
  return Math.imul(hash, 0x9e3779b1) ^ (bytes[start + (length >> 1)] as number);
}

export function isSameName(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let at = 0; at < name.length; at++) if (name[at] !== bytes[start + at]) return false;
  return true;
}
