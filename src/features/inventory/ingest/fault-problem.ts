import type { FileFault } from '../../../connectors/files/split-records.ts';
import type { ItemTypeRegistry } from '../../../core/item-type-registry.ts';
import type { Problem } from '../../../core/problem.ts';

/** A place that could not be read, as a problem: of the type that its list names, else of any. */
export function faultProblem(fault: FileFault, path: string, registry: ItemTypeRegistry): Problem {
  const { type } = registry.identify({}, fault.inherited);
  return {
    code: fault.code,
    path,
    detail: fault.detail,
    itemType: type.definition.isFallback ? null : type.name,
  };
}
