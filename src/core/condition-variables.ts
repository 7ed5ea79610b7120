import {
  type ConditionType,
  DOUBLE,
  DYN,
  listOf,
  REPO_NAME,
  recordOf,
  STRING,
  TIMESTAMP,
  wordOf,
} from './condition-type.ts';
import { driftTypes, severities } from './drift-type.ts';
import { inputSources } from './plan-vocabulary.ts';

/** Where a condition stands: `ignoreChanges[].when`, `multipliers[].when`, `eligibility.when`. */
export type ConditionKind = 'change' | 'candidate' | 'eligibility';

/** A variable of conditions, with a sentence for documents and editors. */
export interface ConditionVariable {
  readonly name: string;
  readonly type: ConditionType;
  readonly description: string;
}

const ofItem: readonly ConditionVariable[] = [
  { name: 'itemType', type: STRING, description: 'The type of the item.' },
  { name: 'externalId', type: STRING, description: 'What identifies the item within its type.' },
  { name: 'label', type: STRING, description: 'What people call the item.' },
  {
    name: 'driftType',
    type: wordOf(...driftTypes),
    description: 'What kind of drift it is: configuration, assignment, …',
  },
  {
    name: 'change',
    type: wordOf('added', 'removed', 'changed'),
    description: 'What became of the item: added, removed or changed.',
  },
  {
    name: 'author',
    type: STRING,
    description: 'Who pushed or asked for the run; empty where nobody is known.',
  },
  {
    name: 'source',
    type: recordOf({
      kind: wordOf(...inputSources, ''),
      serviceId: STRING,
      repoFullName: REPO_NAME,
      docClass: STRING,
    }),
    description:
      'Kind and binding of the source: kind, serviceId, repoFullName, docClass; each empty where there is none. Repositories are in lower case.',
  },
  {
    name: 'observedAt',
    type: TIMESTAMP,
    description: 'When the run that saw it ended. A comparison of two exports has none: the condition fails.',
  },
];

const ofChange: readonly ConditionVariable[] = [
  { name: 'path', type: STRING, description: 'JSON Pointer of what changed.' },
  {
    name: 'op',
    type: wordOf('add', 'remove', 'replace'),
    description: 'What happened there: add, remove or replace.',
  },
  {
    name: 'before',
    type: DYN,
    description: 'The value before, null where there was none. Numbers are doubles.',
  },
  {
    name: 'after',
    type: DYN,
    description: 'The value after, null where there is none. Numbers are doubles.',
  },
];

const ofCandidate: readonly ConditionVariable[] = [
  { name: 'paths', type: listOf(STRING), description: 'The JSON Pointers of all that changed.' },
  {
    name: 'changes',
    type: listOf(recordOf(Object.fromEntries(ofChange.map(({ name, type }) => [name, type])))),
    description: 'All that changed, each with path, op, before and after.',
  },
];

/** The variables of each kind of condition. */
export const conditionVariables: Readonly<Record<ConditionKind, readonly ConditionVariable[]>> = {
  change: [...ofItem, ...ofChange],
  candidate: [
    ...ofItem,
    ...ofCandidate,
    { name: 'impact', type: DOUBLE, description: 'How much it matters before the multipliers, 0 to 1.' },
  ],
  eligibility: [
    ...ofItem,
    ...ofCandidate,
    { name: 'impact', type: DOUBLE, description: 'How much it matters after the multipliers, 0 to 1.' },
    { name: 'confidence', type: DOUBLE, description: 'How sure it is, 0 to 1.' },
    { name: 'score', type: DOUBLE, description: 'Confidence times impact, 0 to 1.' },
    { name: 'severity', type: wordOf(...severities), description: 'sev1, the worst, to sev4.' },
  ],
};

/** Which conditions have a variable; for messages to who reads it in another. */
export const conditionPlaces: Readonly<Record<ConditionKind, string>> = {
  change: 'noiseControls.ignoreChanges',
  candidate: 'impactRules.multipliers',
  eligibility: 'eligibility.when',
};
