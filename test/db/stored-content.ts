import { connectOwner } from '../../src/db/owner-connection.ts';

const schemas = ['driftplane', 'driftplane_staging', 'graphile_worker'];
/** Who works on the database just now, and what the queue's library notes about itself: of a process, not of the data. */
const ofProcesses = ['driftplane.processes'];

/** Rows and content of every table, by its name. Through a superuser, past the row-level security. */
export async function readStoredContent(
  superuserUrl: string,
): Promise<Record<string, { count: number; digest: string | null }>> {
  const client = await connectOwner(superuserUrl);
  try {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = any($1) and c.relkind in ('r', 'p') order by 1`,
      [schemas],
    );
    const content: Record<string, { count: number; digest: string | null }> = {};
    // Both servers write instants and floats in the same way.
    await client.query("set time zone 'UTC'");
    for (const { name } of rows.filter((row) => !ofProcesses.includes(row.name))) {
      const answer = await client.query(
        `select count(*)::int as count, md5(string_agg(t::text, E'\\n' order by t::text collate "C")) as digest
         from ${name} t`,
      );
      content[name] = answer.rows[0];
    }
    return content;
  } finally {
    await client.end();
  }
}
