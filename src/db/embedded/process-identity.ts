import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Tells one process from every other one, also from a later one that got the same pid. `world` and `startedTicks`
 * are null where the system does not say (no /proc): then the pid alone has to do.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** The boot of the machine and the pid namespace: within one world a pid means one process at a time. */
  readonly world: string | null;
  /** Clock ticks from boot to the start of the process. */
  readonly startedTicks: string | null;
}

export function identifyThisProcess(): ProcessIdentity {
  const { pid } = process;
  return { pid, world: thisWorld(), startedTicks: startedTicksOf(pid) };
}

/**
 * Whether that process is alive. `unknown`: it belongs to another world (another container, another boot of
 * the machine), from where its pid can't be seen.
 */
export function livenessOf(identity: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (identity.world !== thisWorld()) return 'unknown';
  if (!isRunning(identity.pid)) return 'dead';
  return startedTicksOf(identity.pid) === identity.startedTicks ? 'alive' : 'dead';
}

/** Whether any process has this pid now. A zombie has ended, though its pid is still taken. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return statFieldsOf(pid)?.[0] !== 'Z';
}

/** The working directory of a process; null where it can't be known. A postmaster's is its data directory. */
export function workingDirectoryOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

function startedTicksOf(pid: number): string | null {
  return statFieldsOf(pid)?.[19] ?? null;
}

/** The fields of /proc/PID/stat after the name, which may itself hold spaces and brackets: state first. */
function statFieldsOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function thisWorld(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}
