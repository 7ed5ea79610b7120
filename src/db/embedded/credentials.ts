import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DriftplaneError } from '../../core/errors.ts';

/** Of the superuser of the embedded server. The password is in this file and in connection strings, nowhere else. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const credentialsFile = (dataDir: string): string => join(dataDir, 'credentials.json');

/** null when there are none. Throws `embedded_unavailable` when they are there and can't be read. */
export function readCredentials(dataDir: string): Credentials | null {
  const path = credentialsFile(dataDir);
  try {
    const { user, password } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Credentials>;
    if (typeof user === 'string' && typeof password === 'string') return { user, password };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    // The cause is left out: a parser quotes what it read.
    if (code !== undefined)
      throw new DriftplaneError('embedded_unavailable', `${path} can not be read (${code})`);
  }
  throw new DriftplaneError('embedded_unavailable', `${path} does not hold the credentials of the database`);
}

/** Makes up credentials and keeps them, readable for this user alone. */
export function createCredentials(dataDir: string): Credentials {
  const credentials = { user: 'driftplane_owner', password: randomBytes(24).toString('base64url') };
  const path = credentialsFile(dataDir);
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(credentials)}\n`, { mode: 0o600, flush: true });
  renameSync(unfinished, path);
  return credentials;
}
