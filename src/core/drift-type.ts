/** What kind of drift a change is. The first three are of inventories, the others of documents. */
export const driftTypes = [
  'configuration',
  'assignment',
  'presence',
  'instruction',
  'process',
  'ownership',
  'coverage',
  'environment_tooling',
] as const;

export type DriftType = (typeof driftTypes)[number];

/** The drift types that a change of a property can have; `presence` is of whole items. */
export const propertyDriftTypes = ['configuration', 'assignment', 'ownership'] as const;

export const severities = ['sev1', 'sev2', 'sev3', 'sev4'] as const;

export type Severity = (typeof severities)[number];

/** The severity band of an impact in [0, 1]. */
export function severityOf(impact: number): Severity {
  if (impact >= 0.9) return 'sev1';
  if (impact >= 0.7) return 'sev2';
  return impact >= 0.4 ? 'sev3' : 'sev4';
}
