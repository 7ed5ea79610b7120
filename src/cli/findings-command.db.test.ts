import { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FindingResponse } from '../features/findings/finding-contract.ts';
import { TestScope } from '../features/findings/test-findings.ts';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from '../server/test-server.ts';
import { addFindings } from './findings-command.ts';
import type { Terminal } from './terminal.ts';

let server: TestServer;
let contoso: NewWorkspace;
let scope: TestScope;
let url: string;

beforeAll(async () => {
  server = await createTestServer();
  url = await server.api.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => server.close());

beforeEach(async () => {
  contoso = await server.createWorkspace();
  scope = await TestScope.open(server.database, contoso.workspaceId);
  await scope.see({ one: 'B', two: 'B', '\u001b[31mred': 'B' });
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
  addFindings(program, terminal, exitWith);
  process.env.DRIFTPLANE_URL = url;
  process.env.DRIFTPLANE_TOKEN = contoso.adminToken;
  await program.parseAsync(['findings', ...args], { from: 'user' });
  return result;
}

async function idOf(externalId: string): Promise<string> {
  const { out } = await cli('list', '--json', '--external-id', externalId);
  return (JSON.parse(out) as FindingResponse[])[0]?.findingId ?? '';
}

async function states(): Promise<string[]> {
  return (await scope.findings()).map(({ state }) => state).sort();
}

describe('findings list', () => {
  test('shows findings as a table that can not steer the terminal', async () => {
    const { out, code } = await cli('list');

    expect(out).toMatch(/^SEVERITY +STATE +CHANGE +DRIFT +LABEL +FINDING +FIRST SEEN +ITEM TYPE\n/);
    expect(out).toMatch(
      /\nsev3 +new +changed +configuration +Policy one +[0-9a-f-]{36} +\S+Z +test\.policy\n/,
    );
    expect(out).toContain('Policy \\u001b[31mred');
    expect(out).not.toContain('\u001b');
    expect(code).toBe(0);
  });

  test('says that there are more than its limit', async () => {
    const { out, said } = await cli('list', '--limit', '2', '--json');

    expect(JSON.parse(out)).toHaveLength(2);
    expect(said).toBe('There are more than 2; see --limit.\n');
  });

  test('filters by what its options name', async () => {
    const { out } = await cli('list', '--json', '--state', 'new', 'accepted', '--text', 'POLICY O');
    const none = await cli('list', '--json', '--state', 'resolved', '--opened-since', '2020-01-01');

    expect(JSON.parse(out)).toMatchObject([{ externalId: 'one' }]);
    expect(JSON.parse(none.out)).toEqual([]);
  });

  test('takes a source by its name, to list and to decide', async () => {
    const source = `test ${scope.sourceId}`;

    const byName = await cli('list', '--json', '--source', source);
    const byId = await cli('list', '--json', '--source', scope.sourceId, source);
    const counted = await cli('dismiss', '--source', source, '--reason', 'wont_fix', '--dry-run');

    expect(JSON.parse(byName.out)).toHaveLength(3);
    expect(byId.out).toBe(byName.out);
    expect(counted.out).toContain('3 of 3 findings would be dismissed');
    await expect(cli('list', '--source', 'Nowhere')).rejects.toMatchObject({ code: 'source_not_found' });
  });

  test('exits with 1 where it is asked to and something is open', async () => {
    const open = await cli('list', '--exit-code');
    await cli('dismiss', '--all', '--reason', 'wont_fix');
    const dismissed = await cli('list', '--exit-code');

    expect([open.code, dismissed.code]).toEqual([1, 0]);
  });

  test.each(['0', '-1', 'many'])('refuses the limit %s', async (limit) => {
    await expect(cli('list', '--limit', limit)).rejects.toMatchObject({ code: 'invalid_arguments' });
  });
});

describe('findings show', () => {
  test('shows what drifted, where it stands and what happened', async () => {
    const findingId = await idOf('one');
    await cli('accept', findingId, '--expires', '2d', '--comment', 'until the\nmigration');

    const { out } = await cli('show', findingId);

    expect(out).toContain('~ /a  null → "B"');
    expect(out).toMatch(/^state +accepted$/m);
    expect(out).toMatch(/^accepted +by .+, until 20/m);
    expect(out).toMatch(/accept → accepted by .+ \(expiresAt .+\): until the\\nmigration$/m);
  });

  test('gives the finding with its events as JSON', async () => {
    const { out } = await cli('show', await idOf('one'), '--json');

    expect(JSON.parse(out)).toMatchObject({ externalId: 'one', events: [{ kind: 'open' }] });
  });
});

describe('a decision', () => {
  test('about one finding is carried out and said', async () => {
    const findingId = await idOf('one');

    const { out, code } = await cli('acknowledge', findingId);

    expect([out, code]).toEqual([`${findingId} is acknowledged.\n`, 0]);
    expect(await states()).toEqual(['acknowledged', 'new', 'new']);
  });

  test('about several findings says how many took it and why others did not', async () => {
    const [one, two] = [await idOf('one'), await idOf('two')];
    await cli('acknowledge', one);

    const { out } = await cli('acknowledge', one, two);

    expect(out).toBe('acknowledged: 1 of 2 findings\n  1 acknowledged: their state does not allow it\n');
  });

  test('about a filter changes nothing in a dry run', async () => {
    const { out } = await cli('snooze', '--until', '7d', '--state', 'open', '--dry-run');

    expect(out).toBe('3 of 3 findings would be snoozed\n');
    expect(await states()).toEqual(['new', 'new', 'new']);
  });

  test('about a filter needs --all', async () => {
    await expect(cli('acknowledge', '--state', 'open')).rejects.toMatchObject({ code: 'invalid_arguments' });
    await expect(cli('acknowledge')).rejects.toMatchObject({ code: 'invalid_arguments' });
    await expect(cli('acknowledge', await idOf('one'), '--all')).rejects.toMatchObject({
      code: 'invalid_arguments',
    });

    await cli('acknowledge', '--text', 'policy t', '--all');

    expect(await states()).toEqual(['acknowledged', 'new', 'new']);
  });

  test('that the state does not allow is refused with what it allows', async () => {
    const refused = cli('reopen', await idOf('one'));

    await expect(refused).rejects.toMatchObject({
      code: 'invalid_transition',
      message: expect.stringContaining('allows: acknowledge, accept, dismiss, snooze'),
    });
  });

  test.each(['tomorrow', '7', '2026-13-01'])('refuses the time %s', async (until) => {
    await expect(cli('snooze', await idOf('one'), '--until', until)).rejects.toMatchObject({
      code: 'invalid_arguments',
    });
  });
});
