/**
 * Secrets are replaced by a keyed digest before anything else sees them: a changed secret still shows as
 * changed, and nothing that is stored, logged or printed can give it away.
 */

import { canonicalJson } from './canonical-json.ts';
import { emptyJsonObject, type JsonObject, type JsonValue, ownMember } from './json-value.ts';
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

/**
 * Facts with one constant in place of all secrets: what offline fingerprints are taken of, as the public key
 * of offline digests would let a printed hash give away a secret that can be guessed.
 */
export function maskSecrets(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (isSensitiveDigest(value)) return MASK;
  if (Array.isArray(value)) return value.map(maskSecrets);
  const masked = emptyJsonObject();
  for (const name of Object.keys(value)) masked[hideDigests(name)] = maskSecrets(value[name] as JsonValue);
  return masked;
}

/** Whether `maskSecrets` would change anything. */
export function holdsSecret(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsSecret);
  return (
    isSensitiveDigest(value) ||
    Object.keys(value).some(
      (name) => name.startsWith('hmac-sha256:') || holdsSecret(value[name] as JsonValue),
    )
  );
}

const MASK: JsonObject = { [SENSITIVE_MEMBER]: 'masked' };

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
  /(?:^(?:pass|pw|pin)|bearer|cookie|credential|password|passwd|passcode|pwd|passphrase|psk|secret|token|authorization|connectionstring|(?:access|account|api|encryption|master|primary|private|secondary|secret|shared|signing|storage|symmetric)key)(?:value|hash|text|list|\d+)?s?$/;

/** Members that name a thing and are no secret, also within something whose name says that it holds secrets. */
const NAMING_MEMBERS = new Set(['name', 'secretName']);

/** A member name that is a word, and no secret that was made a name. */
const PLAIN_NAME = /^[A-Za-z_]\w{0,24}$/;

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

/**
 * A member name as facts hold it: itself, or a digest where it looks like a secret (`{ "ghp_…": … }`), or is
 * more than a word within something whose name says that it holds secrets.
 */
export function factName(name: string, digestKey: string, isWithinSecret: boolean): string {
  const isHidden = isWithinSecret
    ? !PLAIN_NAME.test(name)
    : name.length >= MIN_SECRET_LENGTH && isSecretLikeName(name);
  return isHidden ? `hmac-sha256:${hmacSha256Hex(digestKey, canonicalJson(name))}` : name;
}

function isSecretLikeName(name: string): boolean {
  return name.length > MAX_NAME_LENGTH
    ? looksLikeSecret(name)
    : remembered(secretLikeNames, name, looksLikeSecret);
}

/** A JSON Pointer or an id for a message: what looks like a secret in it is not said. */
export function sayable(text: string): string {
  return text
    .split('/')
    .map((token) => (looksLikeSecret(token) ? '[redacted]' : token))
    .join('/');
}

/** A name or a path without the digests that `factName` put into it. */
export function hideDigests(text: string): string {
  return text.includes('hmac-sha256:') ? text.replaceAll(/hmac-sha256:[0-9a-f]{64}/g, '[redacted]') : text;
}

/** How pairs are written: the member with the name, and the one with what is named. */
const PAIRS = [
  ['name', 'value'],
  ['key', 'value'],
  ['Name', 'Value'],
  ['Key', 'Value'],
  ['ParameterKey', 'ParameterValue'],
] as const;

/** The member of `object` that holds a secret because another says so: `{ "name": "DB_PASSWORD", "value": … }`. */
export function secretOfPair(object: JsonObject): string | null {
  for (const [nameMember, valueMember] of PAIRS) {
    const name = ownMember(object, nameMember);
    if (typeof name === 'string' && isSecretName(name) && Object.hasOwn(object, valueMember))
      return valueMember;
  }
  return null;
}

/** Shortest text that is looked at: the shortest secret that `SECRET_SHAPE` knows. */
const MIN_SECRET_LENGTH = 16;

/**
 * Texts that are secrets wherever they stand: private keys, tokens of well-known issuers, JSON Web Tokens,
 * keys in connection strings, shared access signatures, passwords in URLs.
 */
const SECRET_SHAPE = new RegExp(
  [
    '-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----',
    '\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b',
    '\\bgh[pousr]_[A-Za-z0-9]{30}',
    '\\bgithub_pat_[A-Za-z0-9_]{30}',
    '\\bglpat-[A-Za-z0-9_-]{20}',
    '\\bnpm_[A-Za-z0-9]{30}',
    '\\bxox[abeoprs]-[A-Za-z0-9-]{10}',
    '\\bAIza[0-9A-Za-z_-]{35}',
    '\\bsk_live_[0-9A-Za-z]{16}',
    '(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,2000}\\.eyJ[A-Za-z0-9_-]{8}',
    '(?:AccountKey|SharedAccessKey|SharedSecretValue)=[A-Za-z0-9+/]{16}',
    '\\bdp_[0-9a-f]{32}_[A-Za-z0-9_-]{20}',
    '\\bsk-(?=\\S*\\d)[A-Za-z0-9_-]{20}',
    '\\bhvs\\.[A-Za-z0-9_-]{20}',
    '\\bSG\\.[A-Za-z0-9_-]{16,30}\\.[A-Za-z0-9_-]{16}',
    '\\bpypi-[A-Za-z0-9_-]{30}',
    '\\bdckr_pat_[A-Za-z0-9_-]{20}',
    '\\bdop_v1_[0-9a-f]{40}',
    '\\bhf_[A-Za-z0-9]{30}',
    '\\bshp(?:at|ca|pa|ss)_[0-9a-f]{24}',
    '[A-Za-z0-9_~.-]{3}\\dQ~[A-Za-z0-9_~.-]{31}',
    '\\b\\d{8,10}:AA[A-Za-z0-9_-]{33}',
    '\\bBearer\\s+(?=\\S*\\d)[A-Za-z0-9+/=._~-]{24}',
    '\\bAuthorization:\\s*(?:Basic|Bearer|Token)\\s+\\S{8}',
    '[?&]sig=[A-Za-z0-9%+/]{8}',
    '[?&](?:access_token|api_?key|token|code|client_secret)=[^&\\s]{8}',
    '"(?:password|passwd|secret|client_?secret|api_?key|token)"\\s?:\\s?"[^"]{4}',
    '(?:^|\\s)-u\\s+[^\\s:]{1,100}:\\S{3}',
    'hooks\\.slack\\.com/services/',
    'webhook\\.office\\.com/webhook',
    '(?:^|[;&\\s"\'_-])(?:pass(?:word|wd)|pwd|client_?secret|api_?key|[a-z]{0,20}token)\\s?=\\s?[^;&\\s"\'=]{4}',
    '(?:^|\\s)--?(?:pass(?:word|wd)|pwd|secret|token|api-?key) [^\\s-]\\S{3}',
    '(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}://(?:[^\\s/:@]{0,100}:[^\\s/@]{1,200}|[^\\s/:@]{20,200})@',
  ].join('|'),
  'i',
);

export function looksLikeSecret(text: string): boolean {
  return text.length >= MIN_SECRET_LENGTH && SECRET_SHAPE.test(text);
}
