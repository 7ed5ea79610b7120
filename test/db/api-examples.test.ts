import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../src/db/test-database.ts';
import { readBlock, readBlocks, runScript } from '../document-blocks.ts';
import { type ServedDriftplane, serveDriftplane } from '../served-driftplane.ts';

// Every example of docs/api.md, in its order, in one shell: what one sets, the next uses. And those of the README.
const root = join(import.meta.dirname, '../..');
const SEPARATOR = '--- the next example ---';
const examples = readBlocks('api.md').filter(({ language, name }) => language === 'sh' && name !== 'setup');

const missing = ['curl', 'jq'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined);

let database: TestDatabase;
let server: ServedDriftplane;
let folder: string;
let outputs: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'driftplane-examples-'));
  database = await createTestDatabase();
  server = await serveDriftplane({
    DATABASE_URL: database.ownerUrl,
    DRIFTPLANE_ITEM_TYPES: join(root, 'samples/types.yaml'),
  });
  if (missing.length === 0) outputs = await runExamples();
  else console.warn(`skipped: the examples of docs/api.md need ${missing.join(' and ')}`);
});

afterAll(async () => {
  await server?.stop();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

function access(): NodeJS.ProcessEnv {
  return { DRIFTPLANE_URL: server.url, DRIFTPLANE_TOKEN: server.adminToken ?? '' };
}

/** What each of them printed. */
async function runExamples(): Promise<string[]> {
  const script = examples.map(({ text }) => text).join(`\necho; echo '${SEPARATOR}'\n`);
  const { code, stdout, stderr } = await runScript(script, { cwd: folder, env: access() });
  // With what they said, so that a failure tells which one it was.
  if (code !== 0) throw new Error(`the examples of docs/api.md end with ${code}: ${stderr}\n${stdout}`);
  return stdout.split(`${SEPARATOR}\n`);
}

/** What the example with this text in it printed. */
function outputOf(part: string): string {
  const index = examples.findIndex(({ text }) => text.includes(part));
  return outputs[index] ?? '';
}

describe.runIf(missing.length === 0)('the examples of docs/api.md', () => {
  test('the first push is a complete run', () => {
    const output = outputOf('cat > web.ndjson');

    expect(output).toMatch(/"succeeded"\s*$/);
  });

  test('the second push, gzipped, changes one item', () => {
    const output = outputOf('gzip --stdout');

    expect(output).toMatch(/"changed": 1\b/);
    expect(output).toMatch(/"unchanged": 1\b/);
  });

  test('the drift becomes a finding that can be acknowledged', () => {
    const output = outputOf('/acknowledge" -H');

    expect(output).toMatch(/^sev\d changed web$/m);
    expect(output).toMatch(/"path": "\/spec\/replicas"/);
    expect(output).toMatch(/"acknowledged"\s+2\s*$/);
  });

  test('the plan is put in force, found and tried', () => {
    expect(outputOf('the-plan')).toMatch(/"active"\s+1\s*$/);
    expect(outputOf('/api/plans/resolve')).toMatch(/"Cluster"\s+"workspace"\s+"it is for the workspace/);
    expect(outputOf('"dryRun": true')).toContain('+  notify: 0.8');
    expect(outputOf('backtests/$backtest/changes')).toMatch(/^disappears .*web$/m);
  });

  test('a stale revision is the problem that the page names', () => {
    const problem = JSON.parse(outputOf('requestId}'));

    expect(problem).toMatchObject({ status: 412, code: 'revision_mismatch' });
  });

  test('the second page has the first run', () => {
    const output = outputOf('cursor=$cursor');

    expect(output.trim()).toBe('1\nnull');
  });

  test('the stream tells everything from its beginning', () => {
    const output = outputOf('Last-Event-ID: 0');

    const kinds = new Set([...output.matchAll(/^event: (\S+)$/gm)].map(([, kind]) => kind));
    expect([...kinds].sort()).toEqual([
      'backtest.changed',
      'execution.changed',
      'finding.changed',
      'finding.opened',
      'plan.changed',
      'run.changed',
    ]);
  });

  test('every example with curl is run', () => {
    const withCurl = readBlocks('api.md').filter(({ text }) => /\b(?:curl|api) /.test(text));

    expect(examples).toEqual(expect.arrayContaining(withCurl));
  });
});

test('the commands of the README find what drifted in the sample', async () => {
  const commands = readBlock('../README.md', 'server').replace(/^export .*\n/, '');

  // A push after which something has drifted ends with 1.
  const { code, stdout, stderr } = await runScript(`set +e\n${commands}`, { cwd: root, env: access() });

  expect([code, stderr]).toEqual([0, expect.stringContaining('7 drifted, 7 of them new')]);
  expect(stdout).toContain('Fax server');
});
