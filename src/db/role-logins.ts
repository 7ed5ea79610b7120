import { randomBytes } from 'node:crypto';
import { type DatabaseUrls, databaseUrls } from './database.ts';
import { connectOwner } from './owner-connection.ts';

const roles = {
  appUrl: 'driftplane_app',
  ingestUrl: 'driftplane_ingest',
  jobsUrl: 'driftplane_jobs',
} as const;

/**
 * Gives each role of a server that is ours alone a login of its own, so that no connection can step back into the
 * owner's rights. The passwords are new at each start and known to this process only.
 */
export async function giveLogins(ownerUrl: string): Promise<DatabaseUrls> {
  const urls: Partial<Record<keyof typeof roles, string>> = {};
  const client = await connectOwner(ownerUrl);
  try {
    for (const [name, role] of Object.entries(roles) as [keyof typeof roles, string][]) {
      // Hexadecimal, so it needs no quoting: ALTER ROLE takes no parameters.
      const password = randomBytes(32).toString('hex');
      await client.query(`alter role ${role} login password '${password}'`);
      const url = new URL(ownerUrl);
      url.username = role;
      url.password = password;
      urls[name] = url.toString();
    }
  } finally {
    await client.end();
  }
  return databaseUrls({ ownerUrl, ...urls });
}
