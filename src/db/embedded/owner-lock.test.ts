import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OwnerLock, takeOwnerLock } from './owner-lock.ts';
import { identifyThisProcess } from './process-identity.ts';

let dataDir: string;
let locks: OwnerLock[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'driftplane-lock-'));
  locks = [];
});

afterEach(() => {
  for (const lock of locks) lock.release();
  rmSync(dataDir, { recursive: true });
});

async function take(silenceMs?: number): Promise<OwnerLock> {
  const lock = await takeOwnerLock(dataDir, silenceMs);
  locks.push(lock);
  return lock;
}

const lockFile = (): string => join(dataDir, 'owner.lock');

/** A lock as another process left it, or holds it. */
function plant(changes: object): void {
  const record = {
    ...identifyThisProcess(),
    nonce: 'planted',
    since: '2026-01-01T00:00:00.000Z',
    ...changes,
  };
  writeFileSync(lockFile(), JSON.stringify(record));
}

const holder = (): unknown => JSON.parse(readFileSync(lockFile(), 'utf8')).nonce;

test('a lock is refused while its holder lives, and free when it was released', async () => {
  const first = await take();
  const refused = takeOwnerLock(dataDir);
  await expect(refused).rejects.toMatchObject({ code: 'database_in_use' });

  first.release();
  await take();

  expect(readdirSync(dataDir)).toEqual(['owner.lock']);
});

test('the lock of a living process is refused with its pid and the time since when', async () => {
  plant({});

  const refused = takeOwnerLock(dataDir);

  await expect(refused).rejects.toMatchObject({
    code: 'database_in_use',
    message: `The data directory ${dataDir} is in use by process ${process.pid}, since 2026-01-01T00:00:00.000Z`,
  });
  expect(holder()).toBe('planted');
});

test.runIf(existsSync('/proc/self/stat'))(
  'the lock of a process whose pid belongs to another one now is taken over',
  async () => {
    plant({ startedTicks: '1' });

    await take();

    expect(holder()).not.toBe('planted');
  },
);

test('the lock of a process that is gone is taken over', async () => {
  plant({ pid: 2 ** 22 + 1 });

  await take();

  expect(holder()).not.toBe('planted');
});

test.each(['', '{"pid":', '[]', '{"pid":-1}'])(
  'a lock file that holds %j belongs to nobody',
  async (content) => {
    writeFileSync(lockFile(), content);

    await take();

    expect(readFileSync(lockFile(), 'utf8')).not.toBe(content);
  },
);

test('the lock of another container is refused while its heart beats', async () => {
  plant({ world: 'elsewhere' });
  let beats = 0;
  const beat = setInterval(() => {
    beats += 1;
    utimesSync(lockFile(), beats, beats);
  }, 50);

  try {
    await expect(takeOwnerLock(dataDir, 60_000)).rejects.toMatchObject({ code: 'database_in_use' });
  } finally {
    clearInterval(beat);
  }
});

test('the lock of another container that shows no sign of life is taken over', async () => {
  plant({ world: 'elsewhere' });

  await take(400);

  expect(holder()).not.toBe('planted');
});

test('of many that find the same abandoned lock at once exactly one gets it', async () => {
  plant({ pid: 2 ** 22 + 1 });

  const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => take()));

  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(readdirSync(dataDir)).toEqual(['owner.lock']);
});

test('a release leaves the lock of somebody else alone', async () => {
  const first = await take();
  plant({});

  first.release();

  expect(holder()).toBe('planted');
});
