import { canonicalJson } from './canonical-json.ts';
import { compareText } from './compare-text.ts';
import { contentHash } from './content-hash.ts';
import type { DriftType } from './drift-type.ts';
import type { ChangedValue, ChangeKind } from './fingerprint.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { hideDigests, maskSecrets } from './redact.ts';

/**
 * `s1:` and the SHA-256, in hex, of the canonical form of what changed, without whose it is: the same change
 * in forty tenants has one signature. No scope, no external id and no digest of a secret goes in, so it may
 * be compared between workspaces. `properties` are the changes of one drift type; empty for an item that was
 * added or removed. Specified with vectors in docs/fingerprint.md.
 */
export function changeSignature(input: {
  readonly itemType: string;
  readonly driftType: DriftType;
  readonly change: ChangeKind;
  readonly properties: readonly ChangedValue[];
}): string {
  const { itemType, driftType, change, properties } = input;
  const keyed = properties.map((property) => {
    const signed = signedProperty(property);
    return { signed, key: canonicalJson(signed) };
  });
  keyed.sort((a, b) => compareText(a.key, b.key));
  return `s1:${contentHash({ itemType, driftType, change, properties: keyed.map(({ signed }) => signed) })}`;
}

/** A side without a value has no member, so that null stays a value. */
function signedProperty({ path, before, after }: ChangedValue): JsonObject {
  const signed: JsonObject = { path: hideDigests(path) };
  const put = (side: 'before' | 'after', value: JsonValue | undefined): void => {
    if (value !== undefined) signed[side] = maskSecrets(value);
  };
  put('before', before);
  put('after', after);
  return signed;
}
