import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { attachEmbeddedDatabase } from '../src/db/embedded/embedded-database.ts';
import { BenchError } from './bench-error.ts';
import type { Cleanup } from './cleanup.ts';
import type { InventoryCounts } from './generate-inventory.ts';
import { exportVersions, measureCopy } from './measure-copy.ts';
import { measureGit } from './measure-git.ts';
import { type Measurement, type Meter, measureProcess, requireExitCode } from './measure-process.ts';
import { measureSyncs, type SyncMeasurements } from './measure-syncs.ts';
import { startServe } from './serve-process.ts';
import { settleDisk } from './work-folder.ts';
import type { WrittenInventory } from './write-inventory.ts';

/** What is measured in each turn, in the order of the report. */
export const pipelineNames = [
  'first sync',
  'second sync',
  'second sync + findings',
  'git, first',
  'git, second',
  'openssl',
  'COPY',
] as const;

export type PipelineName = (typeof pipelineNames)[number];

export interface PipelineSubject {
  readonly inventory: WrittenInventory;
  readonly counts: InventoryCounts;
}

export interface TurnOptions {
  readonly meter: Meter;
  /** For whatever a turn needs. */
  readonly folder: string;
  readonly cleanup: Cleanup;
}

/** One turn, each with the same objects: a new server with a new database syncs twice, and the peers do their part. */
export async function runTurn(
  subject: PipelineSubject,
  options: TurnOptions,
): Promise<{ measurements: Record<PipelineName, Measurement>; dataDir: string }> {
  const openssl = await measureOpenssl(subject.inventory.currentFile, options);
  const { syncs, copy, dataDir } = await syncAndCopy(subject, options);
  const git = await measureGit(subject, options);
  return {
    measurements: {
      'first sync': syncs.first,
      'second sync': syncs.second,
      'second sync + findings': syncs.secondWithFindings,
      'git, first': git.first,
      'git, second': git.second,
      openssl,
      COPY: copy,
    },
    dataDir,
  };
}

/** The two syncs alone, on a server of their own, of which nothing stays. */
export async function runSyncsOnly(
  subject: PipelineSubject,
  options: TurnOptions,
): Promise<SyncMeasurements> {
  const { server, folder } = await startServer(options);
  const syncs = await measureSyncs(server, { ...subject, folder, betweenSyncs: () => Promise.resolve() });
  await server.stop();
  removeDataDir(server.dataDir);
  return syncs;
}

/** The stopped database is left in `dataDir`. */
async function syncAndCopy(
  subject: PipelineSubject,
  options: TurnOptions,
): Promise<{ syncs: SyncMeasurements; copy: Measurement; dataDir: string }> {
  const { server, folder } = await startServer(options);
  const { dataDir } = server;
  const attached = await attachEmbeddedDatabase({ dataDir });
  if (attached === null) throw new BenchError(`no database answers for ${dataDir}`);
  const { ownerUrl } = attached;
  const rows = join(folder, 'rows');
  const betweenSyncs = () => exportVersions(ownerUrl, rows);
  const syncs = await measureSyncs(server, { ...subject, folder, betweenSyncs });
  const copy = await measureCopy(ownerUrl, rows, subject.counts.items);
  await server.stop();
  rmSync(folder, { recursive: true });
  return { syncs, copy, dataDir };
}

async function startServer({ folder: parent, cleanup }: TurnOptions) {
  const folder = mkdtempSync(join(parent, 'source-'));
  const dataDir = join(parent, `data-${folder.slice(-6)}`);
  const server = await startServe({ dataDir, fileRoot: folder }, cleanup);
  return { server, folder };
}

export function removeDataDir(dataDir: string): void {
  rmSync(dataDir, { recursive: true, force: true });
}

async function measureOpenssl(file: string, options: TurnOptions): Promise<Measurement> {
  settleDisk();
  const outcome = await measureProcess({ file: 'openssl', args: ['dgst', '-sha256', file] }, options);
  requireExitCode(outcome, 0, 'openssl');
  return outcome.measurement;
}
