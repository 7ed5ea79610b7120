import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pgCopy from 'pg-copy-streams';
import { connectOwner } from '../src/db/owner-connection.ts';
import type { Measurement } from './measure-process.ts';
import { requireEqual } from './require-equal.ts';
import { settleDisk } from './work-folder.ts';

/** Writes all rows of item_versions to a file, in the binary format of COPY. */
export async function exportVersions(ownerUrl: string, file: string): Promise<void> {
  const client = await connectOwner(ownerUrl);
  try {
    const rows = client.query(pgCopy.to('copy driftplane.item_versions to stdout (format binary)'));
    await pipeline(rows, createWriteStream(file));
  } finally {
    await client.end();
  }
}

/**
 * How long the database itself takes to bring in rows that `exportVersions` wrote: COPY into an empty table with the
 * columns, checks and indexes of item_versions, right after a checkpoint. The table goes again.
 */
export async function measureCopy(ownerUrl: string, file: string, rowCount: number): Promise<Measurement> {
  const client = await connectOwner(ownerUrl);
  try {
    await client.query('create schema bench');
    await client.query('create table bench.item_versions (like driftplane.item_versions including all)');
    await client.query('checkpoint');
    settleDisk();
    const startedAt = performance.now();
    await pipeline(
      createReadStream(file, { highWaterMark: 1024 * 1024 }),
      client.query(pgCopy.from('copy bench.item_versions from stdin (format binary)')),
    );
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const { rows } = await client.query('select count(*)::integer as count from bench.item_versions');
    requireEqual('the number of copied rows', rows[0].count, rowCount);
    await client.query('drop schema bench cascade');
    return { wallSeconds, cpuSeconds: null, peakBytes: null };
  } finally {
    await client.end();
  }
}
