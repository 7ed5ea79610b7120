import { canonicalJson } from './canonical-json.ts';
import type { JsonValue } from './json-value.ts';

/**
 * Which element of the one array became which of the other: indices into both, null where there is none.
 * Elements that are equal on both sides are left out.
 */
export interface AlignedPair {
  readonly before: number | null;
  readonly after: number | null;
}

/** Above this many cells of work, elements that are not equal are not matched up, only listed. */
const MAX_CELLS = 4_000_000;
const MAX_PAIRS = 250_000;

/** Aligns by key: the same key is the same element. Sorted by key. */
export function alignKeyed(
  before: readonly string[],
  after: readonly string[],
): { readonly key: string; readonly pair: AlignedPair }[] {
  const beforeByKey = new Map(before.map((key, index) => [key, index]));
  const afterByKey = new Map(after.map((key, index) => [key, index]));
  const keys = [...new Set([...before, ...after])].sort();
  return keys.map((key) => ({
    key,
    pair: { before: beforeByKey.get(key) ?? null, after: afterByKey.get(key) ?? null },
  }));
}

/**
 * Aligns sets whose elements have no key: equal ones first, then the most alike (at least half of what the
 * smaller one says), then the rest alone. Deterministic: ties go to the lower indices.
 */
export function alignUnordered(before: readonly JsonValue[], after: readonly JsonValue[]): AlignedPair[] {
  const afterTexts = new Map(after.map((value, index) => [canonicalJson(value), index]));
  const leftBefore: number[] = [];
  const matched = new Set<number>();
  for (const [index, value] of before.entries()) {
    const same = afterTexts.get(canonicalJson(value));
    if (same === undefined) leftBefore.push(index);
    else matched.add(same);
  }
  const leftAfter = [...after.keys()].filter((index) => !matched.has(index));
  const pairs = pairAlike(
    leftBefore.map((index) => ({ index, leaves: leavesOf(before[index] as JsonValue) })),
    leftAfter.map((index) => ({ index, leaves: leavesOf(after[index] as JsonValue) })),
  );
  const pairedBefore = new Set(pairs.map((pair) => pair.before));
  const pairedAfter = new Set(pairs.map((pair) => pair.after));
  return [
    ...pairs.sort((a, b) => (a.before ?? 0) - (b.before ?? 0)),
    ...leftBefore
      .filter((index) => !pairedBefore.has(index))
      .map((index) => ({ before: index, after: null })),
    ...leftAfter.filter((index) => !pairedAfter.has(index)).map((index) => ({ before: null, after: index })),
  ];
}

interface Candidate {
  readonly index: number;
  readonly leaves: ReadonlySet<string>;
}

function pairAlike(before: readonly Candidate[], after: readonly Candidate[]): AlignedPair[] {
  if (before.length === 1 && after.length === 1) {
    return [{ before: (before[0] as Candidate).index, after: (after[0] as Candidate).index }];
  }
  const work = before.reduce((sum, one) => sum + one.leaves.size, 0) * after.length;
  if (work > MAX_CELLS || before.length * after.length > MAX_PAIRS) return [];
  const scored = before.flatMap((one) =>
    after.map((other) => ({ one, other, share: sharedLeaves(one.leaves, other.leaves) })),
  );
  const alike = scored
    .filter(({ one, other, share }) => share > 0 && share * 2 >= Math.min(one.leaves.size, other.leaves.size))
    .sort((a, b) => b.share - a.share || a.one.index - b.one.index || a.other.index - b.other.index);
  const taken = { before: new Set<number>(), after: new Set<number>() };
  const pairs: AlignedPair[] = [];
  for (const { one, other } of alike) {
    if (taken.before.has(one.index) || taken.after.has(other.index)) continue;
    taken.before.add(one.index);
    taken.after.add(other.index);
    pairs.push({ before: one.index, after: other.index });
  }
  return pairs;
}

function sharedLeaves(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let count = 0;
  for (const leaf of one) if (other.has(leaf)) count++;
  return count;
}

/** What a value says: each scalar in it with the names that lead to it. */
function leavesOf(value: JsonValue, path = '', into = new Set<string>()): Set<string> {
  if (value === null || typeof value !== 'object') into.add(`${path}=${canonicalJson(value)}`);
  else if (Array.isArray(value)) for (const element of value) leavesOf(element, `${path}/*`, into);
  else for (const name of Object.keys(value)) leavesOf(value[name] as JsonValue, `${path}/${name}`, into);
  return into;
}

/**
 * Aligns lists by a longest common subsequence, so that an insertion is one addition and moves nothing.
 * Between two equal elements, what was there and what is there now are paired in order.
 */
export function alignOrdered(before: readonly JsonValue[], after: readonly JsonValue[]): AlignedPair[] {
  const one = before.map(canonicalJson);
  const other = after.map(canonicalJson);
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start++;
  let oneEnd = one.length;
  let otherEnd = other.length;
  while (oneEnd > start && otherEnd > start && one[oneEnd - 1] === other[otherEnd - 1]) {
    oneEnd--;
    otherEnd--;
  }
  const anchors = commonSubsequence(one.slice(start, oneEnd), other.slice(start, otherEnd));
  const pairs: AlignedPair[] = [];
  let oneAt = start;
  let otherAt = start;
  for (const anchor of [...anchors, { one: oneEnd - start, other: otherEnd - start }]) {
    const oneGapEnd = start + anchor.one;
    const otherGapEnd = start + anchor.other;
    while (oneAt < oneGapEnd || otherAt < otherGapEnd) {
      pairs.push({
        before: oneAt < oneGapEnd ? oneAt++ : null,
        after: otherAt < otherGapEnd ? otherAt++ : null,
      });
    }
    oneAt = oneGapEnd + 1;
    otherAt = otherGapEnd + 1;
  }
  return pairs;
}

/** Indices of a longest common subsequence, ascending; none where finding it would be too much work. */
function commonSubsequence(
  one: readonly string[],
  other: readonly string[],
): { one: number; other: number }[] {
  const width = other.length + 1;
  if (one.length * width > MAX_CELLS) return [];
  // lengths[i * width + j]: length of the longest common subsequence of one[i…] and other[j…]
  const lengths = new Uint32Array((one.length + 1) * width);
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      const below = (i + 1) * width + j;
      lengths[i * width + j] =
        one[i] === other[j]
          ? (lengths[below + 1] as number) + 1
          : Math.max(lengths[below] as number, lengths[i * width + j + 1] as number);
    }
  }
  const anchors: { one: number; other: number }[] = [];
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    if (one[i] === other[j]) anchors.push({ one: i++, other: j++ });
    else if ((lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number)) i++;
    else j++;
  }
  return anchors;
}
