import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { systemActor, type WorkspaceTransaction, withWorkspace } from '../../db/workspace-transaction.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';
import { ensureScope } from './scope-service.ts';
import { newSourceSchema, sourceChangeSchema } from './source-contract.ts';
import { getScope, getSource, listScopesOfSource, listSources } from './source-read-model.ts';
import { archiveSource, changeSource, lockLiveSource } from './source-service.ts';
import { makeSource } from './test-sources.ts';

let testDatabase: TestDatabase;
let database: Database;
let workspaceId: string;
let folder: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'driftplane-sources-')));
  mkdirSync(join(folder, 'open', 'tenant'), { recursive: true });
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.close();
  await testDatabase.drop();
});

beforeEach(async () => {
  ({ workspaceId } = await createWorkspace(testDatabase.ownerUrl, { name: 'Contoso' }));
});

function inTx<T>(work: (tx: WorkspaceTransaction) => Promise<T>, id = workspaceId): Promise<T> {
  return withWorkspace(database.app, { workspaceId: id, actor: systemActor }, work);
}

function change(sourceId: string, revision: number, wanted: unknown, fileRoots: readonly string[] = []) {
  return inTx((tx) =>
    changeSource(tx, sourceId, { revision, change: sourceChangeSchema.parse(wanted), fileRoots }),
  );
}

/** What the audit trail has of sources: action and detail. */
async function audited(): Promise<[string, unknown][]> {
  return inTx(async (tx) => {
    const { rows } = await tx.client.query<{ action: string; detail: string }>(
      `select action, detail from driftplane.audit_events
       where workspace_id = $1 and target_kind = 'source' order by seq`,
      [tx.workspaceId],
    );
    return rows.map(({ action, detail }) => [action, JSON.parse(detail)]);
  });
}

describe('a new source', () => {
  test('is stored as it was asked for, with names in their one form', async () => {
    const created = await inTx((tx) =>
      makeSource(
        tx,
        {
          kind: 'files',
          name: '  Cafe\u0301 ',
          config: { path: join(folder, 'open') },
          selection: { itemTypes: ['user', 'group*', 'user'] },
          binding: { repoFullName: 'Contoso/Infra', serviceId: 'identity' },
          schedule: { cron: ' 0  3 * * * ', timeZone: 'Europe/Berlin' },
          safeguard: { maxRemovedShare: 0.123456789 },
        },
        [folder],
      ),
    );

    const stored = await inTx((tx) => getSource(tx, created.sourceId));
    expect(stored).toEqual(created);
    expect(stored).toMatchObject({
      name: 'Café',
      config: { kind: 'files', path: join(folder, 'open') },
      selection: { itemTypes: ['group*', 'user'] },
      binding: { repoFullName: 'contoso/infra', serviceId: 'identity', docClass: null },
      schedule: { cron: '0 3 * * *', timeZone: 'Europe/Berlin' },
      revision: 1,
      archivedAt: null,
    });
    expect(stored.nextSyncAt?.getTime()).toBeGreaterThan(stored.createdAt.getTime());
  });

  test('is in the audit trail, with what was set', async () => {
    await inTx((tx) => makeSource(tx, { name: 'Tenant' }));

    expect(await audited()).toEqual([
      [
        'source.create',
        {
          after: {
            name: 'Tenant',
            config: { kind: 'push' },
            selection: { itemTypes: null },
            binding: { serviceId: null, repoFullName: null, docClass: null },
            schedule: null,
            safeguard: { maxRemovedShare: 0.3, minRemovedItems: 20 },
          },
        },
      ],
    ]);
  });

  test('outside the roots is refused, and nothing is stored', async () => {
    const wanted = { kind: 'files', name: 'Tenant', config: { path: join(folder, 'open', '..') } };

    const refused = inTx((tx) => makeSource(tx, wanted, [join(folder, 'open')]));

    await expect(refused).rejects.toMatchObject({ code: 'path_not_allowed' });
    const { items } = await inTx((tx) => listSources(tx, { includesArchived: true, limit: 10 }));
    expect([items, await audited()]).toEqual([[], []]);
  });

  test('says all that is wrong with it, each with its place', () => {
    const parsed = newSourceSchema.safeParse({
      kind: 'files',
      name: ' ',
      config: { path: 'relative' },
      selection: { itemTypes: [] },
      binding: { repoFullName: 'no-owner' },
      schedule: { cron: '0 0 31 2 *', timeZone: 'Mars' },
      safeguard: { maxRemovedShare: 2, minRemovedItems: 0 },
      more: true,
    });

    const places = parsed.error?.issues.map(({ path }) => path.join('/')).sort();
    expect(places).toEqual([
      '',
      'binding/repoFullName',
      'config/path',
      'name',
      'safeguard/maxRemovedShare',
      'safeguard/minRemovedItems',
      'schedule/cron',
      'schedule/timeZone',
      'selection/itemTypes',
    ]);
  });
});

describe('a name', () => {
  test('is taken by one of many that ask for it at once', async () => {
    const asked = await Promise.allSettled(
      Array.from({ length: 8 }, () => inTx((tx) => makeSource(tx, { name: 'Tenant' }))),
    );

    const refused = asked.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    expect(refused).toEqual(Array(7).fill('name_taken'));
    const { items } = await inTx((tx) => listSources(tx, { includesArchived: true, limit: 10 }));
    expect(items.map(({ name }) => name)).toEqual(['Tenant']);
  });

  test('is the same in another Unicode form', async () => {
    await inTx((tx) => makeSource(tx, { name: 'Café' }));

    const second = inTx((tx) => makeSource(tx, { name: 'Cafe\u0301' }));

    await expect(second).rejects.toMatchObject({ code: 'name_taken' });
  });

  test('can not be changed to one that is taken', async () => {
    await inTx((tx) => makeSource(tx, { name: 'Tenant' }));
    const other = await inTx((tx) => makeSource(tx, { name: 'Other' }));

    const changed = change(other.sourceId, 1, { name: 'Tenant' });

    await expect(changed).rejects.toMatchObject({ code: 'name_taken' });
  });

  test('is free again when its source is archived, and free in another workspace', async () => {
    const first = await inTx((tx) => makeSource(tx, { name: 'Tenant' }));
    const fabrikam = await createWorkspace(testDatabase.ownerUrl, { name: 'Fabrikam' });

    const abroad = await inTx((tx) => makeSource(tx, { name: 'Tenant' }), fabrikam.workspaceId);
    await inTx((tx) => archiveSource(tx, first.sourceId));
    const second = await inTx((tx) => makeSource(tx, { name: 'Tenant' }));

    expect(new Set([first.sourceId, abroad.sourceId, second.sourceId]).size).toBe(3);
  });
});

describe('a change', () => {
  test('changes what is named, and the audit trail has just that', async () => {
    const { sourceId } = await inTx((tx) =>
      makeSource(tx, { name: 'Tenant', binding: { serviceId: 'identity' } }),
    );

    const changed = await change(sourceId, 1, {
      binding: { docClass: 'runbook' },
      safeguard: { minRemovedItems: 5 },
    });

    expect(changed).toMatchObject({
      revision: 2,
      name: 'Tenant',
      binding: { serviceId: 'identity', docClass: 'runbook', repoFullName: null },
      safeguard: { maxRemovedShare: 0.3, minRemovedItems: 5 },
    });
    const [, entry] = await audited();
    expect(entry).toEqual([
      'source.update',
      {
        before: {
          binding: { serviceId: 'identity', docClass: null, repoFullName: null },
          safeguard: { maxRemovedShare: 0.3, minRemovedItems: 20 },
        },
        after: {
          binding: { serviceId: 'identity', docClass: 'runbook', repoFullName: null },
          safeguard: { maxRemovedShare: 0.3, minRemovedItems: 5 },
        },
      },
    ]);
  });

  test('that changes nothing makes no revision and no entry in the audit trail', async () => {
    const { sourceId } = await inTx((tx) => makeSource(tx, { name: 'Tenant' }));

    const changed = await change(sourceId, 1, { name: 'Tenant ', selection: { itemTypes: ['*'] } });

    expect(changed.revision).toBe(1);
    expect((await audited()).length).toBe(1);
  });

  test('of a revision that was changed meanwhile is refused: of many at once one counts', async () => {
    const { sourceId } = await inTx((tx) => makeSource(tx, { name: 'Tenant' }));

    const asked = await Promise.allSettled(
      Array.from({ length: 6 }, (_, index) => change(sourceId, 1, { name: `Tenant ${index}` })),
    );

    const refused = asked.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    expect(refused).toEqual(Array(5).fill('revision_mismatch'));
  });

  test('of the schedule sets the next sync; any other leaves it', async () => {
    const source = { kind: 'files', name: 'Tenant', config: { path: folder } };
    const before = await inTx((tx) => makeSource(tx, source, [folder]));

    const scheduled = await change(before.sourceId, 1, { schedule: { cron: '0 0 1 1 *' } });
    const renamed = await change(before.sourceId, 2, { name: 'Other' });
    const unscheduled = await change(before.sourceId, 3, { schedule: null });

    expect(before.nextSyncAt).toBeNull();
    expect(scheduled.nextSyncAt?.toISOString()).toMatch(/-01-01T00:00:00\.000Z$/);
    expect(renamed.nextSyncAt).toEqual(scheduled.nextSyncAt);
    expect(unscheduled.nextSyncAt).toBeNull();
  });

  test('to a path outside the roots is refused', async () => {
    const source = { kind: 'files', name: 'Tenant', config: { path: join(folder, 'open') } };
    const { sourceId } = await inTx((tx) => makeSource(tx, source, [folder]));

    const changed = change(sourceId, 1, { config: { path: '/etc' } }, [folder]);

    await expect(changed).rejects.toMatchObject({ code: 'path_not_allowed' });
  });

  test('of what a push source does not have is refused, all of it named', async () => {
    const { sourceId } = await inTx((tx) => makeSource(tx, { name: 'Tenant' }));

    const changed = change(sourceId, 1, { config: { path: folder }, schedule: { cron: '0 * * * *' } });

    await expect(changed).rejects.toMatchObject({
      code: 'invalid_request',
      details: [{ pointer: '/config' }, { pointer: '/schedule' }],
    });
  });
});

describe('an archived source', () => {
  test('is not synced, not changed, not in the list, and stays readable with its scopes', async () => {
    const wanted = { kind: 'files', name: 'A', config: { path: folder }, schedule: { cron: '* * * * *' } };
    const source = await inTx((tx) => makeSource(tx, wanted, [folder]));
    const scope = await inTx((tx) => ensureScope(tx, source));

    const archived = await inTx((tx) => archiveSource(tx, source.sourceId));

    expect(archived).toMatchObject({ nextSyncAt: null, revision: 2 });
    const list = (includesArchived: boolean) =>
      inTx((tx) => listSources(tx, { includesArchived, limit: 10 })).then(({ items }) => items.length);
    expect([await list(false), await list(true)]).toEqual([0, 1]);
    expect(await inTx((tx) => getSource(tx, source.sourceId))).toEqual(archived);
    expect(await inTx((tx) => getScope(tx, scope.scopeId))).toEqual(scope);
    await expect(change(source.sourceId, 2, { name: 'B' })).rejects.toMatchObject({
      code: 'invalid_transition',
    });
    await expect(inTx((tx) => lockLiveSource(tx, source.sourceId))).rejects.toMatchObject({
      code: 'invalid_transition',
    });
  });

  test('can be archived again, which changes nothing', async () => {
    const { sourceId } = await inTx((tx) => makeSource(tx, { name: 'A' }));
    const first = await inTx((tx) => archiveSource(tx, sourceId));

    const second = await inTx((tx) => archiveSource(tx, sourceId));

    expect(second).toEqual(first);
    expect((await audited()).map(([action]) => action)).toEqual(['source.create', 'source.archive']);
  });
});

describe('a scope', () => {
  test('is one for each selection, however often and at once it is asked for', async () => {
    const source = await inTx((tx) => makeSource(tx, { name: 'A', selection: { itemTypes: ['b', 'a'] } }));

    const scopes = await Promise.all(Array.from({ length: 8 }, () => inTx((tx) => ensureScope(tx, source))));

    expect(new Set(scopes.map(({ scopeId }) => scopeId)).size).toBe(1);
    expect(scopes[0]).toMatchObject({ headSeq: 0, runCount: 0, selection: { itemTypes: ['a', 'b'] } });
  });

  test('is another one under another selection, and the former one under the former', async () => {
    const source = await inTx((tx) => makeSource(tx, { name: 'A' }));
    const first = await inTx((tx) => ensureScope(tx, source));

    const narrowed = await change(source.sourceId, 1, { selection: { itemTypes: ['user'] } });
    const second = await inTx((tx) => ensureScope(tx, narrowed));
    const widened = await change(source.sourceId, 2, { selection: { itemTypes: null } });
    const third = await inTx((tx) => ensureScope(tx, widened));

    expect(second.scopeId).not.toBe(first.scopeId);
    expect(third).toEqual(first);
    const { items } = await inTx((tx) => listScopesOfSource(tx, source.sourceId, { limit: 10 }));
    const current = Object.fromEntries(items.map(({ scope, isCurrent }) => [scope.scopeId, isCurrent]));
    expect(current).toEqual({ [first.scopeId]: true, [second.scopeId]: false });
  });
});

test('a workspace sees nothing of the sources and scopes of another', async () => {
  const source = await inTx((tx) => makeSource(tx, { name: 'A' }));
  const scope = await inTx((tx) => ensureScope(tx, source));
  const fabrikam = (await createWorkspace(testDatabase.ownerUrl, { name: 'Fabrikam' })).workspaceId;
  const { sourceId } = source;
  const wanted = { revision: 1, change: { name: 'mine' }, fileRoots: [] };

  const codes = await Promise.all(
    [
      inTx((tx) => getSource(tx, sourceId), fabrikam),
      inTx((tx) => changeSource(tx, sourceId, wanted), fabrikam),
      inTx((tx) => archiveSource(tx, sourceId), fabrikam),
      inTx((tx) => listScopesOfSource(tx, sourceId, { limit: 10 }), fabrikam),
      inTx((tx) => getScope(tx, scope.scopeId), fabrikam),
    ].map((asked) => asked.then(() => 'done').catch((error) => error.code)),
  );

  expect(codes).toEqual([...Array(4).fill('source_not_found'), 'scope_not_found']);
  expect(
    (await inTx((tx) => listSources(tx, { includesArchived: true, limit: 10 }), fabrikam)).items,
  ).toEqual([]);
});

test('pages of the list hold every source once, in the order in which they were made', async () => {
  const names = Array.from({ length: 7 }, (_, index) => `S${index}`);
  // Some of them in one transaction, so at the same instant.
  await inTx(async (tx) => {
    for (const name of names.slice(0, 4)) await makeSource(tx, { name });
  });
  for (const name of names.slice(4)) await inTx((tx) => makeSource(tx, { name }));
  const all = await inTx((tx) => listSources(tx, { includesArchived: false, limit: 100 }));

  const paged: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await inTx((tx) => listSources(tx, { includesArchived: false, limit: 2, cursor }));
    paged.push(...page.items.map(({ sourceId }) => sourceId));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);

  expect(paged).toEqual(all.items.map(({ sourceId }) => sourceId));
  expect(all.items.map(({ name }) => name).sort()).toEqual(names);
  expect(all.items.map(({ name }) => name).slice(4)).toEqual(names.slice(4));
});
