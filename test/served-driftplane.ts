import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const cliPath = join(import.meta.dirname, '../bin/driftplane.cjs');

/** `driftplane serve` in a process of its own, on a free port. */
export interface ServedDriftplane {
  readonly url: string;
  /** Of the first workspace, where this start created it. */
  readonly adminToken: string | null;
  /** As Ctrl-C does. Resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts it and waits until it listens. Throws with what it said where it does not. */
export async function serveDriftplane(env: NodeJS.ProcessEnv): Promise<ServedDriftplane> {
  const child = spawn(process.execPath, [cliPath, 'serve', '--port', '0'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      const listening = /listens on (\S+)/.exec(said)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    void ended.then(() => reject(new Error(`driftplane serve ended: ${said}`)), reject);
  });
  return {
    url,
    adminToken: /^ +(dp_\S+)$/m.exec(said)?.[1] ?? null,
    async stop() {
      child.kill('SIGINT');
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}

/** A client of one workspace. Every answer that is no success is thrown. */
export interface TestClient {
  readonly workspaceId: string;
  readonly token: string;
  /** `path` follows the workspace, such as `/RUN/close`. */
  call<T>(method: string, resource: string, path: string, options?: CallOptions): Promise<T>;
  /** The body of an answer as it is. */
  read(resource: string, path: string): Promise<string>;
}

interface CallOptions {
  readonly json?: unknown;
  readonly ndjson?: readonly object[];
  readonly headers?: Readonly<Record<string, string>>;
}

export function clientOf(url: string, token: string): TestClient {
  const digits = token.slice(3, 35);
  const workspaceId = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const ask = async (method: string, resource: string, path: string, options: CallOptions = {}) => {
    const { json, ndjson, headers = {} } = options;
    const body =
      json === undefined
        ? ndjson?.map((object) => `${JSON.stringify(object)}\n`).join('')
        : JSON.stringify(json);
    const type = json === undefined ? 'application/x-ndjson' : 'application/json';
    const response = await fetch(`${url}/api/${resource}/${workspaceId}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': type }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} /api/${resource}${path}: ${response.status} ${text}`);
    return text;
  };
  return {
    workspaceId,
    token,
    read: (resource, path) => ask('GET', resource, path),
    async call<T>(method: string, resource: string, path: string, options?: CallOptions) {
      return JSON.parse(await ask(method, resource, path, options)) as T;
    },
  };
}
