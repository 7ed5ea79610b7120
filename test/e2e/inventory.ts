import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient } from '../../src/cli/api-client.ts';
import type { ExecutionResponse } from '../../src/features/executions/execution-contract.ts';
import type { RunResponse } from '../../src/features/inventory/sync-run-contract.ts';
import type { SourceResponse } from '../../src/features/sources/source-contract.ts';
import { until } from './product.ts';

/** Objects of one type, told by `kind`. */
export interface Box {
  readonly kind: 'box';
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly text: string;
}

const ITEM_TYPES = `itemTypes:
  - itemType: box
    match: [{ path: /kind, is: [box] }]
    identity: [/id]
    label: [/name]
    evidence: { show: [/**] }
`;

/** Writes the rules for boxes into a folder; returns what a server needs to know of it. */
export function boxRules(folder: string): Record<string, string> {
  const path = join(folder, 'types.yaml');
  writeFileSync(path, ITEM_TYPES);
  return { DRIFTPLANE_ITEM_TYPES: path, DRIFTPLANE_FILE_ROOTS: folder };
}

export function boxes(count: number, options: { textLength?: number; from?: number } = {}): Box[] {
  const { textLength = 20, from = 0 } = options;
  return Array.from({ length: count }, (_, index) => {
    const no = from + index;
    return { kind: 'box', id: `box-${no}`, name: `Box ${no}`, size: no, text: textOf(no, textLength) };
  });
}

/** Text that no compression makes small: what is stored takes the room that it seems to. */
function textOf(no: number, length: number): string {
  let text = '';
  for (let state = no + 1; text.length < length; ) {
    state = (state * 48_271) % 2_147_483_647;
    text += state.toString(36);
  }
  return text.slice(0, length);
}

/** The same with the first `count` changed. */
export function resized(from: readonly Box[], count: number, by = 1_000_000): Box[] {
  return from.map((box, index) => (index < count ? { ...box, size: box.size + by } : box));
}

export const ndjson = (objects: readonly object[]): string =>
  objects.map((object) => `${JSON.stringify(object)}\n`).join('');

export function writeExport(path: string, objects: readonly object[]): void {
  writeFileSync(path, ndjson(objects));
}

/** A source of an export that is empty until it is written. */
export function createFiles(api: ApiClient, path: string): Promise<SourceResponse> {
  writeExport(path, []);
  const body = { kind: 'files', name: `files ${randomUUID()}`, config: { path } };
  return api.callOnce({ method: 'POST', resource: 'sources', body });
}

export function createPush(api: ApiClient): Promise<SourceResponse> {
  const body = { kind: 'push', name: `push ${randomUUID()}` };
  return api.callOnce({ method: 'POST', resource: 'sources', body });
}

export function startRun(api: ApiClient, { sourceId }: SourceResponse): Promise<RunResponse> {
  return api.callOnce({ method: 'POST', resource: 'runs', body: { sourceId } });
}

export function readRun(api: ApiClient, runId: string): Promise<RunResponse> {
  return api.call({ resource: 'runs', path: [runId] });
}

/** The run when it is settled. */
export function settledRun(api: ApiClient, runId: string): Promise<RunResponse> {
  return until(async () => {
    const run = await readRun(api, runId);
    return run.status === 'queued' || run.status === 'running' ? undefined : run;
  });
}

/** Syncs a source of files and waits for the drift that it leads to. */
export async function sync(api: ApiClient, source: SourceResponse): Promise<RunResponse> {
  const { runId } = await startRun(api, source);
  const run = await settledRun(api, runId);
  await settledDrift(api);
  return run;
}

export function sendPart(
  api: ApiClient,
  runId: string,
  partNo: number,
  objects: readonly object[],
): Promise<{ isRepeated: boolean }> {
  const content = { type: 'application/x-ndjson', body: ndjson(objects) };
  return api.call({ method: 'PUT', resource: 'runs', path: [runId, 'parts', String(partNo)], content });
}

export function closePush(api: ApiClient, runId: string, parts: number): Promise<RunResponse> {
  const body = { parts, completeTypes: ['*'] };
  return api.call({ method: 'POST', resource: 'runs', path: [runId, 'close'], body });
}

/** Opens a run, sends everything in one part and closes it. */
export async function push(
  api: ApiClient,
  source: SourceResponse,
  objects: readonly object[],
): Promise<RunResponse> {
  const { runId } = await startRun(api, source);
  await sendPart(api, runId, 1, objects);
  return closePush(api, runId, 1);
}

/** Everything that there is of a resource. */
export async function listAll<T>(
  api: ApiClient,
  resource: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<T[]> {
  const all: T[] = [];
  for await (const each of api.listAll<T>({ resource, query })) all.push(each);
  return all;
}

export function listExecutions(api: ApiClient): Promise<ExecutionResponse[]> {
  return listAll(api, 'executions');
}

/** Waits until every execution has ended. */
export function settledDrift(api: ApiClient): Promise<ExecutionResponse[]> {
  return until(async () => {
    const executions = await listExecutions(api);
    return executions.every(({ status }) => status === 'succeeded' || status === 'failed')
      ? executions
      : undefined;
  });
}
