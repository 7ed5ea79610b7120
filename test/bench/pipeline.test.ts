import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BenchReport } from '../../bench/bench-report.ts';

const script = join(import.meta.dirname, '..', '..', 'bench', 'bench.ts');
const hasPeers = ['git', 'openssl'].every((peer) => spawnSync(peer, ['version']).error === undefined);

describe.skipIf(!hasPeers)('bench pipeline', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'driftplane-pipeline-test-'));
    // Run by root, the database belongs to another user, who has to pass through.
    chmodSync(folder, 0o711);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('syncs through a server beside its peers, checks every answer and leaves only the inventories', () => {
    const args = ['pipeline', '--items', '1000', '--runs', '1', '--growth', '--dir', folder, '--json'];

    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

    expect({ status, failure: /^bench: .*instead of.*$/m.exec(stderr)?.[0] }).toEqual({ status: 0 });
    const report = JSON.parse(stdout) as BenchReport;
    expect(report.subject).toMatch(/^1000 items, .*; 10 changed, 1 added, 1 removed, 0 saved again/);
    expect(report.measured.map(({ name, ratios }) => [name, Object.keys(ratios)])).toEqual([
      ['first sync', ['git, first', 'COPY']],
      ['second sync', ['openssl']],
      ['second sync + findings', ['git, second']],
      ['git, first', []],
      ['git, second', []],
      ['openssl', []],
      ['COPY', []],
    ]);
    expect(report.sections?.map(({ data }) => data)).toMatchObject([
      { items: 10_000, drifted: 10 },
      { findings: 10_000, runs: 70 },
    ]);
    expect(report.goals).toHaveLength(8);
    expect(readdirSync(folder).map((name) => name.replace(/-[^-]*$/, ''))).toEqual([
      'driftplane-inventory-1000',
      'driftplane-inventory-2000',
    ]);
  }, 600_000);

  test('ends its server and its database when it is interrupted, and removes their files', async () => {
    const before = readdirSync(folder);
    const args = ['pipeline', '--items', '1000', '--runs', '1', '--dir', folder];
    const bench = spawn(process.execPath, [script, ...args], { stdio: 'ignore' });
    const ended = new Promise((resolve) => bench.once('exit', resolve));
    const database = await untilDatabaseRuns(folder);

    bench.kill('SIGINT');
    const exitCode = await ended;

    expect(exitCode).toBe(130);
    expect(() => process.kill(database, 0)).toThrow('ESRCH');
    expect(readdirSync(folder).filter((name) => name.startsWith('pipeline-'))).toEqual([]);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(before));
  }, 600_000);
});

/** The process id that the database wrote down, once it has said there that it is ready. */
async function untilDatabaseRuns(folder: string): Promise<number> {
  for (;;) {
    const lines = readPostmasterFile(folder);
    if (lines[7]?.trim() === 'ready') return Number(lines[0]);
    await delay(50);
  }
}

function readPostmasterFile(folder: string): string[] {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const file = names.find((name) => name.endsWith('postmaster.pid'));
    return file === undefined ? [] : readFileSync(join(folder, file), 'utf8').split('\n');
  } catch {
    // What was listed has gone since.
    return [];
  }
}
