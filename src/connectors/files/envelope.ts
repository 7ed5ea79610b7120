import type { InheritedMembers } from '../../core/item-type-registry.ts';
import { decodeString } from '../../core/json-lexis.ts';
import type { JsonScan } from '../../core/json-scan.ts';
import type { WantedMember, WantedMembers } from '../../core/wanted-members.ts';

const SLOTS = {
  value: 0,
  items: 1,
  kind: 2,
  context: 3,
  nextLink: 4,
  id: 5,
  metadata: 6,
  continue: 7,
} as const;

const leaf = (slot: number): WantedMember => ({ slot, members: null });

/** What to look for in an object to know whether it is a list that an API answered with. */
export const envelopeMembers: WantedMembers = new Map<string, WantedMember>([
  ['value', leaf(SLOTS.value)],
  ['items', leaf(SLOTS.items)],
  ['kind', leaf(SLOTS.kind)],
  ['@odata.context', leaf(SLOTS.context)],
  ['@odata.nextLink', leaf(SLOTS.nextLink)],
  ['id', leaf(SLOTS.id)],
  ['metadata', { slot: SLOTS.metadata, members: new Map([['continue', leaf(SLOTS.continue)]]) }],
]);

/** A list in an object: an OData collection (`value`) or a Kubernetes list (`items`). */
export interface Envelope {
  /** Index of the list's opening bracket. */
  readonly listStart: number;
  /** Name of the member that holds the list. */
  readonly listMember: 'value' | 'items';
  readonly inherited: InheritedMembers;
  /** What the pages of one list have in common; null where the list has no pages. */
  readonly listName: string | null;
  /** The list goes on in another answer. */
  readonly hasNextPage: boolean;
}

/** The envelope that the scanned object is, or null where it is an item. */
export function readEnvelope(bytes: Uint8Array, scan: JsonScan): Envelope | null {
  const textAt = (slot: number): string | null => {
    const start = scan.spans[2 * slot] as number;
    if (start < 0 || bytes[start] !== 0x22) return null;
    return decodeString(bytes, start + 1, (scan.spans[2 * slot + 1] as number) - 1);
  };
  const listAt = (slot: number): number | null => {
    const start = scan.spans[2 * slot] as number;
    return start >= 0 && bytes[start] === 0x5b ? start : null;
  };
  // What says twice what its list is, is left to the item reader, which refuses it.
  if ((scan.spans[2 * SLOTS.id] as number) >= 0 || scan.duplicateKeys.length > 0) return null;
  const context = textAt(SLOTS.context);
  const valueStart = listAt(SLOTS.value);
  if (valueStart !== null) {
    return {
      listStart: valueStart,
      listMember: 'value',
      inherited: context === null ? null : { '@odata.context': context },
      listName: context,
      hasNextPage: textAt(SLOTS.nextLink) !== null,
    };
  }
  const itemsStart = listAt(SLOTS.items);
  if (itemsStart === null || textAt(SLOTS.kind)?.endsWith('List') !== true) return null;
  const next = textAt(SLOTS.continue);
  return {
    listStart: itemsStart,
    listMember: 'items',
    inherited: null,
    listName: null,
    hasNextPage: next !== null && next !== '',
  };
}
