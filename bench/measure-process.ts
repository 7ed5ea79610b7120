import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from './bench-error.ts';
import { readCpuSeconds, readPeakBytes } from './proc-usage.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** One run of a process, seen from outside. */
export interface Measurement {
  /** From before it was started until it was seen to have ended. */
  readonly wallSeconds: number;
  /** User and system time of all its threads; null where the meter can't say. */
  readonly cpuSeconds: number | null;
  /** Largest resident set, shared pages included; null where the meter can't say. */
  readonly peakBytes: number | null;
}

export interface ProcessOutcome {
  readonly measurement: Measurement;
  readonly exitCode: number;
  readonly stdoutPath: string;
  readonly stderrPath: string;
}

export type Meter = 'gnu_time' | 'proc_polling' | 'wall_only';

/** How each meter measures CPU time and memory, for the reader of the result. */
export const meterTexts: Record<Meter, string> = {
  gnu_time: 'exactly, by the kernel (wait4, through /usr/bin/time)',
  proc_polling: 'by /proc/PID every 20 ms: the high-water mark VmHWM and the CPU ticks of the last look',
  wall_only: 'not at all: there is neither GNU time nor /proc here',
};

const GNU_TIME = '/usr/bin/time';
const POLL_INTERVAL_MS = 20;

/** The most exact meter that this machine has. */
export function chooseMeter(): Meter {
  // GNU time 1.7 calls itself "GNU time" and reports four times the memory.
  const { stdout } = spawnSync(GNU_TIME, ['--version'], { encoding: 'utf8' });
  if (typeof stdout === 'string' && stdout.includes('(GNU Time)')) return 'gnu_time';
  return process.platform === 'linux' ? 'proc_polling' : 'wall_only';
}

/**
 * Runs a command to its end and measures it. Its output goes to files in `folder`, so that nobody has to keep
 * up with reading it. Throws BenchError when it can't be started or was killed.
 */
export async function measureProcess(
  command: Command,
  options: { readonly meter: Meter; readonly folder: string },
): Promise<ProcessOutcome> {
  const { meter, folder } = options;
  const stdoutPath = join(folder, 'stdout');
  const stderrPath = join(folder, 'stderr');
  const timePath = join(folder, 'time');
  // A process that Node.js starts has Node's memory before it becomes the command, and the kernel counts that
  // too. A process that GNU time starts has not.
  const isTimed = meter === 'gnu_time';
  const file = isTimed ? GNU_TIME : command.file;
  const args = isTimed
    ? ['--quiet', '--output', timePath, '--format', '%U %S %M', command.file, ...command.args]
    : command.args;
  const stdout = openSync(stdoutPath, 'w');
  const stderr = openSync(stderrPath, 'w');
  const stdio = ['ignore', stdout, stderr] as const;
  const startedAt = performance.now();
  const child = spawn(file, args, { cwd: folder, env: plainEnvironment(), stdio: [...stdio] });
  const poller = meter === 'proc_polling' && child.pid !== undefined ? new ProcPoller(child.pid) : null;
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on('error', (error) => reject(new BenchError(`can't start ${command.file}: ${error.message}`)));
      child.on('exit', (code, signal) =>
        code === null ? reject(new BenchError(`${command.file} was ended by ${signal}`)) : resolve(code),
      );
    });
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const usage = isTimed ? readGnuTime(timePath) : (poller?.usage ?? unknownUsage);
    return { measurement: { wallSeconds, ...usage }, exitCode, stdoutPath, stderrPath };
  } finally {
    poller?.stop();
    closeSync(stdout);
    closeSync(stderr);
  }
}

/** Throws BenchError, with what the process said, unless it ended with this code. */
export function requireExitCode(
  { exitCode, stderrPath }: ProcessOutcome,
  expected: number,
  name: string,
): void {
  if (exitCode === expected) return;
  const said = readFileSync(stderrPath, 'utf8').trim();
  throw new BenchError(`${name} ended with ${exitCode} instead of ${expected}: ${said}`);
}

type Usage = Omit<Measurement, 'wallSeconds'>;
const unknownUsage: Usage = { cpuSeconds: null, peakBytes: null };

/** Without what a person's settings would change: npm's variables, options of Node.js, configuration of git. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|GIT_)/i.test(name));
  return {
    ...Object.fromEntries(kept),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    LC_ALL: 'C',
  };
}

function readGnuTime(path: string): Usage {
  const [user, system, peakKibibytes] = readFileSync(path, 'utf8').trim().split(' ').map(Number);
  if (user === undefined || system === undefined || peakKibibytes === undefined) return unknownUsage;
  return { cpuSeconds: user + system, peakBytes: peakKibibytes * 1024 };
}

/** Looks at a running process now and then. What counts is the last look: both values only grow. */
class ProcPoller {
  usage: Usage = unknownUsage;
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), POLL_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const [cpuSeconds, peakBytes] = [readCpuSeconds(this.#pid), readPeakBytes(this.#pid)];
    // Otherwise it has ended between two looks.
    if (cpuSeconds !== null && peakBytes !== null) this.usage = { cpuSeconds, peakBytes };
  }
}
