import { createHash, randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPushedBody } from '../../connectors/push/pushed-records.ts';
import type { ItemTypeRegistry } from '../../core/item-type-registry.ts';
import { systemActor } from '../../db/workspace-transaction.ts';
import type { Source } from '../sources/source.ts';
import { LiveIndexCache } from './ingest/live-index-cache.ts';
import { closePush, openPush, receivePart } from './push-service.ts';
import { confirmRun } from './settle-run.ts';
import { syncFiles } from './sync-files.ts';
import type { SyncRun } from './sync-run.ts';
import { getRun } from './sync-run-read-model.ts';
import { cancelRun, rejectRun, type SyncContext, startSync } from './sync-run-service.ts';
import {
  MODEL_SAFEGUARD,
  type ModelObject,
  type ModelOutcome,
  type ModelRegistry,
  ModelScope,
  modelRules,
} from './test-ingest-model.ts';
import { createSyncBench, linesOf, registryOf, type SyncBench } from './test-sync.ts';

let bench: SyncBench;
let other: SyncBench;
beforeAll(async () => {
  [bench, other] = await Promise.all([createSyncBench(), createSyncBench()]);
});
afterAll(() => Promise.all([bench.close(), other.close()]));

function registryWith(rules: { readonly [kind: string]: readonly string[] }): ItemTypeRegistry {
  return registryOf(
    Object.entries(rules).map(([kind, volatile]) => ({
      itemType: kind,
      match: [{ path: '/kind', is: [kind] }],
      identity: ['/id'],
      volatile: volatile.map((name) => `/${name}`),
    })),
  );
}

/** How many histories are tried; each takes some third of a second. */
const NUM_HISTORIES = { plain: 40, strange: 20 };

const registries = Object.fromEntries(
  Object.entries(modelRules).map(([name, rules]) => [name, registryWith(rules)]),
) as Record<ModelRegistry, ItemTypeRegistry>;

/** One thing that is done to a scope. */
interface Action<Registry extends string = ModelRegistry> {
  readonly registry: Registry;
  readonly objects: readonly object[];
  readonly isBroken: boolean;
  readonly enumerated: readonly string[];
  readonly parts: number;
  readonly isCancelled: boolean;
  /** What a person does if the run is held; the registry is that of the process that they reach. */
  readonly ifHeld: { readonly decision: 'confirm' | 'reject' | 'leave'; readonly registry: Registry };
  /** The process knows nothing of earlier runs. */
  readonly isFresh: boolean;
}

type Target =
  | { readonly kind: 'files'; readonly files: { source: Source; path: string } }
  | { readonly kind: 'push'; readonly source: Source };

async function createTarget(on: SyncBench, kind: 'files' | 'push'): Promise<Target> {
  const options = { minRemovedItems: MODEL_SAFEGUARD.minItems };
  return kind === 'files'
    ? { kind, files: await on.createFiles(options) }
    : { kind, source: await on.createPush(options) };
}

/** Does an action for real, up to where a person would decide. */
async function perform<Registry extends string>(
  on: SyncBench,
  target: Target,
  action: Action<Registry>,
  byName: Record<Registry, ItemTypeRegistry>,
): Promise<SyncRun> {
  const context = contextOf(on, byName[action.registry], action.isFresh);
  const { workspaceId } = on;
  if (target.kind === 'files') {
    const { source, path } = target.files;
    writeFileSync(path, linesOf(action.objects) + (action.isBroken ? '{"broken":\n' : ''));
    const { runId } = await on.inWorkspace((tx) => startSync(tx, source, 'manual'));
    if (action.isCancelled) await on.inWorkspace((tx) => cancelRun(tx, runId));
    const { signal } = new AbortController();
    await syncFiles(context, { workspaceId, runId, holderKey: randomInt(2 ** 40), signal });
    return on.inWorkspace((tx) => getRun(tx, runId));
  }
  const { runId } = await on.inWorkspace((tx) => openPush(tx, target.source));
  const { parts, objects } = action;
  const size = Math.ceil(objects.length / parts);
  for (let partNo = 1; partNo <= parts; partNo++) {
    const lines = linesOf(objects.slice((partNo - 1) * size, partNo * size));
    const body = readPushedBody(Readable.from([Buffer.from(lines)]), { isGzip: false, maxBytes: 2 ** 20 });
    await receivePart(context, { workspaceId, actor: systemActor, runId, partNo, body });
  }
  if (action.isCancelled) return on.inWorkspace((tx) => cancelRun(tx, runId));
  return closePush(context, {
    workspaceId,
    actor: systemActor,
    runId,
    parts,
    completeTypes: action.enumerated,
  });
}

/** Lets a person decide on a held run. */
async function decide<Registry extends string>(
  on: SyncBench,
  held: SyncRun,
  { decision, registry }: Action<Registry>['ifHeld'],
  byName: Record<Registry, ItemTypeRegistry>,
): Promise<SyncRun> {
  const { runId } = held;
  if (decision === 'reject') return on.inWorkspace((tx) => rejectRun(tx, runId));
  if (decision === 'leave') return held;
  const context = contextOf(on, byName[registry], false);
  return confirmRun(context, { workspaceId: on.workspaceId, actor: systemActor, runId });
}

function contextOf(on: SyncBench, registry: ItemTypeRegistry, isFresh: boolean): SyncContext {
  return { ...on.context, registry, ...(isFresh ? { indexes: new LiveIndexCache() } : {}) };
}

/** What is stored of a scope, as texts, without ids that differ between workspaces. */
async function storedIntervals(on: SyncBench, scopeId: string): Promise<string[]> {
  const intervals = await on.intervals(scopeId);
  return intervals.map(({ itemType, externalId, facts, from, to, openedBy, closedBy }) =>
    intervalText({ itemType, externalId, facts: JSON.stringify(facts), from, to, openedBy, closedBy }),
  );
}

function intervalText(interval: {
  itemType: string;
  externalId: string;
  facts: string;
  from: number;
  to: number | null;
  openedBy: string;
  closedBy: string | null;
}): string {
  const { itemType, externalId, facts, from, to, openedBy, closedBy } = interval;
  return `${itemType} ${externalId} ${openedBy}@${from} ${closedBy ?? 'live'}@${to ?? ''} ${facts}`;
}

/** What must be true of the intervals of a scope whatever happened to it. Gives the scope's content digest. */
async function checkIntervals(on: SyncBench, scopeId: string): Promise<string> {
  return on.inWorkspace(async (tx) => {
    const values = [tx.workspaceId, scopeId];
    const overlaps = await tx.client.query(
      `select a.external_id from driftplane.item_versions a join driftplane.item_versions b
         on b.workspace_id = $1 and b.scope_id = $2 and b.identity_hash = a.identity_hash
         and b.version_id > a.version_id and b.from_seq < coalesce(a.to_seq, 1000000)
         and a.from_seq < coalesce(b.to_seq, 1000000)
       where a.workspace_id = $1 and a.scope_id = $2`,
      values,
    );
    expect(overlaps.rows).toEqual([]);
    const strays = await tx.client.query(
      `select v.external_id, v.from_seq, v.to_seq, v.opened_by, v.closed_by from driftplane.item_versions v
       where v.workspace_id = $1 and v.scope_id = $2 and (
         not exists (select from driftplane.sync_runs r where r.workspace_id = $1 and r.scope_id = $2
           and v.from_seq = case v.opened_by when 'observed' then r.seq else nullif(r.end_seq, r.seq) end)
         or v.to_seq is not null and not exists (
           select from driftplane.sync_runs r where r.workspace_id = $1 and r.scope_id = $2
           and v.to_seq = case v.closed_by when 'observed' then r.seq else nullif(r.end_seq, r.seq) end)
       )`,
      values,
    );
    expect(strays.rows).toEqual([]);
    const live = await tx.client.query<{ identity_hash: Buffer; content_hash: Buffer; facts: string }>(
      `select identity_hash, content_hash, facts from driftplane.item_versions
       where workspace_id = $1 and scope_id = $2 and to_seq is null`,
      values,
    );
    let sum = 0n;
    for (const { identity_hash, content_hash, facts } of live.rows) {
      expect(content_hash.toString('hex')).toBe(createHash('sha256').update(facts).digest('hex'));
      const hash = createHash('sha256')
        .update(Buffer.concat([identity_hash, content_hash]))
        .digest('hex');
      sum = (sum + BigInt(`0x${hash}`)) % 2n ** 256n;
    }
    const scope = await tx.client.query(
      'select item_count, content_digest from driftplane.scopes where workspace_id = $1 and scope_id = $2',
      values,
    );
    expect(scope.rows).toEqual([
      { item_count: live.rows.length, content_digest: sum.toString(16).padStart(64, '0') },
    ]);
    return scope.rows[0].content_digest;
  });
}

async function completeSince(on: SyncBench, scopeId: string): Promise<Map<string, number | null>> {
  return on.inWorkspace(async (tx) => {
    const { rows } = await tx.client.query(
      'select item_type, complete_since_seq from driftplane.scope_types where workspace_id = $1 and scope_id = $2',
      [tx.workspaceId, scopeId],
    );
    return new Map(rows.map((row) => [row.item_type, row.complete_since_seq]));
  });
}

function expectOutcome(run: SyncRun, expected: ModelOutcome): void {
  const names = (items: readonly { itemType: string; externalId: string }[]): string[] =>
    items.map(({ itemType, externalId }) => `${itemType} ${externalId}`);
  expect({
    status: run.status,
    added: run.counts.added,
    changed: run.counts.changed,
    removed: run.counts.removed,
    renormalised: run.counts.renormalised,
    items: run.counts.items,
    ambiguous: names(run.ambiguous),
    unprovenRemovals: names(run.unprovenRemovals),
    held: (run.hold?.types ?? []).map(({ itemType }) => itemType),
  }).toEqual({
    status: expected.status,
    added: expected.added.length,
    changed: expected.changed.length,
    removed: expected.removed.length,
    renormalised: expected.renormalised.length,
    items: expected.items,
    ambiguous: expected.ambiguous.toSorted(),
    unprovenRemovals: expected.unprovenRemovals.toSorted(),
    held: expected.held.toSorted(),
  });
}

const looks = fc.record({
  colour: fc.constantFrom('red', 'blue'),
  size: fc.constantFrom(1, 2),
  seenAt: fc.constantFrom(1, 2),
});

/** One identity in an export: most often once, sometimes not at all, or twice. */
const standing = (kind: 'box' | 'crate', id: string): fc.Arbitrary<ModelObject[]> =>
  fc
    .oneof(
      { weight: 8, arbitrary: fc.tuple(looks) },
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.tuple(looks, looks) },
    )
    .map((copies) => copies.map((look) => ({ kind, id, ...look })));

const exported: fc.Arbitrary<ModelObject[]> = fc
  .tuple(
    fc.tuple(standing('box', 'a'), standing('box', 'b'), standing('box', 'c')),
    fc.tuple(standing('crate', 'a'), standing('crate', 'd')),
    fc.boolean(),
  )
  .map(([boxes, crates, isBackwards]) => {
    const objects = [...boxes.flat(), ...crates.flat()];
    return isBackwards ? objects.reverse() : objects;
  });

const anyAction = <Registry extends string, Content extends object>(
  objects: fc.Arbitrary<Content[]>,
  registry: fc.Arbitrary<Registry>,
): fc.Arbitrary<Action<Registry> & { readonly objects: readonly Content[] }> =>
  fc.record({
    registry,
    objects,
    isBroken: fc.integer({ min: 0, max: 3 }).map((dice) => dice === 0),
    enumerated: fc.constantFrom(['*'], ['*'], ['box'], ['box', 'crate', 'json'], ['crate'], []),
    parts: fc.integer({ min: 1, max: 2 }),
    isCancelled: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
    ifHeld: fc.record({
      decision: fc.constantFrom('confirm' as const, 'reject' as const, 'leave' as const),
      registry,
    }),
    isFresh: fc.boolean(),
  });

describe('a scope after any sequence of runs', () => {
  test('holds what a naive reading of the rules says, in every workspace alike', async () => {
    const registry = fc.constantFrom<ModelRegistry>('plain', 'plain', 'colourless', 'boxless');
    const history = fc.array(anyAction(exported, registry), { minLength: 1, maxLength: 5, size: 'max' });

    await fc.assert(
      fc.asyncProperty(fc.constantFrom('files', 'push'), history, async (kind, actions) => {
        const model = new ModelScope();
        const [target, twin] = [await createTarget(bench, kind), await createTarget(other, kind)];
        const scopeIds = { mine: '', twins: '' };
        for (const action of actions) {
          const [run, twinRun] = await Promise.all([
            perform(bench, target, action, registries),
            perform(other, twin, action, registries),
          ]);
          scopeIds.mine = run.scopeId;
          scopeIds.twins = twinRun.scopeId;
          if (action.isCancelled) {
            expect(run.status).toBe('cancelled');
          } else {
            const { objects, isBroken, enumerated } = action;
            const input = {
              registry: action.registry,
              objects,
              // A file without any JSON is a fault, too: nobody knows what it should have held.
              isBroken: kind === 'files' && (isBroken || objects.length === 0),
              enumerated: kind === 'files' ? null : enumerated,
            };
            const expected = model.apply(input);
            expectOutcome(run, expected);
            if (expected.status === 'held') {
              const [decided] = await Promise.all([
                decide(bench, run, action.ifHeld, registries),
                decide(other, twinRun, action.ifHeld, registries),
              ]);
              if (action.ifHeld.decision === 'confirm')
                expectOutcome(
                  { ...decided, hold: run.hold },
                  { ...model.apply(input, true), held: expected.held },
                );
            }
          }
          const stored = await storedIntervals(bench, run.scopeId);
          expect(stored.toSorted()).toEqual(model.intervals.map(intervalText).toSorted());
          expect(await completeSince(bench, run.scopeId)).toEqual(model.completeSince);
          await checkIntervals(bench, run.scopeId);
        }
        const stored = await storedIntervals(bench, scopeIds.mine);
        expect(await storedIntervals(other, scopeIds.twins)).toEqual(stored);
        expect(await checkIntervals(other, scopeIds.twins)).toBe(await checkIntervals(bench, scopeIds.mine));
      }),
      { numRuns: NUM_HISTORIES.plain },
    );
  });

  test('keeps whole intervals where one object may be any of several items', async () => {
    const kinds = {
      both: registryWith({ box: ['seenAt'], crate: ['seenAt'] }),
      boxOnly: registryWith({ box: ['seenAt', 'colour'] }),
      crateOnly: registryWith({ crate: ['size', 'kind'] }),
      neither: registryWith({ drum: [] }),
      byColour: registryOf([
        { itemType: 'box', match: [{ path: '/colour', is: ['red'] }], identity: ['/size', '/id'] },
        { itemType: 'crate', match: [{ path: '/kind', is: ['*'] }], identity: ['/id'], volatile: ['/size'] },
      ]),
    };
    const registry = fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[]));
    const object = fc.record({
      kind: fc.constantFrom('box', 'crate', 'drum'),
      id: fc.constantFrom('a', 'b', '1'),
      colour: fc.constantFrom('red', 'blue'),
      size: fc.constantFrom(1, 2),
    });
    const history = fc.array(anyAction(fc.array(object, { maxLength: 5 }), registry), {
      minLength: 2,
      maxLength: 5,
      size: 'max',
    });

    await fc.assert(
      fc.asyncProperty(fc.constantFrom('files', 'push'), history, async (kind, actions) => {
        const target = await createTarget(bench, kind);
        for (const action of actions) {
          const run = await perform(bench, target, action, kinds);
          expect(run.error?.code ?? 'run_cancelled').toBe('run_cancelled');
          const decided = run.status === 'held' ? await decide(bench, run, action.ifHeld, kinds) : run;
          await checkIntervals(bench, run.scopeId);
          if (decided.seq === null) continue;
          const live = (await bench.intervals(run.scopeId)).filter(({ to }) => to === null);
          expect(decided.counts.items).toBe(live.length);
          const seen = await perform(bench, target, { ...action, isCancelled: false, isFresh: true }, kinds);
          expect(seen.counts).toMatchObject({ added: 0, changed: 0, removed: 0, renormalised: 0 });
        }
      }),
      { numRuns: NUM_HISTORIES.strange },
    );
  });
});
