import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { NewWorkspace } from '../features/workspaces/workspace-service.ts';
import { createTestServer, type TestServer } from '../server/test-server.ts';
import { addExecutions } from './executions-command.ts';
import { explainError } from './explain-error.ts';
import { addFindings } from './findings-command.ts';
import { addIncidents } from './incidents-command.ts';
import { addPlans } from './plans-command.ts';
import { addSources } from './sources-command.ts';
import type { Terminal } from './terminal.ts';

interface Result {
  readonly code: number;
  readonly out: string;
  readonly said: string;
}

/** A server of its own, and a workspace and the command line in this process for each test. */
export interface TestCommandLine {
  readonly server: TestServer;
  readonly workspace: NewWorkspace;
  /** In the name of the admin, or of the token that `as` was called with. */
  run(...args: string[]): Promise<Result>;
  /** What a person reads where the command fails. */
  fail(...args: string[]): Promise<string>;
  /** The JSON that the command writes. */
  json<T>(...args: string[]): Promise<T>;
  /** Writes a file and returns its path. */
  file(name: string, text: string): string;
  /** Until the end of the test: another token of the workspace. */
  as(token: string): void;
  isColoured: boolean;
}

export function useCommandLine(): TestCommandLine {
  let server: TestServer;
  let workspace: NewWorkspace;
  let url: string;
  let token: string;
  let folder: string;
  beforeAll(async () => {
    server = await createTestServer();
    url = await server.api.listen({ host: '127.0.0.1', port: 0 });
    folder = mkdtempSync(join(tmpdir(), 'driftplane-plans-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.close();
  });
  beforeEach(async () => {
    workspace = await server.createWorkspace();
    token = workspace.adminToken;
    commandLine.isColoured = false;
  });
  const commandLine: TestCommandLine = {
    get server() {
      return server;
    },
    get workspace() {
      return workspace;
    },
    isColoured: false,
    async run(...args) {
      process.env.DRIFTPLANE_URL = url;
      process.env.DRIFTPLANE_TOKEN = token;
      return runInProcess(args, commandLine.isColoured);
    },
    fail: (...args) =>
      commandLine.run(...args).then(
        ({ out }) => {
          throw new Error(`it did not fail: ${out}`);
        },
        (error: unknown) => explainError(error),
      ),
    json: async (...args) => JSON.parse((await commandLine.run(...args, '--json')).out),
    file(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    as(other) {
      token = other;
    },
  };
  return commandLine;
}

async function runInProcess(args: readonly string[], isColoured: boolean): Promise<Result> {
  const result = { code: -1, out: '', said: '' };
  const terminal: Terminal = {
    width: 200,
    tableWidth: 200,
    isColoured,
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
  for (const add of [addPlans, addIncidents, addSources, addFindings, addExecutions]) {
    add(program, terminal, exitWith);
  }
  await program.parseAsync(args, { from: 'user' });
  return result;
}
