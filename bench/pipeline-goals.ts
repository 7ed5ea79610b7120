import { formatBytes, type Goal, type MeasuredProcess } from './bench-report.ts';
import type { DriftBenchResult } from './drift-bench.ts';
import type { FindingsBenchResult } from './findings-bench.ts';
import type { IndexSize } from './index-size.ts';
import type { PipelineName } from './pipeline-turn.ts';

/** What the goals are about. */
export interface PipelineFigures {
  readonly items: number;
  readonly measured: readonly MeasuredProcess[];
  readonly index: IndexSize;
  /** Twice the items, where that was asked for. */
  readonly larger: { readonly items: number; readonly peakBytes: number | null } | null;
  readonly drift: DriftBenchResult;
  readonly findings: FindingsBenchResult;
}

const MAX_GIT_SHARE = 0.25;
const MAX_OPENSSL_RATIO = 4;
const MAX_PEAK_BYTES = 300_000_000;
/** The items that the peak is promised for. */
const PEAK_ITEMS = 100_000;
const MAX_BYTES_PER_ITEM = 96;
const MAX_DRIFT_RATIO = 0.1;
const MAX_LISTING_RATIO = 2;

/** The table "Speed" of the design, as far as the pipeline goes. */
export function pipelineGoals(figures: PipelineFigures): Goal[] {
  const { drift, findings } = figures;
  const worst = Math.max(...findings.combinations.map(({ ratio }) => ratio));
  return [
    ratioGoal('first sync: at most the time of git', ratioOf(figures, 'first sync', 'git, first'), 1),
    ratioGoal(
      'second sync + findings: at most 1/4 of the time of git',
      ratioOf(figures, 'second sync + findings', 'git, second'),
      MAX_GIT_SHARE,
    ),
    ratioGoal(
      `second sync: at most ${MAX_OPENSSL_RATIO} × the SHA-256 pass over the same file`,
      ratioOf(figures, 'second sync', 'openssl'),
      MAX_OPENSSL_RATIO,
    ),
    peakGoal(figures),
    indexGoal(figures.index),
    ...growthGoal(figures),
    ratioGoal('drift: at most 1/10 of the full join', drift.ratio, MAX_DRIFT_RATIO),
    ratioGoal(
      `first page of findings: p95 at most ${MAX_LISTING_RATIO} × bare SQL, each of ${findings.combinations.length}`,
      worst,
      MAX_LISTING_RATIO,
    ),
  ];
}

function ratioGoal(goal: string, ratio: number, most: number): Goal {
  return { goal, measured: `${ratio.toFixed(ratio < 0.1 ? 3 : 2)} ×`, isMet: ratio <= most };
}

function ratioOf({ measured }: PipelineFigures, name: PipelineName, peer: PipelineName): number {
  return measured.find((row) => row.name === name)?.ratios[peer] ?? Number.NaN;
}

/** Of more items than it is promised for, the peak may grow by what an item may take. */
function peakGoal(figures: PipelineFigures): Goal {
  const { items } = figures;
  const most = MAX_PEAK_BYTES + Math.max(0, items - PEAK_ITEMS) * MAX_BYTES_PER_ITEM;
  const peakBytes = peakOf(figures);
  return {
    goal: `peak memory of the server: at most ${formatBytes(most)}`,
    measured: peakBytes === null ? '' : formatBytes(peakBytes),
    isMet: peakBytes === null ? null : peakBytes <= most,
  };
}

/** After the second sync with its findings: the process has all its peaks behind it then. */
function peakOf({ measured }: PipelineFigures): number | null {
  const name: PipelineName = 'second sync + findings';
  return measured.find((row) => row.name === name)?.peakBytes ?? null;
}

function indexGoal({ items, bytes, moreItems, moreBytes }: IndexSize): Goal {
  const perItem = Math.max(bytes / items, moreBytes / moreItems, (moreBytes - bytes) / (moreItems - items));
  return {
    goal: `index of the live versions: at most ${MAX_BYTES_PER_ITEM} bytes an item`,
    measured: `${perItem.toFixed(1)} bytes`,
    isMet: perItem <= MAX_BYTES_PER_ITEM,
  };
}

function growthGoal(figures: PipelineFigures): Goal[] {
  const { larger, items } = figures;
  if (larger === null) return [];
  const peakBytes = peakOf(figures);
  const goal = `peak memory of the server: grows by at most ${MAX_BYTES_PER_ITEM} bytes an item`;
  if (larger.peakBytes === null || peakBytes === null) return [{ goal, measured: '', isMet: null }];
  const perItem = (larger.peakBytes - peakBytes) / (larger.items - items);
  return [{ goal, measured: `${perItem.toFixed(0)} bytes`, isMet: perItem <= MAX_BYTES_PER_ITEM }];
}
