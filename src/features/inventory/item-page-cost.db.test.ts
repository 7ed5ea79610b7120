import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../db/database.ts';
import { connectOwner } from '../../db/owner-connection.ts';
import { createTestDatabase, type TestDatabase } from '../../db/test-database.ts';
import { systemActor, withWorkspace } from '../../db/workspace-transaction.ts';
import { createWorkspace } from '../workspaces/workspace-service.ts';
import { type ItemQuery, listItems } from './item-read-model.ts';
import { type WrittenRun, writeScope } from './test-item-history.ts';

const ITEMS = 20_000;
const PAGE = 50;
/** Pages of an index that holds all items, and some rows: far less than a look at each item. */
const MAX_BLOCKS = 1_000;

let testDatabase: TestDatabase;
let database: Database;
let workspaceId: string;
let first: WrittenRun;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.urls);
  ({ workspaceId } = await createWorkspace(testDatabase.ownerUrl, { name: 'Contoso' }));
  const scope = await writeScope(database, workspaceId, []);
  first = await scope.apply([]);
  await scope.apply([]);
  const owner = await connectOwner(testDatabase.ownerUrl);
  await owner.query(`set app.workspace_id = '${workspaceId}'`);
  // Every item was there at the first boundary and is another one since the second.
  for (const [from, to, closedBy] of [
    [1, 2, 'observed'],
    [2, null, null],
  ]) {
    await owner.query(
      `insert into driftplane.item_versions (workspace_id, scope_id, identity_hash, item_type, external_id, label, facts,
         content_hash, raw_hash, rules_digest, identity_pointer, from_seq, to_seq, opened_by, closed_by)
       select $1, $2, sha256(i::text::bytea), 'type' || (i % 8), i, 'Item ' || i, '{}', sha256((i || $3::text)::bytea), '',
         'rules', '/id', $3::bigint, $4, 'observed', $5
       from generate_series(1, $6::int) i`,
      [workspaceId, scope.scopeId, String(from), to, closedBy, ITEMS],
    );
  }
  await owner.query('vacuum analyze driftplane.item_versions');
  await owner.end();
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

/** The blocks that the page's query on the items touches. */
async function blocksOf(query: Partial<ItemQuery>): Promise<number> {
  let blocks = 0;
  await withWorkspace(database.app, { workspaceId, actor: systemActor, isReadOnly: true }, async (tx) => {
    const explaining = new Proxy(tx.client, {
      get(client, name) {
        if (name !== 'query') return Reflect.get(client, name);
        return async (text: string, values: unknown[]) => {
          if (text.includes('driftplane.item_versions')) {
            const { rows } = await client.query(`explain (analyze, buffers, format json) ${text}`, values);
            const [{ Plan: plan }] = rows[0]['QUERY PLAN'];
            blocks += plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
          }
          return client.query(text, values);
        };
      },
    });
    const page = await listItems({ ...tx, client: explaining }, { limit: PAGE, ...query });
    expect(page.items.length).toBe(PAGE);
  });
  return blocks;
}

test('a page costs about the same, now and as of a run after which everything changed', async () => {
  const queries: Partial<ItemQuery>[] = [
    {},
    { itemType: 'type7' },
    { asOfRunId: first.runId },
    { asOfRunId: first.runId, itemType: 'type7' },
  ];

  const blocks = [];
  for (const query of queries) blocks.push(await blocksOf(query));

  expect(Math.max(...blocks)).toBeLessThan(MAX_BLOCKS);
  expect(Math.min(...blocks)).toBeGreaterThan(0);
});
