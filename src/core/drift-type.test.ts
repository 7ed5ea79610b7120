import { expect, it } from 'vitest';
import { driftTypes, propertyDriftTypes, severities, severityOf } from './drift-type.ts';

it.each([
  [1, 'sev1'],
  [0.9, 'sev1'],
  [0.89, 'sev2'],
  [0.7, 'sev2'],
  [0.69, 'sev3'],
  [0.4, 'sev3'],
  [0.39, 'sev4'],
  [0, 'sev4'],
])('an impact of %d is %s', (impact, severity) => {
  expect(severityOf(impact)).toBe(severity);
  expect(severities).toContain(severity);
});

it('the drift types of properties are drift types, and none of them is of whole items', () => {
  expect(driftTypes).toEqual(expect.arrayContaining([...propertyDriftTypes]));
  expect(propertyDriftTypes).not.toContain('presence');
});
