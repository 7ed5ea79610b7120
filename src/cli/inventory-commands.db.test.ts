import { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { JsonObject } from '../core/json-value.ts';
import { digestSensitive } from '../core/redact.ts';
import {
  identityHashOf,
  makeType,
  type WrittenItem,
  type WrittenRun,
  type WrittenScope,
  writeScope,
} from '../features/inventory/test-item-history.ts';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from '../server/test-server.ts';
import { addItems } from './items-command.ts';
import { addSources } from './sources-command.ts';
import type { Terminal } from './terminal.ts';

let server: TestServer;
let contoso: NewWorkspace;
let scope: WrittenScope;
let runs: WrittenRun[];
let url: string;

beforeAll(async () => {
  server = await createTestServer();
  url = await server.api.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => server.close());

function user(externalId: string, facts: JsonObject): WrittenItem {
  return { itemType: 'user', externalId, label: `User ${externalId}`, facts: { id: externalId, ...facts } };
}

const password = digestSensitive('hunter2', 'key');

beforeEach(async () => {
  contoso = await server.createWorkspace();
  const type = makeType('user', { evidence: { show: ['/**'], withhold: ['/phone'] } });
  scope = await writeScope(server.database, contoso.workspaceId, [type]);
  runs = [
    await scope.apply([user('a', { mail: 'one', phone: '+49', password }), user('b', {})]),
    await scope.apply([user('a', { mail: 'two', phone: '+49', password })]),
  ];
});

/** Runs the command line in this process, against the server. */
async function cli(...args: string[]): Promise<{ code: number; out: string; said: string }> {
  const result = { code: -1, out: '', said: '' };
  const terminal: Terminal = {
    width: 200,
    tableWidth: 200,
    isColoured: false,
    async write(text) {
      result.out += text;
    },
    say(text) {
      result.said += `${text}\n`;
    },
    progress() {},
  };
  const exitWith = (code: number): void => {
    result.code = code;
  };
  const program = new Command().exitOverride().configureOutput({ outputError: () => {} });
  addSources(program, terminal, exitWith);
  addItems(program, terminal, exitWith);
  process.env.DRIFTPLANE_URL = url;
  process.env.DRIFTPLANE_TOKEN = contoso.adminToken;
  await program.parseAsync(args, { from: 'user' });
  return result;
}

test('items are listed, and what the limit leaves out is said', async () => {
  const { out, said, code } = await cli('items', 'list', '--as-of', runs[0]?.runId as string, '--limit', '1');
  const all = await cli('items', 'list', '--json');

  expect(out).toMatch(/^TYPE +ID +LABEL +SINCE +SCOPE\nuser +a +User a +run 1 +[0-9a-f-]{36}\n$/);
  expect([said, code]).toEqual(['There are more than 1; see --limit.\n', 0]);
  expect(JSON.parse(all.out)).toMatchObject([{ externalId: 'a' }]);
  expect(all.said).toBe('');
});

test('an item is named by its type and id', async () => {
  const { out } = await cli('items', 'show', scope.scopeId, 'user:a');
  const hash = identityHashOf({ itemType: 'user', externalId: 'a' });
  const byHash = await cli('items', 'show', scope.scopeId, hash);

  expect(byHash.out).toBe(out);
  expect(out).toContain('since         run 2\n');
  expect(out).toContain('mail: two\n');
  expect(out).toContain('"[withheld]"');
});

test('an item is shown in a version and as of a run', async () => {
  const { out } = await cli('items', 'history', scope.scopeId, 'user:a', '--json');
  const versions = JSON.parse(out).map(({ versionId }: { versionId: number }) => versionId);

  const before = await cli('items', 'show', scope.scopeId, 'user:a', '--at-version', String(versions[1]));
  const asOf = await cli('items', 'show', scope.scopeId, 'user:a', '--as-of', runs[0]?.runId as string);

  expect(before.out).toContain('mail: one\n');
  expect(asOf.out).toBe(before.out);
});

test('a history names the runs, and a diff of two versions ends with 1', async () => {
  const { out } = await cli('items', 'history', scope.scopeId, 'user:b');
  const history = JSON.parse((await cli('items', 'history', scope.scopeId, 'user:a', '--json')).out);
  const [to, from] = history.map(({ versionId }: { versionId: number }) => String(versionId));

  const differing = await cli('items', 'diff', scope.scopeId, 'user:a', from, to);
  const same = await cli('items', 'diff', scope.scopeId, 'user:a', to, to);

  expect(out).toContain('run 2, removed');
  expect([differing.code, same.code]).toEqual([1, 0]);
  expect(differing.out).toContain('/mail  replace  "one"   "two"');
});

test('sources are created, changed, shown and archived by name', async () => {
  const created = await cli(
    'sources',
    'create',
    'Tenant',
    '--push',
    '--repo',
    'Contoso/Infra',
    '--types',
    'user',
    'g*',
  );
  const changed = await cli(
    'sources',
    'update',
    'Tenant',
    '--name',
    'Other',
    '--all-types',
    '--max-removed-share',
    '0.5',
  );
  const shown = await cli('sources', 'show', 'Other', '--json');
  const archived = await cli('sources', 'archive', 'Other');
  const listed = await cli('sources', 'list', '--archived', '--json');

  expect(created.out).toContain('types           g*, user\n');
  expect(changed.out).toMatch(/name +Other\n/);
  expect(JSON.parse(shown.out)).toMatchObject({
    name: 'Other',
    selection: { itemTypes: null },
    binding: { repoFullName: 'contoso/infra' },
    safeguard: { maxRemovedShare: 0.5, minRemovedItems: 20 },
    revision: 2,
    scopes: [],
  });
  expect(archived.code).toBe(0);
  const other = JSON.parse(listed.out).find(({ name }: { name: string }) => name === 'Other');
  expect(other.archivedAt).not.toBeNull();
});

test.each([
  [['sources', 'create', 'A'], 'invalid_arguments'],
  [['sources', 'create', 'A', '--push', '--files', '/x'], 'invalid_arguments'],
  [['sources', 'create', 'A', '--files', '/etc'], 'path_not_allowed'],
  [['sources', 'create', 'A', '--push', '--time-zone', 'UTC'], 'invalid_arguments'],
  [['sources', 'create', 'A', '--push', '--max-removed-share', 'x'], 'invalid_arguments'],
  [['sources', 'show', 'Nothing'], 'source_not_found'],
  [['items', 'list', '--limit', '0'], 'invalid_arguments'],
  [['items', 'show', 'x', 'no-type'], 'invalid_arguments'],
  [['items', 'show', 'x', 'user:a'], 'item_not_found'],
])('%j ends with %s', async (args, code) => {
  await expect(cli(...args)).rejects.toMatchObject({ code });
});
