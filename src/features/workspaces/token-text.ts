import { createHash, randomBytes } from 'node:crypto';

const TOKEN = /^dp_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

/** A new token of the workspace: `dp_`, its id without dashes, and 256 random bits in base64url. */
export function createTokenText(workspaceId: string): string {
  return `dp_${workspaceId.replaceAll('-', '')}_${randomBytes(32).toString('base64url')}`;
}

/** The workspace that a token names, so that it is looked up under that one's row-level security; null for no token. */
export function workspaceOfToken(tokenText: string): string | null {
  return TOKEN.exec(tokenText)?.slice(1).join('-') ?? null;
}

/** What is stored of a token. Its text is random, so a plain hash can not be guessed back. */
export function hashToken(tokenText: string): Buffer {
  return createHash('sha256').update(tokenText).digest();
}
