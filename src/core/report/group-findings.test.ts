import { expect, test } from 'vitest';
import type { Finding } from '../generate.ts';
import { groupFindings } from './group-findings.ts';

const finding = (itemType: string, severity: Finding['severity'], label: string): Finding => ({
  fingerprint: `v1:${itemType}${label}`,
  change: 'changed',
  itemType,
  itemTypeTitle: itemType.toUpperCase(),
  externalId: label,
  label,
  driftType: 'configuration',
  severity,
  impact: 0.5,
  confidence: 1,
  score: 0.5,
  route: 'notify',
  changes: [],
  path: `${label}.json`,
});

test('the severest finding comes first, its type with it, whatever the order they came in', () => {
  const findings = [finding('a', 'sev3', 'one'), finding('b', 'sev4', 'two'), finding('b', 'sev1', 'three')];

  const groups = groupFindings(findings);

  expect(groups.map(({ itemType, findings: list }) => [itemType, list.map(({ label }) => label)])).toEqual([
    ['b', ['three', 'two']],
    ['a', ['one']],
  ]);
  expect(groupFindings([...findings].reverse())).toEqual(groups);
});
