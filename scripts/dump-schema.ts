// src/db/schema.sql is what the migrations make of an empty database. --write writes it; --check says how it differs
// from the migrations and fails if it does.
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestServer } from '../src/db/embedded/test-server.ts';
import { migrate } from '../src/db/migrate.ts';
import { connectOwner } from '../src/db/owner-connection.ts';
import { dumpSchema } from '../src/db/schema-dump.ts';
import { withDatabase } from '../src/db/test-database-url.ts';

const schemaFile = join(import.meta.dirname, '..', 'src', 'db', 'schema.sql');
const shownLines = 20;

async function dumpMigrations(): Promise<string> {
  const server = await startTestServer();
  try {
    const name = `driftplane_dump_${randomUUID().slice(0, 8)}`;
    await run(server.url, `create database ${name} template template0`);
    try {
      return await migrateAndDump(withDatabase(server.url, name));
    } finally {
      await run(server.url, `drop database ${name} with (force)`);
    }
  } finally {
    await server.stop();
  }
}

async function migrateAndDump(url: string): Promise<string> {
  await migrate(url, { log: () => {} });
  const client = await connectOwner(url);
  try {
    return await dumpSchema(client);
  } finally {
    await client.end();
  }
}

async function run(url: string, statement: string): Promise<void> {
  const client = await connectOwner(url);
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Lines that stand on one side only, in their order: enough to see what changed. */
function differences(committed: string, dumped: string): string[] {
  const onlyIn = (one: string, other: string, mark: string): string[] => {
    const known = new Set(other.split('\n'));
    return one
      .split('\n')
      .filter((line) => !known.has(line))
      .map((line) => `${mark} ${line}`);
  };
  const lines = [...onlyIn(committed, dumped, '-'), ...onlyIn(dumped, committed, '+')];
  return lines.length > 0 ? lines : ['  the same lines in another order'];
}

function readCommitted(): string {
  try {
    return readFileSync(schemaFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

const [mode, ...rest] = process.argv.slice(2);
if ((mode !== '--write' && mode !== '--check') || rest.length > 0) {
  console.error('usage: node scripts/dump-schema.ts --write|--check');
  process.exitCode = 2;
} else {
  const dumped = await dumpMigrations();
  const committed = readCommitted();
  if (mode === '--write') {
    writeFileSync(schemaFile, dumped);
  } else if (committed !== dumped) {
    const lines = differences(committed, dumped);
    console.error('src/db/schema.sql is not what the migrations make:');
    console.error(lines.slice(0, shownLines).join('\n'));
    if (lines.length > shownLines) console.error(`  … ${lines.length - shownLines} more`);
    console.error('After a new migration run: node scripts/dump-schema.ts --write');
    process.exitCode = 1;
  }
}
