import { expect, test } from 'vitest';
import { type BenchReport, formatReport, summariseMeasurements } from '../../bench/bench-report.ts';

const second = (wallSeconds: number) => ({ wallSeconds, cpuSeconds: null, peakBytes: null });

test('each process is compared with its own peers only', () => {
  const measured = summariseMeasurements(
    ['ours', 'git', 'openssl'],
    [
      [second(2), second(4), second(9)],
      [second(8), second(8), second(8)],
      [second(1), second(1), second(1)],
    ],
    { ours: ['git'] },
  );

  expect(measured.map(({ ratios }) => ratios)).toEqual([{ git: 0.5 }, {}, {}]);
});

test('a ratio that nobody measured is left empty, and sections stand between the processes and the goals', () => {
  const report: BenchReport = {
    benchmark: 'pipeline',
    subject: '1000 items',
    machine: { cpu: 'CPU', cores: 2, memoryBytes: 8e9, system: 'Linux', versions: {} },
    load: { before: 0, after: 1 },
    method: [],
    measured: summariseMeasurements(['ours', 'git'], [[second(2)], [second(8)]], { ours: ['git'] }),
    sections: [{ title: 'Drift', text: '| read |', data: { items: 1 } }],
    goals: [{ goal: 'faster than git', measured: '0.25 ×', isMet: true }],
  };

  const lines = formatReport(report).split('\n');

  expect(lines.find((line) => line.startsWith('| ours'))).toMatch(/\| +0\.25 \|$/);
  expect(lines.find((line) => line.startsWith('| git'))).toMatch(/not measured \| +\|$/);
  const places = ['| git', 'Drift:', '| read |', '| goal'].map((start) =>
    lines.findIndex((line) => line.startsWith(start)),
  );
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
});
