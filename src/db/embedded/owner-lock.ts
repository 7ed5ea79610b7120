import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DriftplaneError } from '../../core/errors.ts';
import { identifyThisProcess, livenessOf, type ProcessIdentity } from './process-identity.ts';

/** The right of one process to run the server of a data directory. */
export interface OwnerLock {
  /** Gives the right back. Does nothing to a lock that somebody else holds. */
  release(): void;
}

interface LockRecord extends ProcessIdentity {
  /** Of this one taking of the lock. */
  readonly nonce: string;
  readonly since: string;
}

/** An owner shows that it lives this often, for those who can't see its process (another container). */
const BEAT_MS = 2_000;
/** Who has not shown for so long is gone. */
const SILENCE_MS = 12_000;
const POLL_MS = 200;
/** Longer than the moment for which a taker may hold another's lock by mistake. */
const SETTLE_MS = 100;

const lockFile = (dataDir: string): string => join(dataDir, 'owner.lock');

/** Takes the lock, also from an owner that is gone. Throws `database_in_use` naming the living one. */
export async function takeOwnerLock(dataDir: string, silenceMs: number = SILENCE_MS): Promise<OwnerLock> {
  const path = lockFile(dataDir);
  const record: LockRecord = {
    ...identifyThisProcess(),
    nonce: randomUUID(),
    since: new Date().toISOString(),
  };
  while (!tryToLink(path, record)) {
    const holder = readRecord(path);
    if (holder !== null && (await isHeld(path, holder, silenceMs))) throw inUse(dataDir, holder);
    removeAbandoned(path, holder);
  }
  await sleep(SETTLE_MS);
  if (readRecord(path)?.nonce !== record.nonce) throw inUse(dataDir, readRecord(path));
  const beat = setInterval(() => {
    const now = new Date();
    if (readRecord(path)?.nonce === record.nonce) utimesSync(path, now, now);
  }, BEAT_MS);
  beat.unref();
  return {
    release() {
      clearInterval(beat);
      if (readRecord(path)?.nonce === record.nonce) rmSync(path, { force: true });
    },
  };
}

/** The file appears with its content or not at all. */
function tryToLink(path: string, record: LockRecord): boolean {
  const own = `${path}.${record.nonce}`;
  writeFileSync(own, `${JSON.stringify(record)}\n`, { mode: 0o644 });
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** null when there is no lock, or none that can be understood (a full disk, a crash of the machine). */
function readRecord(path: string): LockRecord | null {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as LockRecord;
    return Number.isInteger(record.pid) && record.pid > 0 ? record : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || code === 'ENOENT') return null;
    throw error;
  }
}

async function isHeld(path: string, holder: LockRecord, silenceMs: number): Promise<boolean> {
  const liveness = livenessOf(holder);
  if (liveness !== 'unknown') return liveness === 'alive';
  // Only its heartbeat tells. Clocks of two machines need not agree, so a change counts and no age.
  const lastBeat = beatOf(path);
  for (let waitedMs = 0; waitedMs < silenceMs; waitedMs += POLL_MS) {
    await sleep(POLL_MS);
    if (readRecord(path)?.nonce !== holder.nonce) return false;
    if (beatOf(path) !== lastBeat) return true;
  }
  return false;
}

function beatOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}

/**
 * Two processes may find the same abandoned lock, and the slower one may then take the lock of the faster: it sees
 * that from the content and puts it back. A lock is therefore only believed after a moment.
 */
function removeAbandoned(path: string, abandoned: LockRecord | null): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const taken = readRecord(aside);
    if (taken !== null && taken.nonce !== abandoned?.nonce) linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function inUse(dataDir: string, holder: LockRecord | null): DriftplaneError {
  const who = holder === null ? 'another process' : `process ${holder.pid}, since ${holder.since}`;
  return new DriftplaneError('database_in_use', `The data directory ${dataDir} is in use by ${who}`);
}
