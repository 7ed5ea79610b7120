import { expect, test } from 'vitest';
import { ambiguousItem, quietReport, sampleReport } from './test-sample-report.ts';
import { verdictOf } from './verdict.ts';

test('a quiet report says how much was compared', () => {
  expect(verdictOf(quietReport())).toEqual({
    outcome: 'Nothing drifted: 64 items compared, none differs.',
    unchecked: null,
    heldBack: null,
    totals: '64 → 64 items: 0 added, 0 removed, 0 changed, 64 unchanged.',
  });
});

test('two empty sides are not sold as a comparison', () => {
  const { summary } = quietReport();
  const empty = quietReport({
    summary: { ...summary, baselineItems: 0, currentItems: 0, unchanged: 0 },
    coverage: [],
  });

  expect(verdictOf(empty).outcome).toBe('Nothing drifted: neither side holds an item.');
});

test('an unread type or an ambiguous item is said, findings or not', () => {
  const unread = quietReport({ coverage: [{ itemType: '*', status: 'failed', reason: null }] });
  const ambiguous = quietReport({ ambiguous: [ambiguousItem('json', 'a', ['x', 'y'])] });

  expect(verdictOf(unread)).toMatchObject({
    outcome: 'In what was checked, nothing drifted.',
    unchecked: 'Not everything was checked: 1 item type not completely read.',
  });
  expect(verdictOf(ambiguous).unchecked).toBe('Not everything was checked: 1 ambiguous item left out.');
  expect(verdictOf(sampleReport()).unchecked).toBe(
    'Not everything was checked: 1 item type not completely read, 1 ambiguous item left out.',
  );
});

test('drift that the plan held back is not called none', () => {
  const { summary } = quietReport();
  const held = quietReport({
    summary: { ...summary, changed: 2, unchanged: 62 },
    heldBack: {
      candidates: 2,
      changes: 3,
      rules: [
        {
          code: 'noiseControls.ignoreChanges',
          rule: '/noiseControls/ignoreChanges/0',
          candidates: 2,
          changes: 3,
        },
      ],
    },
  });

  expect(verdictOf(held)).toMatchObject({
    outcome: 'No findings: the plan held back all drift, of 2 items.',
    heldBack: 'The plan held back 3 changes: 3 by noiseControls.ignoreChanges.',
  });
});
