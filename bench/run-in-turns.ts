import {
  type Command,
  type Measurement,
  type Meter,
  measureProcess,
  type ProcessOutcome,
} from './measure-process.ts';

/** One of the processes that are compared. */
export interface Contestant {
  readonly name: string;
  readonly command: Command;
  /** Throws BenchError unless the run gave the right answer. */
  readonly verify: (outcome: ProcessOutcome) => void;
}

export interface Contest {
  readonly contestants: readonly Contestant[];
  readonly runs: number;
  readonly meter: Meter;
  readonly folder: string;
  readonly onProgress: (text: string) => void;
}

/**
 * Measures processes in turns (A B C A B C …), so that what else happens on the machine meets all of them
 * alike, after one turn that doesn't count and leaves files and programs in the page cache. Every run is
 * verified. Gives the measurements in the order of the contestants.
 */
export async function runInTurns(contest: Contest): Promise<readonly Measurement[][]> {
  const { contestants, runs, meter, folder, onProgress } = contest;
  const measurements: Measurement[][] = contestants.map(() => []);
  for (let turn = 0; turn <= runs; turn++) {
    for (const [index, { name, command, verify }] of contestants.entries()) {
      const outcome = await measureProcess(command, { meter, folder });
      verify(outcome);
      const { measurement } = outcome;
      onProgress(
        `${turn === 0 ? 'warm-up' : `run ${turn} of ${runs}`}: ${name} ${measurement.wallSeconds.toFixed(2)} s`,
      );
      if (turn > 0) measurements[index]?.push(measurement);
    }
  }
  return measurements;
}
