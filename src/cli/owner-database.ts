import { DriftplaneError } from '../core/errors.ts';
import { resolveDataDir } from '../db/embedded/data-directory.ts';
import { attachEmbeddedDatabase, openEmbeddedDatabase } from '../db/embedded/embedded-database.ts';

/**
 * Runs `work` on the owner's connection string: of `DATABASE_URL`, else of the embedded database, which is the one
 * of the running server or is started for this.
 */
export async function withOwnerDatabase<T>(
  env: NodeJS.ProcessEnv,
  log: (message: string) => void,
  work: (ownerUrl: string) => Promise<T>,
): Promise<T> {
  const given = env.DATABASE_URL;
  if (given !== undefined && given !== '') return work(given);
  const dataDir = resolveDataDir(env);
  const attached = await attachEmbeddedDatabase({ dataDir });
  if (attached !== null) return work(attached.ownerUrl);
  let embedded: Awaited<ReturnType<typeof openEmbeddedDatabase>>;
  try {
    embedded = await openEmbeddedDatabase({ dataDir, log });
  } catch (error) {
    // Between the two looks a server may have begun to start.
    const again =
      error instanceof DriftplaneError && error.code === 'database_in_use'
        ? await attachEmbeddedDatabase({ dataDir })
        : null;
    if (again === null) throw error;
    return work(again.ownerUrl);
  }
  try {
    return await work(embedded.ownerUrl);
  } finally {
    await embedded.stop();
  }
}
