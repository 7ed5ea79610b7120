import { spawnSync } from 'node:child_process';
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { BenchError } from './bench-error.ts';

/** Where something was measured; without it no figure means anything. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  /** Programs that take part, with their versions. */
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(versions: Readonly<Record<string, string>>): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    versions: { 'Node.js': process.versions.node, ...versions },
  };
}

/** How many processes ran or waited to run, on average over the last minute. */
export function loadNow(): number {
  return loadavg()[0] as number;
}

/** The version that a program gives itself, such as "2.39.5". Throws BenchError where it isn't installed. */
export function versionOf(program: string, versionArgument: string): string {
  const { stdout, error } = spawnSync(program, [versionArgument], { encoding: 'utf8' });
  const version = /\d+(\.\d+)+\w*/.exec(stdout ?? '')?.[0];
  if (version === undefined) {
    const reason = error === undefined ? 'it does not say its version' : error.message;
    throw new BenchError(`${program} is needed to compare with (${reason}): install it`);
  }
  return version;
}
