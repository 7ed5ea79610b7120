/**
 * Secrets are replaced by a keyed digest before anything else sees them: a changed secret still shows as
 * changed, and nothing that is stored, logged or printed can give it away.
 */

import { canonicalJson } from './canonical-json.ts';
import { isJsonObject, type JsonObject, type JsonValue, ownMember } from './json-value.ts';
import { hmacSha256Hex } from './sha256.ts';

/** The member that marks a digest in facts. It holds `hmac-sha256:` and 64 hex digits. */
const SENSITIVE_MEMBER = '$sensitive';

/**
 * The digest key of comparisons without a workspace (`driftplane diff`). It is public, so such digests
 * hide nothing from who can guess the secret: they live in memory only and are never printed.
 */
export const OFFLINE_DIGEST_KEY = 'driftplane/offline';

/** What takes the place of a secret in facts. The same secret under the same key gives the same digest. */
export function digestSensitive(value: JsonValue, digestKey: string): JsonObject {
  return { [SENSITIVE_MEMBER]: `hmac-sha256:${hmacSha256Hex(digestKey, canonicalJson(value))}` };
}

export function isSensitiveDigest(value: JsonValue): boolean {
  return isJsonObject(value) && Object.hasOwn(value, SENSITIVE_MEMBER) && Object.keys(value).length === 1;
}

/**
 * How the names end whose text is a secret whatever the type: `DB_PASSWORD`, `clientSecret`, `api-key`. They
 * are compared in lower case without `-`, `_`, `.` and spaces. What is hidden needlessly is still compared.
 */
const SECRET_NAME_END =
  /(?:password|passwd|pwd|passphrase|secret|secrettext|token|authorization|connectionstring|(?:access|account|api|encryption|master|primary|private|secondary|secret|shared|signing|storage|symmetric)key)$/;

/** Longest name that is looked at; no secret's name is longer. */
const MAX_NAME_LENGTH = 100;

/** Whether text under this member name is a secret in any type. */
export function isSecretName(name: string): boolean {
  if (name.length < 3 || name.length > MAX_NAME_LENGTH) return false;
  return SECRET_NAME_END.test(name.toLowerCase().replaceAll(/[-_. ]/g, ''));
}

/** Whether `object` is a pair such as `{ "name": "DB_PASSWORD", "value": … }` whose value is a secret. */
export function isSecretPair(object: JsonObject): boolean {
  const name = ownMember(object, 'name') ?? ownMember(object, 'key');
  return typeof name === 'string' && isSecretName(name);
}

/** Shortest text that is looked at: the shortest secret that `SECRET_SHAPE` knows. */
const MIN_SECRET_LENGTH = 16;

/**
 * Texts that are secrets wherever they stand: private keys, tokens of well-known issuers, JSON Web Tokens,
 * keys in connection strings, shared access signatures, passwords in URLs.
 */
const SECRET_SHAPE = new RegExp(
  [
    '-----BEGIN [A-Z ]*PRIVATE KEY-----',
    '\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b',
    '\\bgh[pousr]_[A-Za-z0-9]{30,}',
    '\\bgithub_pat_[A-Za-z0-9_]{30,}',
    '\\bglpat-[A-Za-z0-9_-]{20,}',
    '\\bxox[abeoprs]-[A-Za-z0-9-]{10,}',
    '\\bAIza[0-9A-Za-z_-]{35}',
    '\\bsk_live_[0-9A-Za-z]{16,}',
    '\\beyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.',
    '(?:AccountKey|SharedAccessKey|SharedSecretValue)=[A-Za-z0-9+/]{16,}',
    '[?&]sig=[A-Za-z0-9%+/]{20,}',
    '\\b[a-z][a-z0-9+.-]{1,20}://[^\\s/:@]{1,100}:[^\\s/@]{1,200}@',
  ].join('|'),
);

export function looksLikeSecret(text: string): boolean {
  return text.length >= MIN_SECRET_LENGTH && SECRET_SHAPE.test(text);
}
