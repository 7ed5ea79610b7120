import { canonicalJson } from './canonical-json.ts';
import type { JsonValue } from './json-value.ts';
import { sha256Hex } from './sha256.ts';

/** SHA-256 of the canonical form of `value` in UTF-8, as 64 lower-case hex digits. Vectors: docs/fingerprint.md. */
export function contentHash(value: JsonValue): string {
  return sha256Hex(canonicalJson(value));
}
