import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DriftplaneError } from '../core/errors.ts';
import type { ExecutionResponse } from '../features/executions/execution-contract.ts';
import type { SourceResponse } from '../features/sources/source-contract.ts';
import type { ApiClient } from './api-client.ts';
import type { Terminal } from './terminal.ts';
import { waitForRun } from './wait-for-run.ts';

/** The folder of the bundled exports. */
export const samplesFolder: string = fileURLToPath(new URL('../../samples/contoso/', import.meta.url));

const EXPORTS = ['2026-10-01', '2026-11-01'] as const;

/** A source over the bundled exports, with both of them synced. */
export interface DemoSource {
  readonly sourceId: string;
  /** Of its last run. */
  readonly execution: ExecutionResponse;
}

/**
 * Syncs the export of one month, then that of the next: what differs is drift. What a former start did stands.
 * `serviceId` is what a plan finds the source by.
 */
export async function syncBothExports(
  api: ApiClient,
  { name, serviceId }: { readonly name: string; readonly serviceId: string | null },
  terminal: Terminal,
): Promise<DemoSource> {
  const [before, after] = EXPORTS.map((month) => join(samplesFolder, month)) as [string, string];
  const known = await findSource(api, name);
  const runCount = known === null ? 0 : await countRuns(api, known.sourceId);
  if (known !== null && runCount >= EXPORTS.length) {
    terminal.say(`The data of the last time is there: source "${name}", ${runCount} runs.\n`);
    return { sourceId: known.sourceId, execution: await lastExecution(api, known.sourceId) };
  }
  const { sourceId } = known ?? (await createSource(api, { name, serviceId, path: before }, terminal));
  if (runCount === 0) await sync(api, { name, sourceId }, terminal);
  await changePath(api, { name, sourceId, path: after }, terminal);
  await sync(api, { name, sourceId }, terminal);
  return { sourceId, execution: await lastExecution(api, sourceId) };
}

async function findSource(api: ApiClient, name: string): Promise<SourceResponse | null> {
  for await (const source of api.listAll<SourceResponse>({ resource: 'sources' })) {
    if (source.name === name) return source;
  }
  return null;
}

async function countRuns(api: ApiClient, sourceId: string): Promise<number> {
  const query = { sourceId, status: 'succeeded' };
  let count = 0;
  for await (const _ of api.listAll({ resource: 'runs', query }, EXPORTS.length)) count++;
  return count;
}

async function lastExecution(api: ApiClient, sourceId: string): Promise<ExecutionResponse> {
  const found = api.listAll<ExecutionResponse>({ resource: 'executions', query: { sourceId } }, 1);
  for await (const execution of found) return execution;
  throw new DriftplaneError('execution_not_found', 'the drift of the samples was not generated');
}

function createSource(
  api: ApiClient,
  {
    name,
    serviceId,
    path,
  }: { readonly name: string; readonly serviceId: string | null; readonly path: string },
  terminal: Terminal,
): Promise<SourceResponse> {
  const service = serviceId === null ? '' : ` --service ${serviceId}`;
  terminal.say(`$ driftplane sources create ${quoted(name)} --files ${fromHere(path)}${service}`);
  const body = { kind: 'files', name, config: { path }, binding: { serviceId } };
  return api.callOnce<SourceResponse>({ method: 'POST', resource: 'sources', body });
}

async function changePath(
  api: ApiClient,
  { name, sourceId, path }: { readonly name: string; readonly sourceId: string; readonly path: string },
  terminal: Terminal,
): Promise<void> {
  terminal.say(`$ driftplane sources update ${quoted(name)} --files ${fromHere(path)}`);
  const source = await api.read<SourceResponse>({ resource: 'sources', path: [sourceId] });
  await api.call({
    method: 'PATCH',
    resource: 'sources',
    path: [sourceId],
    ifMatch: source.revision ?? 1,
    body: { config: { path } },
  });
}

async function sync(
  api: ApiClient,
  { name, sourceId }: { readonly name: string; readonly sourceId: string },
  terminal: Terminal,
): Promise<void> {
  terminal.say(`$ driftplane sync ${quoted(name)}`);
  const { runId } = await api.callOnce<{ runId: string }>({
    method: 'POST',
    resource: 'runs',
    body: { sourceId },
  });
  const { run, execution } = await waitForRun(api, runId, terminal);
  if (run.error !== null)
    throw new DriftplaneError('run_interrupted', `the sync ${run.status}: ${run.error.message}`);
  const { items, added = 0, removed = 0, changed = 0 } = run.counts;
  terminal.say(
    `  run ${run.runSeq}, ${run.status}: ${items} items; ${added} added, ${removed} removed, ${changed} changed`,
  );
  if (execution === null) terminal.say('  the first run: what follows is compared with it\n');
  else terminal.say(`  drift generated in a job: ${execution.counts.findings ?? 0} findings\n`);
}

function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : JSON.stringify(text);
}

/** The path as one would type it from here. */
export function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
