import { describe, expect, test } from 'vitest';
import type { MeasuredProcess } from '../../bench/bench-report.ts';
import { type PipelineFigures, pipelineGoals } from '../../bench/pipeline-goals.ts';

const spread = { median: 1, min: 1, max: 1 };
const row = (name: string, ratios: Record<string, number>): MeasuredProcess => ({
  name,
  wallSeconds: spread,
  cpuSeconds: null,
  peakBytes: 300e6,
  ratios,
});

/** All goals just met. */
const figures: PipelineFigures = {
  items: 100_000,
  measured: [
    row('first sync', { 'git, first': 1, COPY: 9 }),
    row('second sync', { openssl: 4 }),
    row('second sync + findings', { 'git, second': 0.25 }),
  ],
  index: { items: 100, bytes: 9600, moreItems: 1000, moreBytes: 96_000 },
  larger: { items: 200_000, peakBytes: 300e6 + 96 * 100_000 },
  drift: { items: 10, drifted: 1, milliseconds: { driftplane: spread, fullJoin: spread }, ratio: 0.1 },
  findings: {
    findings: 10,
    runs: 1,
    combinations: [1, 2].map((ratio) => ({
      name: 'all',
      driftplane: { p50: 1, p95: ratio },
      bareSql: { p50: 1, p95: 1 },
      ratio,
    })),
  },
};

describe('the goals of the pipeline', () => {
  test('are met at their limits', () => {
    const goals = pipelineGoals(figures);

    expect(goals.map(({ isMet }) => isMet)).toEqual(Array(8).fill(true));
  });

  test.each<[string, Partial<PipelineFigures>]>([
    ['first sync', { measured: withRatio('first sync', 'git, first', 1.01) }],
    ['second sync + findings', { measured: withRatio('second sync + findings', 'git, second', 0.26) }],
    ['second sync:', { measured: withRatio('second sync', 'openssl', 4.01) }],
    ['peak memory of the server: at most', { items: 99_999, measured: withPeak(300e6 + 1) }],
    ['index', { index: { ...figures.index, moreBytes: 96_001 } }],
    ['index', { index: { items: 100, bytes: 0, moreItems: 1000, moreBytes: 95_000 } }],
    ['peak memory of the server: grows', { larger: { items: 200_000, peakBytes: 310e6 } }],
    ['drift', { drift: { ...figures.drift, ratio: 0.101 } }],
    ['first page', { findings: withListingRatio(2.01) }],
  ])('are missed past their limits: %s', (start, changed) => {
    const goals = pipelineGoals({ ...figures, ...changed });

    expect(goals.filter(({ isMet }) => isMet === false).map(({ goal }) => goal)).toEqual([
      expect.stringContaining(start),
    ]);
  });

  test('leave more memory to more items, and say nothing of growth that was not asked for', () => {
    const goals = pipelineGoals({
      ...figures,
      items: 200_000,
      larger: null,
      measured: withPeak(309.6e6),
    });

    expect(goals).toHaveLength(7);
    expect(goals.map(({ isMet }) => isMet)).not.toContain(false);
  });

  test('are not measured where memory could not be', () => {
    const goals = pipelineGoals({ ...figures, measured: withPeak(null) });

    expect(goals.filter(({ isMet }) => isMet === null)).toHaveLength(2);
  });
});

function withRatio(name: string, peer: string, ratio: number): MeasuredProcess[] {
  return figures.measured.map((each) =>
    each.name === name ? { ...each, ratios: { ...each.ratios, [peer]: ratio } } : each,
  );
}

function withPeak(peakBytes: number | null): MeasuredProcess[] {
  return figures.measured.map((each) => ({ ...each, peakBytes }));
}

function withListingRatio(ratio: number): PipelineFigures['findings'] {
  const { combinations } = figures.findings;
  return { ...figures.findings, combinations: combinations.map((each) => ({ ...each, ratio })) };
}
