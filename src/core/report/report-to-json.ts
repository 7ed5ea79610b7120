import type { TypeCoverage } from '../coverage.ts';
import type { DiffSummary, NamedItem } from '../diff-report.ts';
import type { AmbiguousItem } from '../identity-groups.ts';
import type { JsonObject } from '../json-value.ts';
import type { Problem } from '../problem.ts';

// The parts of `driftplane/diff@1`, field by field: what the report knows beyond them does not leak into the
// wire shape. The shape of a finding is `findingToJson`, because its digest is taken over it.

export function summaryToJson(summary: DiffSummary): JsonObject {
  return {
    baselineItems: summary.baselineItems,
    currentItems: summary.currentItems,
    added: summary.added,
    removed: summary.removed,
    changed: summary.changed,
    unchanged: summary.unchanged,
    ambiguous: summary.ambiguous,
    unprovenRemovals: summary.unprovenRemovals,
    unprovenAdditions: summary.unprovenAdditions,
  };
}

export function coverageToJson({ itemType, status, reason }: TypeCoverage): JsonObject {
  return { itemType, status, reason };
}

export function problemToJson({ code, path, detail }: Problem): JsonObject {
  return { code, path, detail };
}

export function namedItemToJson({ itemType, externalId, label }: NamedItem): JsonObject {
  return { itemType, externalId, label };
}

export function ambiguousToJson({ itemType, externalId, paths }: AmbiguousItem): JsonObject {
  return { itemType, externalId, paths: [...paths] };
}
