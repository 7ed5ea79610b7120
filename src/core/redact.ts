/**
 * Secrets are replaced by a keyed digest before anything else sees them: a changed secret still shows as
 * changed, and nothing that is stored, logged or printed can give it away.
 */

import { canonicalJson } from './canonical-json.ts';
import { type JsonObject, type JsonValue, ownMember } from './json-value.ts';
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

/** Whether a value is what `digestSensitive` makes; an object of an export that only resembles it is not. */
export function isSensitiveDigest(value: JsonValue): boolean {
  const digest = ownMember(value, SENSITIVE_MEMBER);
  return typeof digest === 'string' && DIGEST.test(digest) && Object.keys(value as JsonObject).length === 1;
}

const DIGEST = /^hmac-sha256:[0-9a-f]{64}$/;

/**
 * How the names end whose value is a secret whatever the type: `DB_PASSWORD`, `clientSecret`, `api-keys`. They
 * are compared in lower case without `-`, `_`, `.` and spaces. What is hidden needlessly is still compared.
 */
const SECRET_NAME_END =
  /(?:^(?:pass|pw)|bearer|cookie|credential|password|passwd|passcode|pwd|passphrase|psk|secret|token|authorization|connectionstring|(?:access|account|api|encryption|master|primary|private|secondary|secret|shared|signing|storage|symmetric)key)(?:value|hash|text|list|\d+)?s?$/;

/** Members that name a thing and are no secret, also within something whose name says that it holds secrets. */
const NAMING_MEMBERS = new Set(['name', 'id', 'uid', 'type', 'kind', 'displayName']);

export function isNamingMember(name: string): boolean {
  return NAMING_MEMBERS.has(name);
}

/** Longest name that is looked at; no secret's name is longer. */
const MAX_NAME_LENGTH = 100;

/** Names repeat from item to item, so what was found of one is kept. */
const secretNames = new Map<string, boolean>();
const secretLikeNames = new Map<string, boolean>();
const MAX_REMEMBERED = 20_000;

function remembered(memory: Map<string, boolean>, name: string, find: (name: string) => boolean): boolean {
  let found = memory.get(name);
  if (found === undefined) {
    found = find(name);
    if (memory.size < MAX_REMEMBERED) memory.set(name, found);
  }
  return found;
}

/** Whether what is under a member with this name is secret in any type, except truth values, null and names. */
export function isSecretName(name: string): boolean {
  if (name.length < 3 || name.length > MAX_NAME_LENGTH) return false;
  return remembered(secretNames, name, (text) =>
    SECRET_NAME_END.test(text.toLowerCase().replaceAll(/[-_. ]/g, '')),
  );
}

/** A member name as facts hold it: itself, or a digest where it looks like a secret (`{ "ghp_…": … }`). */
export function factName(name: string, digestKey: string): string {
  if (name.length < MIN_SECRET_LENGTH || !remembered(secretLikeNames, name, looksLikeSecret)) return name;
  return `hmac-sha256:${hmacSha256Hex(digestKey, canonicalJson(name))}`;
}

/** A name or a path without the digests that `factName` put into it. */
export function hideDigests(text: string): string {
  return text.includes('hmac-sha256:') ? text.replaceAll(/hmac-sha256:[0-9a-f]{64}/g, '[redacted]') : text;
}

/** Whether `object` is a pair such as `{ "name": "DB_PASSWORD", "value": … }` whose value is a secret. */
export function isSecretPair(object: JsonObject): boolean {
  return ['name', 'key'].some((member) => {
    const name = ownMember(object, member);
    return typeof name === 'string' && isSecretName(name);
  });
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
    '[?&]sig=[A-Za-z0-9%+/]{8,}',
    'hooks\\.slack\\.com/services/',
    '(?:^|[;&\\s"\'-])(?:[Pp]ass(?:word|wd)|[Pp]wd|PASSWORD|PWD|[Cc]lient_?[Ss]ecret|[Aa]pi_?[Kk]ey)\\s*=\\s*[^;&\\s"\']{4,}',
    '\\b[a-z][a-z0-9+.-]{1,20}://[^\\s/:@]{1,100}:[^\\s/@]{1,200}@',
  ].join('|'),
);

export function looksLikeSecret(text: string): boolean {
  return text.length >= MIN_SECRET_LENGTH && SECRET_SHAPE.test(text);
}
