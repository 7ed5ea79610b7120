/** The type of a value in a condition, as far as mistakes are told by it. */
export type ConditionType =
  | { readonly kind: ScalarKind }
  /** `words`: the only ones that it can be. `isRepoName`: it is kept as `repoKey` has it. */
  | { readonly kind: 'string'; readonly words?: readonly string[]; readonly isRepoName?: true }
  | { readonly kind: 'list'; readonly element: ConditionType }
  | { readonly kind: 'map' }
  | { readonly kind: 'record'; readonly fields: Readonly<Record<string, ConditionType>> };

type ScalarKind =
  | 'dyn'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'bytes'
  | 'null'
  | 'timestamp'
  | 'duration'
  | 'type';

export const DYN: ConditionType = { kind: 'dyn' };
export const BOOL: ConditionType = { kind: 'bool' };
export const INT: ConditionType = { kind: 'int' };
export const UINT: ConditionType = { kind: 'uint' };
export const DOUBLE: ConditionType = { kind: 'double' };
export const STRING: ConditionType = { kind: 'string' };
export const BYTES: ConditionType = { kind: 'bytes' };
export const NULL: ConditionType = { kind: 'null' };
export const TIMESTAMP: ConditionType = { kind: 'timestamp' };
export const DURATION: ConditionType = { kind: 'duration' };
export const TYPE: ConditionType = { kind: 'type' };
export const MAP: ConditionType = { kind: 'map' };

export const REPO_NAME: ConditionType = { kind: 'string', isRepoName: true };

export const wordOf = (...words: readonly string[]): ConditionType => ({ kind: 'string', words });
export const listOf = (element: ConditionType): ConditionType => ({ kind: 'list', element });
export const recordOf = (fields: Readonly<Record<string, ConditionType>>): ConditionType => ({
  kind: 'record',
  fields,
});

/** Whether a value of type `given` can be one of type `wanted`; what is not known until run time may be anything. */
export function fits(given: ConditionType, wanted: ConditionType): boolean {
  if (given.kind === 'dyn' || wanted.kind === 'dyn') return true;
  if (given.kind === 'list' && wanted.kind === 'list') return fits(given.element, wanted.element);
  return given.kind === wanted.kind || (given.kind === 'record' && wanted.kind === 'map');
}

/** What is known of a value that is one or the other. */
export function commonType(one: ConditionType, other: ConditionType): ConditionType {
  if (one.kind === 'list' && other.kind === 'list') return listOf(commonType(one.element, other.element));
  if (one.kind === 'string' && other.kind === 'string') {
    return one.words === other.words && one.isRepoName === other.isRepoName ? one : STRING;
  }
  return one.kind === other.kind ? one : DYN;
}

export const isNumeric = ({ kind }: ConditionType): boolean =>
  kind === 'int' || kind === 'uint' || kind === 'double';

/** As people read it. */
export function typeText(type: ConditionType): string {
  if (type.kind === 'list') return type.element.kind === 'dyn' ? 'list' : `list of ${typeText(type.element)}`;
  return type.kind === 'dyn' ? 'any value' : type.kind === 'record' ? 'map' : type.kind;
}
