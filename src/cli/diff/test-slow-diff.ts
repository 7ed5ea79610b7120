import { readFileSync } from 'node:fs';
import type { ItemChange } from '../../core/candidate.ts';
import { compareInventories, identityKey } from '../../core/compare.ts';
import { compareText } from '../../core/compare-text.ts';
import { compilePlan } from '../../core/compiled-plan.ts';
import { contentHash } from '../../core/content-hash.ts';
import { coverageOf, joinCoverage } from '../../core/coverage.ts';
import { type DiffReport, digestFindings, summarise } from '../../core/diff-report.ts';
import { ENGINE_VERSION } from '../../core/engine-version.ts';
import { generateFindings } from '../../core/generate.ts';
import { groupByIdentity, joinAmbiguous } from '../../core/identity-groups.ts';
import type { ItemTypeRegistry } from '../../core/item-type-registry.ts';
import { builtInPlan } from '../../core/parse-plan.ts';
import { generatePlanHash } from '../../core/plan-hash.ts';
import { compareProblems, type Problem } from '../../core/problem.ts';
import { diffProperties } from '../../core/property-diff.ts';
import { createItemReader, type Item } from '../../core/read-item.ts';
import { OFFLINE_DIGEST_KEY } from '../../core/redact.ts';
import { sha256Hex, sha256Packed } from '../../core/sha256.ts';

/**
 * The oracle of the fast path: two NDJSON files compared the plain way. Every line is parsed, normalised and
 * kept in memory; nothing is known by its bytes.
 */
export async function diffSlowly(
  baselinePath: string,
  currentPath: string,
  registry: ItemTypeRegistry,
): Promise<DiffReport> {
  const reader = createItemReader({ registry, digestKey: OFFLINE_DIGEST_KEY, maxDepth: 512 });
  const sides = [baselinePath, currentPath].map((path) => readSide(path));
  const [baseline, current] = sides.map((side) => settle(side, sides)) as [Settled, Settled];
  const baselineGroups = groupByIdentity(baseline.items, access);
  const currentGroups = groupByIdentity(current.items, access);
  const baselineProblems = [...baseline.problems, ...repetitions(baselineGroups)];
  const currentProblems = [...current.problems, ...repetitions(currentGroups)];
  const coverages = [coverageOf(baselineProblems), coverageOf(currentProblems)] as const;
  const ambiguous = joinAmbiguous(baselineGroups.ambiguous, currentGroups.ambiguous);
  const comparison = compareInventories({
    baseline: baselineGroups.items,
    current: currentGroups.items,
    identify: access.identify,
    excluded: new Set(ambiguous.map(({ identity }) => identity)),
    baselineCoverage: coverages[0],
    currentCoverage: coverages[1],
    isSame: (a, b) => a.item.contentHash === b.item.contentHash,
  });
  const change = (kind: ItemChange['change'], before: Read | null, after: Read | null): ItemChange => {
    const { item, path } = (after ?? before) as Read;
    return {
      change: kind,
      type: item.type,
      externalId: item.externalId,
      label: item.label,
      path,
      beforeHash: before?.item.maskedHash ?? null,
      afterHash: after?.item.maskedHash ?? null,
      properties:
        before !== null && after !== null
          ? diffProperties(before.item.facts, after.item.facts, item.type)
          : [],
    };
  };
  const { findings, heldBack } = generateFindings(
    [
      ...comparison.added.map((item) => change('added', null, item)),
      ...comparison.removed.map((item) => change('removed', item, null)),
      ...comparison.changed.map(({ before, after }) => change('changed', before, after)),
    ],
    { plan: compilePlan(builtInPlan), scopeKey: 'offline' },
  );
  const problems = [...baselineProblems, ...currentProblems].sort(compareProblems);
  const itemTypes = [
    ...problems.flatMap(({ itemType }) => itemType ?? []),
    ...[...baseline.items, ...current.items].map(({ item }) => item.type.name),
  ];
  const named = ({ item }: Read) => ({
    itemType: item.type.name,
    externalId: item.externalId,
    label: item.label,
  });
  return {
    summary: summarise(comparison, {
      baselineItems: baselineGroups.items.size,
      currentItems: currentGroups.items.size,
      ambiguous: ambiguous.length,
    }),
    coverage: joinCoverage(itemTypes, ...coverages),
    problems,
    unprovenRemovals: comparison.unprovenRemovals.map(named),
    unprovenAdditions: comparison.unprovenAdditions.map(named),
    ambiguous,
    findings,
    heldBack,
    inputsDigest: contentHash({
      engine: ENGINE_VERSION,
      rules: registry.digest,
      plan: generatePlanHash(builtInPlan),
      baseline: sha256Hex(Buffer.from(sides[0]?.keys.sort().join('\n') ?? '', 'utf8')),
      current: sha256Hex(Buffer.from(sides[1]?.keys.sort().join('\n') ?? '', 'utf8')),
    }),
    findingsDigest: digestFindings(findings),
  };

  function readSide(path: string): ReadSide {
    const side: ReadSide = { path, keys: [], items: [], problems: [] };
    const lines = readFileSync(path, 'utf8').split('\n');
    if (lines.every((line) => line.trim() === '')) {
      side.problems.push({ code: 'empty_file', path, detail: 'it holds no JSON', itemType: null });
      return side;
    }
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '') continue;
      const bytes = Buffer.from(line.trim(), 'utf8');
      side.keys.push(sha256Packed(bytes));
      const at = `${path}:${index + 1}`;
      const item = reader.read({ bytes, start: 0, end: bytes.length, inherited: null });
      if (item.isRead) side.items.push({ item, path: at });
      for (const flaw of item.isRead ? item.flaws : [item.flaw]) side.problems.push({ ...flaw, path: at });
    }
    return side;
  }
}

interface Read {
  readonly item: Item;
  readonly path: string;
}

interface ReadSide {
  readonly path: string;
  readonly keys: string[];
  readonly items: Read[];
  readonly problems: Problem[];
}

interface Settled {
  readonly items: readonly Read[];
  readonly problems: readonly Problem[];
}

const access = {
  identify: ({ item }: Read) => ({
    identity: identityKey(item.type.name, item.externalId),
    itemType: item.type.name,
    externalId: item.externalId,
  }),
  isContradictory: ({ item }: Read) => item.isContradictory,
  pathOf: ({ path }: Read) => path,
  isSameContent: (a: Read, b: Read) => a.item.contentHash === b.item.contentHash,
};

/** The rules for guessed identities, one type after the other. */
function settle(side: ReadSide, sides: readonly ReadSide[]): Settled {
  const problems = [...side.problems];
  let items: Read[] = side.items;
  const typeNames = [...new Set(side.items.map(({ item }) => item.type.name))];
  for (const name of typeNames) {
    const isOfType = ({ item }: Read) => item.type.name === name;
    const isWeak = ({ item }: Read) => item.type.isWeakIdentity(item.identityPointer);
    const everywhere = sides.flatMap(({ items: all }) => all.filter(isOfType));
    const { type } = (side.items.find(isOfType) as Read).item;
    if (everywhere.some(isWeak) && !everywhere.every(isWeak)) {
      for (const { path } of side.items.filter((read) => isOfType(read) && isWeak(read))) {
        const detail = `no id at ${type.definition.identity.join(', ')}, where others of its type have one`;
        problems.push({ code: 'missing_identity', path, detail, itemType: name });
      }
      items = items.filter((read) => !(isOfType(read) && isWeak(read)));
    }
    const guesses = items.filter((read) => isOfType(read) && (type.definition.isFallback || isWeak(read)));
    if (guesses.length === 0) continue;
    const pointers = [...new Set(guesses.map(({ item }) => item.identityPointer))].sort(compareText);
    const from = pointers
      .map(
        (pointer) => `${pointer} (${guesses.filter(({ item }) => item.identityPointer === pointer).length})`,
      )
      .join(', ');
    const number = guesses.length === 1 ? '1 item' : `${guesses.length} items`;
    const add = (code: Problem['code'], detail: string) =>
      problems.push({ code, path: side.path, detail, itemType: name });
    if (!type.definition.isFallback) {
      add('identity_guessed', `${number} of ${name} without id, identified by ${from}`);
      continue;
    }
    const guess = type.definition.guessesIdentity ? `; identity guessed from ${from}` : '';
    add('unknown_item_type', `${number} of no known type, read as "${name}"${guess}`);
    const all = [...new Set(everywhere.map(({ item }) => item.identityPointer))].sort(compareText);
    if (type.definition.guessesIdentity && all.length > 1) {
      add(
        'mixed_identity',
        `items of "${name}" were identified by ${all.join(' and ')}: what is missing may only have lost one of them`,
      );
    }
  }
  return { items, problems };
}

function repetitions({ ambiguous, duplicates }: ReturnType<typeof groupByIdentity<Read>>): Problem[] {
  const describe = (code: Problem['code'], list: typeof ambiguous): Problem[] =>
    list
      .filter(({ paths }) => paths.length > 1)
      .map(({ itemType, externalId, paths }) => {
        const others = paths.length > 2 ? `${paths[1]} and ${paths.length - 2} more` : paths[1];
        return {
          code,
          path: paths[0] as string,
          detail: `${itemType} ${externalId} stands also in ${others}`,
          itemType,
        };
      });
  return [...describe('duplicate_item', duplicates), ...describe('conflicting_items', ambiguous)];
}
