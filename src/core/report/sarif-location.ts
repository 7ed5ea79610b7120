import type { Finding } from '../generate.ts';
import { artifactPlace } from './artifact-location.ts';
import { printable } from './printable.ts';

export interface SarifLocation {
  readonly physicalLocation?: {
    readonly artifactLocation: { readonly uri: string };
    readonly region: { readonly startLine: number };
  };
  readonly logicalLocations?: readonly {
    readonly name: string;
    readonly fullyQualifiedName: string;
    readonly kind: 'resource';
  }[];
  readonly properties?: { readonly pointer: string };
}

/**
 * The place of a file, or none where the path is empty. GitHub takes no result without a line, so it is 1 where
 * it isn't known; in a JSON array the pointer says where the item is.
 */
export function fileLocation(path: string): SarifLocation[] {
  const { uri, line, pointer } = artifactPlace(path);
  if (uri === null) return [];
  return [
    {
      physicalLocation: { artifactLocation: { uri }, region: { startLine: line ?? 1 } },
      ...(pointer === null ? {} : { properties: { pointer } }),
    },
  ];
}

/** The place of a finding: its file, and the item by its identity. */
export function findingLocation({ path, itemType, externalId, label }: Finding): SarifLocation {
  const name = printable(label === '' ? externalId : label);
  return {
    ...fileLocation(path)[0],
    logicalLocations: [
      { name, fullyQualifiedName: printable(`${itemType}/${externalId}`), kind: 'resource' },
    ],
  };
}
