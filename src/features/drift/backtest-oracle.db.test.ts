// A backtest beside the slow way: every execution generated for itself under both plans, findings compared by fingerprint.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compilePlan } from '../../core/compiled-plan.ts';
import type { Finding, HeldCandidate } from '../../core/generate.ts';
import type { KnownFinding } from '../../core/known-finding.ts';
import { parsePlan } from '../../core/parse-plan.ts';
import type { PlanDocumentInput } from '../../core/plan-schema.ts';
import { applyReconcileAction, openedFinding } from '../../core/reconcile-action.ts';
import { type ReconcileContext, reconcileSubject } from '../../core/reconcile-subject.ts';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import type { SubjectNow } from '../findings/generated-finding.ts';
import { RulesByDigest } from '../inventory/rules-read-model.ts';
import { createDriftPlan, updateDriftPlan } from '../plans/plan-service.ts';
import { setBaseline } from './baseline-service.ts';
import { generateDriftParts } from './drift-generator.ts';
import { subjectsOfPart } from './drift-subjects.ts';
import { DriftTally } from './drift-tally.ts';
import { findPlanInForce, type PlanInForce } from './resolve-plan.ts';
import { loadRunPair } from './run-pair.ts';
import { openHistory, type Tried, tryPlan } from './test-backtest.ts';
import { executionsOf, generate } from './test-drift.ts';
import { TestHistory, type TestItems } from './test-history.ts';

let testDatabase: TestDatabase;
let database: Database;
let histories: TestHistory[];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
  histories = await makeHistories();
});

afterAll(async () => {
  await database?.close();
  await testDatabase?.drop();
});

/** Rolling and pinned pairs, new rules, ambiguous and unproven items, under several versions of a plan. */
async function makeHistories(): Promise<TestHistory[]> {
  const first = await openHistory(database, [
    { a: { x: 1, assignments: ['g1'] }, b: { secure: true, note: 1 }, c: { x: 1 }, 'policy-7': { x: 1 } },
    { a: { x: 2, assignments: ['g2'] }, b: { secure: false, note: 1 }, d: { x: 1 } },
  ]);
  const { planId } = await first.asApp((tx) =>
    createDriftPlan(tx, {
      document: {
        name: 'p',
        status: 'active',
        scopeType: 'workspace',
        noiseControls: { ignorePaths: ['/note'] },
      },
    }),
  );
  await first.run({ a: { x: 2, assignments: ['g3', 'g4'] }, b: { secure: false, note: 2 } });
  await generate(first, 3);
  await first.run({ a: { x: 2, noise: 1 }, b: { secure: true, note: 3 }, e: { x: 5 } }, { ambiguous: ['e'] });
  await generate(first, 4);
  await first.asApp((tx) =>
    updateDriftPlan(tx, planId, {
      document: {
        name: 'p',
        status: 'active',
        scopeType: 'workspace',
        thresholds: { notify: 0.6 },
        eligibility: { minSeverity: 'sev2' },
      },
      revision: null,
    }),
  );
  await first.run({ a: { x: 3, noise: 2 }, b: { secure: false, note: 3 }, e: { x: 6 } }, { rules: 'second' });
  await generate(first, 5);
  await first.asApp((tx) =>
    setBaseline(tx, first.scopeId, { mode: 'pinned', runId: first.runs[1]?.runId as string }),
  );
  await first.run({ a: { x: 4 }, b: { secure: true }, f: { x: 1 } }, { rules: 'second' });
  await generate(first, 6);
  const second = await TestHistory.open(database, first.workspaceId);
  for (const x of [1, 2]) await second.run({ a: { x } }, { isComplete: false });
  await second.run({ a: { x: 2 }, b: { x: 1 } });
  for (const runSeq of [2, 3]) await generate(second, runSeq);
  return [first, second].sort((one, other) => (one.scopeId < other.scopeId ? -1 : 1));
}

const share = fc.constantFrom(0, 0.2, 0.25, 0.4, 0.45, 0.5, 0.6, 0.7, 0.9, 1);
const some = <Fields extends object>(fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) =>
  fc.record(fields, { requiredKeys: [] });

const least = { name: 'tried', scopeType: 'workspace' } as const;

/** Plans whose rules match what drifts. */
const anyTried: fc.Arbitrary<PlanDocumentInput> = fc
  .tuple(
    fc.tuple(share, share, share),
    some({
      driftTypes: fc.subarray(['configuration', 'assignment', 'presence'] as const, { minLength: 1 }),
      inputSources: fc.constantFrom<('push' | 'git')[]>(['push'], ['git']),
      eligibility: some({
        minSeverity: fc.constantFrom('sev1', 'sev2', 'sev3', 'sev4'),
        when: fc.constantFrom('severity != "sev3"', 'score > 0.45', 'changes[1].op == "add"'),
      }),
      impactRules: some({
        baseImpact: share,
        multipliers: fc.subarray([
          { name: 'who', factor: 1.6, when: 'driftType == "assignment"' },
          { name: 'gone', factor: 0.4, when: 'change == "removed"' },
          { name: 'secure', factor: 0.5, when: 'paths.exists(p, p == "/secure")' },
        ]),
      }),
      noiseControls: some({
        ignorePaths: fc.subarray(['/x', '/note', '/secure', '/assignments/**']),
        ignorePatterns: fc.subarray(['policy-*', 'c', '[redacted]']),
        ignoreAuthors: fc.subarray(['test']),
        ignoreChanges: fc.subarray([
          { path: '', when: 'change == "added"' },
          { path: '/x', when: 'after == 2' },
        ]),
      }),
    }),
  )
  .map(([thresholds, config]) => {
    const [ignore, digestOnly, notify] = [...thresholds].sort((a, b) => a - b) as [number, number, number];
    return { ...least, thresholds: { ignore, digestOnly, notify }, ...config };
  });

interface Slow {
  readonly rows: unknown[];
  readonly counts: Record<string, number>;
}

/** What became of the findings of a scope under one plan, kept as a store would: every one of them, and looked at anew. */
class SlowStore {
  readonly #bySubject = new Map<string, KnownFinding[]>();

  /** What the drift of a subject opens, or why it opens nothing; null where none was generated. */
  note(subject: SubjectNow, context: Pick<ReconcileContext, 'mode' | 'runSeq'>): string | null {
    const { generated, subjectKey } = subject;
    let findings = this.#bySubject.get(subjectKey) ?? [];
    let outcome = generated === null ? null : 'known';
    const actions = reconcileSubject(
      { ...subject, findings, acceptances: [] },
      { ...context, now: '2026-01-01T00:00:00.000Z' },
    );
    for (const action of actions) {
      if (action.kind === 'open' && generated !== null) {
        const id = `${subjectKey} ${findings.length}`;
        findings = [...findings, openedFinding({ id, generated, runSeq: context.runSeq })];
        outcome = 'opens';
      }
      if (action.kind === 'record') outcome = action.because;
      findings = findings.map((finding) => applyReconcileAction(finding, action, context.runSeq));
    }
    this.#bySubject.set(subjectKey, findings);
    return outcome;
  }
}

/** One execution after the other, twice each. */
async function slowly(tried: PlanInForce): Promise<Slow> {
  const rows: unknown[] = [];
  const counts = {
    findingsBefore: 0,
    findingsAfter: 0,
    nothingNewBefore: 0,
    nothingNewAfter: 0,
    candidates: 0,
    unchanged: 0,
    heldBefore: 0,
    heldAfter: 0,
  };
  for (const history of histories) {
    const stores = [new SlowStore(), new SlowStore()];
    for (const execution of await executionsOf(history)) {
      const [before, after] = await history.asApp(async (tx) => {
        const used = (await findPlanInForce(tx, execution.planVersionHash ?? '')) as PlanInForce;
        const generated = [];
        for (const [index, { plan }] of [used, tried].entries()) {
          const pair = await loadRunPair(tx, execution);
          const rules = new RulesByDigest();
          const context = { mode: execution.baselineMode, runSeq: pair.current.runSeq };
          const findings: Finding[] = [];
          const held: HeldCandidate[] = [];
          const outcomes = new Map<string, string | null>();
          for await (const parts of generateDriftParts(tx, { pair, plan, rules, tally: new DriftTally() })) {
            for (const part of parts) {
              for (const subject of subjectsOfPart(part, pair, { rules, plan: plan.content })) {
                const outcome = (stores[index] as SlowStore).note(subject, context);
                if (subject.generated !== null) outcomes.set(subject.generated.fingerprint, outcome);
              }
              if (part.kind !== 'drifted') continue;
              findings.push(...part.findings);
              held.push(...part.held);
            }
          }
          const outcomeOf = ({ fingerprint }: Finding) => outcomes.get(fingerprint) ?? null;
          const opened = findings.filter((finding) => outcomeOf(finding) === 'opens');
          const quiet = findings.filter((finding) => outcomeOf(finding) !== 'opens');
          generated.push({ opened, quiet, held, outcomeOf });
        }
        return generated as [(typeof generated)[0], (typeof generated)[0]];
      });
      counts.findingsBefore += before.opened.length;
      counts.findingsAfter += after.opened.length;
      counts.nothingNewBefore += before.quiet.length;
      counts.nothingNewAfter += after.quiet.length;
      counts.heldBefore += before.held.length;
      counts.heldAfter += after.held.length;
      const subjects = [...before.opened, ...before.quiet, ...before.held].map(nameOf).sort();
      expect([...after.opened, ...after.quiet, ...after.held].map(nameOf).sort()).toEqual(subjects);
      counts.candidates += subjects.length;
      for (const subject of subjects) {
        const [one, other] = [before, after].map(({ opened }) =>
          opened.find((each) => nameOf(each) === subject),
        );
        const effects =
          one === undefined || other === undefined
            ? [...(one === other ? [] : [one === undefined ? 'appears' : 'disappears'])]
            : [
                ...(one.severity === other.severity ? [] : ['changes_severity']),
                ...(one.route === other.route ? [] : ['changes_route']),
              ];
        if (effects.length === 0) {
          if (one !== undefined) counts.unchanged++;
          continue;
        }
        if (one !== undefined && other !== undefined) expect(one.fingerprint).toBe(other.fingerprint);
        const without = one === undefined ? before : after;
        const quiet = without.quiet.find((each) => nameOf(each) === subject);
        const reasons = without.held.find((each) => nameOf(each) === subject)?.reasons ?? [];
        const { fingerprint, driftType, change, itemType, externalId, label } = (one ?? other) as Finding;
        const side = (finding: Finding | undefined) =>
          finding === undefined
            ? null
            : { severity: finding.severity, route: finding.route, score: finding.score };
        rows.push({
          effects,
          scopeId: execution.scopeId,
          executionId: execution.executionId,
          fingerprint,
          driftType,
          change,
          itemType,
          externalId,
          label,
          before: side(one),
          after: side(other),
          absence:
            one !== undefined && other !== undefined
              ? null
              : quiet === undefined
                ? 'held_back'
                : without.outcomeOf(quiet),
          reasons,
          reasonCount: reasons.length,
        });
      }
    }
  }
  return { rows, counts };
}

function nameOf({
  itemType,
  externalId,
  driftType,
}: Pick<Finding, 'itemType' | 'externalId' | 'driftType'>): string {
  return [itemType, externalId, driftType].join('\u0000');
}

function countsOf({ summary }: Tried): Record<string, number> {
  if (summary === null) throw new Error('it has no result');
  const { findingsBefore, findingsAfter, nothingNewBefore, nothingNewAfter, candidates, unchanged } = summary;
  const { before, after } = summary.heldBack;
  return {
    findingsBefore,
    findingsAfter,
    nothingNewBefore,
    nothingNewAfter,
    candidates,
    unchanged,
    heldBefore: before.candidates,
    heldAfter: after.candidates,
  };
}

test('whatever plan is tried, it finds what generating each execution under both plans finds', async () => {
  const [history] = histories as [TestHistory];
  const scopeIds = histories.map(({ scopeId }) => scopeId);
  const absences = new Set<string | null>();
  await fc.assert(
    fc.asyncProperty(anyTried, async (document) => {
      const parsed = parsePlan(document);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.details));
      const plan = compilePlan(parsed.plan);

      const tried = await tryPlan(history, { document }, { scopeIds });
      const slow = await slowly({ plan, planVersionHash: tried.planVersionHash });

      expect(tried.changes.map(({ ordinal: _, ...change }) => change)).toEqual(slow.rows);
      expect(countsOf(tried)).toEqual(slow.counts);
      for (const { absence } of tried.changes) absences.add(absence);
    }),
    // An item that came and went: that it went takes back what only the plans of then have found.
    {
      numRuns: 40,
      examples: [[{ ...least, noiseControls: { ignoreChanges: [{ path: '', when: 'change == "added"' }] } }]],
    },
  );
  expect(absences).toContain('way_back');
});

test('the history has what could be told in another way', async () => {
  const executions = (await Promise.all(histories.map(executionsOf))).flat();
  const { counts } = await slowly(await asBuiltIn());

  expect(new Set(executions.map(({ planVersionHash }) => planVersionHash)).size).toBe(3);
  expect(new Set(executions.map(({ baselineMode }) => baselineMode))).toEqual(new Set(['rolling', 'pinned']));
  expect(executions.some(({ counts: { ambiguous } }) => ambiguous === 1)).toBe(true);
  expect(executions.some(({ unproven }) => unproven.additions.count > 0)).toBe(true);
  expect(counts.heldBefore).toBeGreaterThan(2);
  expect(counts.candidates).toBeGreaterThan(15);
});

const anyItem = fc.record(
  {
    x: fc.constantFrom(1, 2, 3),
    // A change of one property is the same drift whatever the others are.
    y: fc.constantFrom(1, 2),
    noise: fc.constantFrom(1, 2),
    assignments: fc.constantFrom(['g1'], ['g2']),
  },
  { requiredKeys: ['x'] },
);

const anyHistory = fc.record({
  states: fc.array(fc.dictionary(fc.constantFrom('a', 'b'), anyItem, { maxKeys: 2 }), {
    minLength: 3,
    maxLength: 8,
  }),
  /** Runs after which nothing changes for ten more. */
  restAfter: fc.constantFrom(null, null, 2, 4),
  /** The run from which on `/noise` is volatile. */
  newRulesFrom: fc.constantFrom(null, 3, 5),
  isHeldBack: fc.boolean(),
});

test('of the plans of then it finds what is stored, whatever happened', async () => {
  let waysBack = 0;
  await fc.assert(
    fc.asyncProperty(anyHistory, async ({ states, restAfter, newRulesFrom, isHeldBack }) => {
      const history = await TestHistory.open(database);
      const ignoreChanges = [{ path: '/x', when: 'after == 3' }];
      if (isHeldBack) {
        const document = {
          name: 'then',
          scopeType: 'workspace',
          status: 'active',
          noiseControls: { ignoreChanges },
        };
        await history.asApp((tx) => createDriftPlan(tx, { document }));
      }
      for (const [index, state] of states.entries()) {
        for (let times = index + 1 === restAfter ? 11 : 1; times > 0; times--) {
          const isNew = newRulesFrom !== null && index + 1 >= newRulesFrom;
          const { runSeq } = await history.run(state as unknown as TestItems, {
            rules: isNew ? 'second' : 'first',
          });
          if (runSeq > 1) await generate(history, runSeq);
        }
      }

      const { summary, changes } = await tryPlan(history, {
        document: { name: 'tried', scopeType: 'workspace', noiseControls: { ignorePatterns: ['*'] } },
      });

      const stored = await history.asApp(({ client }) =>
        client.query<{ fingerprint: string }>(
          'select fingerprint from driftplane.findings where scope_id = $1 order by fingerprint collate "C"',
          [history.scopeId],
        ),
      );
      expect(changes.map(({ fingerprint }) => fingerprint).sort()).toEqual(
        stored.rows.map(({ fingerprint }) => fingerprint),
      );
      expect(summary).toMatchObject({
        findingsBefore: stored.rowCount,
        findingsAfter: 0,
        nothingNewAfter: 0,
      });
      waysBack += summary?.nothingNewBefore ?? 0;
    }),
    { numRuns: 40 },
  );
  expect(waysBack).toBeGreaterThan(10);
});

async function asBuiltIn(): Promise<PlanInForce> {
  const parsed = parsePlan({ name: 'any', scopeType: 'workspace' });
  if (!parsed.ok) throw new Error('it is valid');
  return { plan: compilePlan(parsed.plan), planVersionHash: '' };
}
