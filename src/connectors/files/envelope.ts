import type { InheritedMembers } from '../../core/item-type-registry.ts';
import { decodeString } from '../../core/json-lexis.ts';
import type { JsonScan } from '../../core/json-scan.ts';
import type { WantedMember, WantedMembers } from '../../core/wanted-members.ts';

/** Members that hold the list. */
const LISTS = ['value', 'items'] as const;
/** Members with a text where the list goes on in another answer. */
const NEXT_PAGE = [
  '@odata.nextLink',
  'odata.nextLink',
  'nextLink',
  'nextPageToken',
  'NextToken',
  'nextToken',
];
/** Other members that an object can have beside a list and still be nothing but the list. */
const BESIDE = [
  '@odata.context',
  '@odata.count',
  '@odata.deltaLink',
  '@odata.type',
  '@microsoft.graph.tips',
  'odata.metadata',
  'odata.count',
  'count',
  'totalCount',
  'kind',
  'apiVersion',
  'metadata',
];
/** What makes an object with metadata an item, as Kubernetes has them. */
const IDENTITY_IN_METADATA = ['name', 'uid'];

const slots = new Map<string, number>();
const slotOf = (path: string): number => {
  const slot = slots.get(path) ?? slots.size;
  slots.set(path, slot);
  return slot;
};
const inMetadata = new Map<string, WantedMember>(
  [...IDENTITY_IN_METADATA, 'continue'].map((name) => [
    name,
    { slot: slotOf(`metadata/${name}`), members: null },
  ]),
);

/** What to look for in an object to know whether it is a list that an API answered with. */
export const envelopeMembers: WantedMembers = new Map<string, WantedMember>(
  [...LISTS, ...NEXT_PAGE, ...BESIDE].map((name) => [
    name,
    { slot: slotOf(name), members: name === 'metadata' ? inMetadata : null },
  ]),
);

/** A list in an object: an OData collection (`value`) or a Kubernetes list (`items`). */
export interface Envelope {
  /** Index of the list's opening bracket. */
  readonly listStart: number;
  /** Name of the member that holds the list. */
  readonly listMember: (typeof LISTS)[number];
  readonly inherited: InheritedMembers;
  /** The list goes on in another answer. */
  readonly hasNextPage: boolean;
}

/**
 * The envelope that the scanned object is, or null where it is an item: an object that has anything beside
 * the list which a list has not, or a kind that is no `…List`, is one, and its members must not be lost.
 */
export function readEnvelope(bytes: Uint8Array, scan: JsonScan): Envelope | null {
  const startOf = (path: string): number => scan.spans[2 * slotOf(path)] as number;
  const has = (path: string): boolean => startOf(path) >= 0;
  const textAt = (path: string): string => {
    const start = startOf(path);
    if (start < 0 || bytes[start] !== 0x22) return '';
    return decodeString(bytes, start + 1, (scan.spans[2 * slotOf(path) + 1] as number) - 1);
  };
  const known = [...envelopeMembers.keys()].filter(has).length;
  if (scan.duplicateKeys.length > 0 || known !== scan.rootMembers) return null;
  if (IDENTITY_IN_METADATA.some((name) => has(`metadata/${name}`))) return null;
  const lists = LISTS.filter((name) => has(name) && bytes[startOf(name)] === 0x5b);
  const [listMember] = lists;
  if (listMember === undefined || lists.length > 1) return null;
  if (listMember === 'items' && !textAt('kind').endsWith('List')) return null;
  const context = textAt('@odata.context');
  return {
    listStart: startOf(listMember),
    listMember,
    inherited: context === '' ? null : { '@odata.context': context },
    hasNextPage: [...NEXT_PAGE, 'metadata/continue'].some((path) => textAt(path) !== ''),
  };
}
