import { describe, expect, it } from 'vitest';
import { type DiffReport, digestFindings, exitCodeOf, findingToJson } from './diff-report.ts';
import type { Finding } from './generate.ts';

const finding: Finding = {
  fingerprint: 'v1:0',
  change: 'changed',
  itemType: 't',
  itemTypeTitle: 'T',
  externalId: '1',
  label: 'One',
  driftType: 'configuration',
  severity: 'sev3',
  impact: 0.5,
  confidence: 1,
  score: 0.5,
  route: 'notify',
  changes: [{ path: '/a', op: 'replace', before: 1, after: 2 }],
  path: 'current/one.json',
};

describe('exitCodeOf', () => {
  const ambiguous = { identity: 't\u00001', itemType: 't', externalId: '1', paths: ['a'] };
  const complete = { itemType: 't', status: 'complete', reason: null } as const;
  const partial = { itemType: 't', status: 'partial', reason: 'why' } as const;

  it.each([
    [0, {}],
    [0, { coverage: [complete] }],
    [1, { findings: [finding] }],
    [1, { findings: [finding], coverage: [partial] }],
    [3, { coverage: [complete, partial] }],
    [3, { ambiguous: [ambiguous] }],
  ])('is %d', (code, parts) => {
    const report = { findings: [], coverage: [], ambiguous: [], ...parts } as unknown as DiffReport;

    expect(exitCodeOf(report)).toBe(code);
  });
});

describe('a finding in JSON', () => {
  it('has the members of the published shape, in its order', () => {
    expect(Object.keys(findingToJson(finding))).toEqual([
      'fingerprint',
      'change',
      'itemType',
      'externalId',
      'label',
      'driftType',
      'severity',
      'changes',
    ]);
  });

  it('is digested without what is not published, such as where it was read', () => {
    expect(digestFindings([{ ...finding, path: 'elsewhere' }])).toBe(digestFindings([finding]));
    expect(digestFindings([{ ...finding, label: 'Two' }])).not.toBe(digestFindings([finding]));
  });
});
