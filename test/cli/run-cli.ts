import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

export const cliPath = join(import.meta.dirname, '../../bin/driftplane.cjs');

export type Side = 'baseline' | 'current';
export const sides: readonly Side[] = ['baseline', 'current'];
export type Form = 'folder' | 'ndjson' | 'array';
export const forms: readonly Form[] = ['folder', 'ndjson', 'array'];
export const formats = ['table', 'json', 'ndjson', 'markdown', 'sarif', 'junit'] as const;

interface Change {
  path: string;
  op: string;
  before?: unknown;
  after?: unknown;
}

interface Finding {
  fingerprint: string;
  change: string;
  itemType: string;
  externalId: string;
  label: string;
  driftType: string;
  severity: string;
  changes: Change[];
}

interface ItemReference {
  itemType: string;
  externalId: string;
  label: string;
}

export interface Problem {
  code: string;
  path: string;
  detail: string;
}

/** `diff --format json`, as DESIGN.md has it. */
export interface DiffReport {
  schema: string;
  summary: Record<
    | 'baselineItems'
    | 'currentItems'
    | 'added'
    | 'removed'
    | 'changed'
    | 'unchanged'
    | 'ambiguous'
    | 'unprovenRemovals'
    | 'unprovenAdditions',
    number
  >;
  coverage: { itemType: string; status: string; reason: string | null }[];
  problems: Problem[];
  unprovenRemovals: ItemReference[];
  unprovenAdditions: ItemReference[];
  ambiguous: { itemType: string; externalId: string; paths: string[] }[];
  findings: Finding[];
  inputsDigest: string;
  findingsDigest: string;
}

export interface Run {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  /** Largest resident set of the process; 0 unless it was asked for. */
  maxRssMiB: number;
}

export interface RunOptions {
  cwd: string;
  /** Runs as nobody where the tests run as root, whom permissions do not bind. */
  isUnprivileged?: boolean;
  measuresMemory?: boolean;
  env?: Record<string, string>;
  onStart?: (pid: number) => Promise<void>;
}

const nobody = 65534;
export const isRoot = process.getuid?.() === 0;

/** Runs the real command line with `args` in `cwd`. */
export async function runCli(args: readonly string[], options: RunOptions): Promise<Run> {
  const memoryFile = join(dirname(options.cwd), `${options.cwd.split('/').at(-1)}.rss`);
  const writeRss =
    "import fs from 'node:fs';" +
    `process.on('exit',()=>fs.writeFileSync(${JSON.stringify(memoryFile)},String(process.resourceUsage().maxRSS)))`;
  const preload = options.measuresMemory
    ? ['--import', `data:text/javascript,${encodeURIComponent(writeRss)}`]
    : [];
  const child = spawn(process.execPath, [...preload, cliPath, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.isUnprivileged && isRoot ? { uid: nobody, gid: nobody } : {}),
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), 100_000);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const ended = new Promise<{ status: number | null; signal: string | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal }));
  });
  try {
    if (options.onStart !== undefined) await options.onStart(child.pid!);
    const end = await ended;
    const maxRssMiB = options.measuresMemory ? Number(await readFile(memoryFile, 'utf8')) / 1024 : 0;
    return {
      ...end,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
      maxRssMiB,
    };
  } finally {
    clearTimeout(timer);
  }
}

/** `driftplane diff baseline current --format json` in `cwd`. */
export function runDiff(
  options: RunOptions & { baseline?: string; current?: string; format?: string; args?: readonly string[] },
): Promise<Run> {
  const { baseline = 'baseline', current = 'current', format = 'json', args = [] } = options;
  return runCli(['diff', baseline, current, '--format', format, ...args], options);
}

/** Makes folders that everybody may enter and that are gone when the tests of the file are done. */
export function useTempFolders(): () => Promise<string> {
  const made: string[] = [];
  afterAll(async () => {
    await Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true })));
  });
  return async () => {
    const parent = await mkdtemp(join(tmpdir(), 'driftplane-cli-'));
    made.push(parent);
    await chmod(parent, 0o755);
    const folder = join(parent, 'work');
    await mkdir(folder);
    await chmod(folder, 0o755);
    return folder;
  };
}

export type Content = string | Uint8Array;

/** Writes `files` (path → content) below `folder`. */
export async function writeFiles(folder: string, files: Record<string, Content>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** Writes an export of `items` (texts or values) as `form`; answers with its path relative to `folder`. */
export async function writeExport(
  folder: string,
  side: Side,
  form: Form,
  items: readonly unknown[],
): Promise<string> {
  const texts = items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
  if (form === 'folder') {
    const files = texts.map((text, index) => [`${side}/${index + 1}.json`, text] as const);
    await writeFiles(folder, Object.fromEntries(files));
    return side;
  }
  const path = form === 'ndjson' ? `${side}.ndjson` : `${side}.json`;
  const text = form === 'ndjson' ? `${texts.join('\n')}\n` : `[\n${texts.join(',\n')}\n]\n`;
  await writeFiles(folder, { [path]: text });
  return path;
}

/** Where the item with this 1-based number stands, as problems name it. */
export function placeOf(side: Side, form: Form, number: number): string {
  if (form === 'folder') return `${side}/${number}.json`;
  return form === 'ndjson' ? `${side}.ndjson:${number}` : `${side}.json#/${number - 1}`;
}
