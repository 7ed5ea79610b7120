import { createHash, createHmac, hash } from 'node:crypto';

/** SHA-256 of the UTF-8 bytes of `text`, or of `text` itself when it is bytes; 64 lower-case hex digits. */
export function sha256Hex(text: string | Uint8Array): string {
  return hash('sha256', text, 'hex');
}

/**
 * SHA-256 as a string of 32 characters U+0000 … U+00FF, one per byte: the smallest form that can be the
 * key of a Map. Not for output.
 */
export function sha256Packed(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'binary');
}

/** SHA-256 of the UTF-8 bytes of all parts, one behind the other, without holding them at once. */
export function sha256OfParts(parts: Iterable<string>): string {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part, 'utf8');
  return digest.digest('hex');
}

/** HMAC-SHA-256 of `text` under `key`; 64 lower-case hex digits. */
export function hmacSha256Hex(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

/**
 * SHA-256 of `key` and the bytes behind it: tells equal bytes apart from others, and nothing to who doesn't
 * have the key. 32 bytes.
 */
export function keyedSha256(key: Uint8Array, bytes: Uint8Array, more = ''): Uint8Array {
  const digest = createHash('sha256').update(key).update(bytes);
  return (more === '' ? digest : digest.update(more, 'utf8')).digest();
}

/** SHA-256 of the UTF-8 bytes of `text`, as 32 bytes. */
export function sha256Bytes(text: string | Uint8Array): Uint8Array {
  return hash('sha256', text, 'buffer');
}
