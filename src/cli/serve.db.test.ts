// `driftplane serve` as people run it: a process, signals, what it prints.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../db/test-database.ts';

const executable = join(import.meta.dirname, '..', '..', 'bin', 'driftplane.cjs');

let testDatabase: TestDatabase;
const children: Serving['child'][] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await testDatabase.drop();
});

interface Serving {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** What it has said so far. */
  text(): string;
  /** Resolves when it has said this. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

function serve(...args: string[]): Serving {
  const child = spawn(process.execPath, [executable, 'serve', '--port', '0', ...args], {
    env: { ...process.env, DATABASE_URL: testDatabase.ownerUrl, DRIFTPLANE_TOKEN: '', DRIFTPLANE_URL: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (const check of waiting) check();
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  return {
    child,
    ended,
    text: () => text,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const match = pattern.exec(text);
          if (match === null) return;
          waiting.delete(check);
          resolve(match);
        };
        waiting.add(check);
        void ended.then(() => reject(new Error(`it ended without saying ${pattern}: ${text}`)));
        check();
      }),
  };
}

const LISTENS = /Driftplane listens on (http:\/\/[\w.:[\]]+)/;
const TOKEN = /dp_[0-9a-f]{32}_[\w-]{43}/;

describe('driftplane serve', () => {
  test('prints the first admin token once, answers with it, and stops at SIGTERM', async () => {
    const first = serve();
    const [, url = ''] = await first.says(LISTENS);
    const [token] = TOKEN.exec(first.text()) ?? [''];
    const answer = await fetch(`${url}/api/workspaces`, { headers: { authorization: `Bearer ${token}` } });
    const ready = await fetch(`${url}/readyz`);
    first.child.kill('SIGTERM');
    const end = await first.ended;

    const second = serve();
    await second.says(LISTENS);
    second.child.kill('SIGINT');
    await second.ended;

    expect(answer.status).toBe(200);
    expect(await ready.json()).toMatchObject({ status: 'ok', checks: { worker: 'ok' } });
    expect(end).toEqual({ code: 0, signal: null });
    expect(second.text()).not.toMatch(TOKEN);
  });

  test('runs without a worker where others do the jobs', async () => {
    const server = serve('--no-worker');
    const [, url = ''] = await server.says(LISTENS);

    const ready = (await (await fetch(`${url}/readyz`)).json()) as { checks: object };

    expect(ready.checks).toEqual({ database: 'ok', migrations: 'ok' });
  });

  test('stops though a client reads its event stream', async () => {
    const server = serve('--no-worker');
    const [, url = ''] = await server.says(LISTENS);
    const [token = ''] = TOKEN.exec(server.text()) ?? [];
    const headers = { authorization: `Bearer ${token}` };
    const workspaces = (await (await fetch(`${url}/api/workspaces`, { headers })).json()) as {
      items: { workspaceId: string }[];
    };
    const stream = await fetch(`${url}/api/events/${workspaces.items[0]?.workspaceId}`, { headers });

    server.child.kill('SIGINT');
    const [text, end] = await Promise.all([stream.text(), server.ended]);

    expect(text).toContain(': connected');
    expect(end.code).toBe(0);
  });

  test('says so where the port is taken, and keeps the first token for the start that works', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;

    const refused = serve('--port', String(port));
    const end = await refused.ended;
    taken.close();
    const next = serve('--no-worker');
    await next.says(LISTENS);

    expect(end.code).toBe(2);
    expect(refused.text()).toContain('[address_in_use]');
    expect(refused.text()).not.toMatch(TOKEN);
    expect(next.text()).toMatch(TOKEN);
  });

  test('says all that is wrong with its configuration', async () => {
    const server = serve('--port', 'x', '--host', '');
    const end = await server.ended;

    expect(end.code).toBe(2);
    expect(server.text()).toContain('[invalid_config]');
    expect(server.text()).toContain('PORT');
  });
});
