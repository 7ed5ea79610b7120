import { describe, expect, it } from 'vitest';
import { type HoldCode, type HoldReason, keptReasons } from './plan-hold.ts';

const reasons = (code: HoldCode, count: number): HoldReason[] =>
  Array.from({ length: count }, (_, index) => ({ code, rule: `/${code}/${index}`, detail: 'why' }));

describe('the reasons that are kept of a candidate', () => {
  it('are all of them, up to twenty', () => {
    const all = [...reasons('noiseControls.ignorePaths', 19), ...reasons('thresholds.ignore', 1)];

    expect(keptReasons(all)).toEqual(all);
  });

  it('are the first twenty of more, with one of each code, in their order', () => {
    const all = [
      ...reasons('driftTypes', 1),
      ...reasons('noiseControls.ignoreChanges', 1000),
      ...reasons('eligibility.when', 1),
      ...reasons('thresholds.ignore', 1),
    ];

    expect(keptReasons(all)).toEqual([
      ...reasons('driftTypes', 1),
      ...reasons('noiseControls.ignoreChanges', 17),
      ...reasons('eligibility.when', 1),
      ...reasons('thresholds.ignore', 1),
    ]);
  });
});
