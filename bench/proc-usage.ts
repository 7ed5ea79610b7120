import { readdirSync, readFileSync } from 'node:fs';

/** Of /proc/PID/stat; 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** The most memory that a process has held, VmHWM of /proc; null where it has ended or there is no /proc. */
export function readPeakBytes(pid: number): number | null {
  try {
    const peakKibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return peakKibibytes === undefined ? null : Number(peakKibibytes) * 1024;
  } catch {
    return null;
  }
}

/** CPU time of a process; null where it has ended or there is no /proc. */
export function readCpuSeconds(pid: number): number | null {
  return readStat(pid)?.cpuSeconds ?? null;
}

/**
 * CPU time of a process and of all that it started, also of what has ended since and was waited for. Null where
 * there is no /proc.
 */
export function readTreeCpuSeconds(pid: number): number | null {
  const own = readStat(pid);
  if (own === null) return null;
  const pids = [pid, ...listDescendants(pid)];
  return pids.reduce((sum, each) => {
    const stat = readStat(each);
    return stat === null ? sum : sum + stat.cpuSeconds + stat.endedChildrenCpuSeconds;
  }, 0);
}

/** The processes that a process started, and those that these started, as far as they live. */
export function listDescendants(pid: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const each of listProcesses()) {
    const parent = readStat(each)?.parentPid;
    if (parent === undefined) continue;
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), each]);
  }
  const descendants = [...(childrenOf.get(pid) ?? [])];
  for (const each of descendants) descendants.push(...(childrenOf.get(each) ?? []));
  return descendants;
}

function listProcesses(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

interface Stat {
  readonly parentPid: number;
  readonly cpuSeconds: number;
  readonly endedChildrenCpuSeconds: number;
}

function readStat(pid: number): Stat | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name, in brackets, may hold spaces; behind it ppid is field 1, utime to cstime are 11 to 14.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parentPid] = fields;
    const [user, system, endedUser, endedSystem] = fields.slice(11, 15);
    if (parentPid === undefined || user === undefined || system === undefined) return null;
    return {
      parentPid,
      cpuSeconds: (user + system) / TICKS_PER_SECOND,
      endedChildrenCpuSeconds: ((endedUser ?? 0) + (endedSystem ?? 0)) / TICKS_PER_SECOND,
    };
  } catch {
    return null;
  }
}
