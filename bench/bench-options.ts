/** What the command line asks of a benchmark. */
export interface BenchOptions {
  readonly items: number;
  readonly runs: number;
  /** Of the unchanged items. */
  readonly resavedPercent: number;
  /** Measure an inventory of twice the items too, for what memory grows by. */
  readonly isGrowthMeasured: boolean;
  /** Where to put the files, and leave them; a temporary folder without it. */
  readonly dir: string | undefined;
  readonly onProgress: (text: string) => void;
}
