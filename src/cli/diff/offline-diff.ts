/**
 * Compares two exports without a server. Bytes that stand on both sides are not parsed: one pass finds the
 * record, its digest and (on one side) its identity. The rest is read in full, only what changed is read
 * once more to say how, and no more than a small record per item stays in memory.
 */

import { compareInventories } from '../../core/compare.ts';
import { coverageOf, joinCoverage } from '../../core/coverage.ts';
import { type DiffReport, digestFindings, summarise } from '../../core/diff-report.ts';
import { groupByIdentity, joinAmbiguous, type ReadingAccess } from '../../core/identity-groups.ts';
import type { ItemTypeRegistry } from '../../core/item-type-registry.ts';
import { limits } from '../../core/limits.ts';
import type { PlanDocument } from '../../core/plan-schema.ts';
import { compareProblems } from '../../core/problem.ts';
import { createItemReader, type ItemReader } from '../../core/read-item.ts';
import { OFFLINE_DIGEST_KEY } from '../../core/redact.ts';
import { Contents } from './contents.ts';
import { findDrift, nameItem } from './find-drift.ts';
import { digestInputs } from './inputs-digest.ts';
import { recordProblems } from './item-problems.ts';
import { isSameContent, readingOf, type SideItem } from './reading.ts';
import { ChangedFile } from './reread.ts';
import { settleIdentities } from './settle-identities.ts';
import { Side } from './side.ts';

export interface OfflineDiffInput {
  readonly baselinePath: string;
  readonly currentPath: string;
  readonly registry: ItemTypeRegistry;
  readonly plan: PlanDocument;
  /** Called now and then with how many items of a side have been read. */
  readonly onProgress?: (side: 'baseline' | 'current', count: number) => void;
}

export interface OfflineDiff {
  readonly report: DiffReport;
  /** Files of both exports whose names say that they hold no JSON. */
  readonly otherFileCount: number;
}

/** Throws DriftplaneError where there is no export; everything else that is wrong is a problem in the report. */
export async function diffExports(input: OfflineDiffInput): Promise<OfflineDiff> {
  const { registry, plan } = input;
  const reader = createItemReader({ registry, digestKey: OFFLINE_DIGEST_KEY, maxDepth: limits.maxDepth });
  const contents = new Contents(reader);
  const options = { registry, contentFor: contents.contentFor.bind(contents) };
  const baseline = new Side('baseline', input.baselinePath, options);
  const current = new Side('current', input.currentPath, options);
  await baseline.read(
    () => {},
    (count) => input.onProgress?.('baseline', count),
  );
  contents.endOfBaseline();
  await current.read(
    (record, raw) => contents.readCurrent(record, raw),
    (count) => input.onProgress?.('current', count),
  );
  for (;;) {
    try {
      const report = await compareSides({ baseline, current, contents, reader, registry, plan });
      return { report, otherFileCount: baseline.otherFileCount + current.otherFileCount };
    } catch (error) {
      // A file that has changed since it was read is left out, and the rest compared without it.
      if (!(error instanceof ChangedFile)) throw error;
      (error.home === baseline ? baseline : current).dropFile(error.fileIndex, error.cause);
    }
  }
}

interface Sides {
  readonly baseline: Side;
  readonly current: Side;
  readonly contents: Contents;
  readonly reader: ItemReader;
  readonly registry: ItemTypeRegistry;
  readonly plan: PlanDocument;
}

async function compareSides(sides: Sides): Promise<DiffReport> {
  const { baseline, current, contents } = sides;
  await contents.readRest([...baseline.records, ...current.records]);
  const settled = settleIdentities(baseline, current);
  const baselineItems = settled.baseline.items;
  const currentItems = settled.current.items;
  await contents.complete(itemsToTellApart([baselineItems, currentItems]));

  const baselineGroups = groupByIdentity(baselineItems, itemAccess);
  const currentGroups = groupByIdentity(currentItems, itemAccess);
  const baselineProblems = [
    ...baseline.problems,
    ...recordProblems(baseline, baselineGroups),
    ...settled.baseline.problems,
  ];
  const currentProblems = [
    ...current.problems,
    ...recordProblems(current, currentGroups),
    ...settled.current.problems,
  ];
  const baselineCoverage = coverageOf(baselineProblems);
  const currentCoverage = coverageOf(currentProblems);
  const ambiguous = joinAmbiguous(baselineGroups.ambiguous, currentGroups.ambiguous);

  const comparison = compareInventories({
    baseline: baselineGroups.items,
    current: currentGroups.items,
    identify: readingOf,
    excluded: new Set(ambiguous.map((item) => item.identity)),
    baselineCoverage,
    currentCoverage,
    isSame: isSameContent,
  });
  const { added, removed, unprovenAdditions, unprovenRemovals } = comparison;
  await contents.complete([...added, ...removed, ...unprovenAdditions, ...unprovenRemovals]);

  const { findings, heldBack } = await findDrift(comparison, sides.reader, sides.plan);
  const problems = [...baselineProblems, ...currentProblems].sort(compareProblems);
  const itemTypes = new Set(problems.flatMap((problem) => problem.itemType ?? []));
  for (const items of [baselineItems, currentItems])
    for (const item of items) itemTypes.add(readingOf(item).itemType);
  return {
    summary: summarise(comparison, {
      baselineItems: baselineGroups.items.size,
      currentItems: currentGroups.items.size,
      ambiguous: ambiguous.length,
    }),
    coverage: joinCoverage(itemTypes, baselineCoverage, currentCoverage),
    problems,
    unprovenRemovals: comparison.unprovenRemovals.map(nameItem),
    unprovenAdditions: comparison.unprovenAdditions.map(nameItem),
    ambiguous,
    findings,
    heldBack,
    inputsDigest: digestInputs(sides),
    findingsDigest: digestFindings(findings),
  };
}

const itemAccess: ReadingAccess<SideItem> = {
  identify: readingOf,
  isContradictory: (item) => readingOf(item).isContradictory,
  pathOf: (item) => item.path,
  isSameContent,
};

/** Where one identity has different bytes, on one side or across both, the content decides. */
function itemsToTellApart(sides: readonly (readonly SideItem[])[]): SideItem[] {
  const firsts = new Map<string, SideItem>();
  const items: SideItem[] = [];
  for (const side of sides) {
    for (const item of side) {
      const { identity } = readingOf(item);
      const first = firsts.get(identity);
      if (first === undefined) firsts.set(identity, item);
      else if (first.content !== item.content) items.push(first, item);
    }
  }
  return items;
}
