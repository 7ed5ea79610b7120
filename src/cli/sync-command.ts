import type { Command } from 'commander';
import type { RunResponse } from '../features/inventory/sync-run-contract.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import { driftText } from './drift-text.ts';
import { printListing } from './print-listing.ts';
import { printRun } from './print-run.ts';
import { cutIntoParts, readNdjson } from './push-parts.ts';
import { findSource } from './sources-find.ts';
import type { Terminal } from './terminal.ts';
import { exitCodeOfRun, waitForRun } from './wait-for-run.ts';

const MIB = 1024 * 1024;
const PART_MIB = 32;
/** How often a part is sent when the connection breaks. */
const MAX_ATTEMPTS = 3;

interface WaitOptions {
  readonly json?: true;
  /** False: the command ends when the run has been started. */
  readonly wait: boolean;
}

/** Adds `driftplane sync`. */
export function addSync(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  program
    .command('sync')
    .description('read a source of files now, and wait for what drifted')
    .argument('<source>', 'its name or id')
    .option('--no-wait', 'do not wait for the run')
    .option('--json', 'as JSON')
    .action(async (source: string, options: WaitOptions) => {
      const api = openApiClient(process.env);
      const { sourceId } = await findSource(api, source);
      const run = await startRun(api, sourceId);
      exitWith(await finish(api, run, options, terminal));
    });
}

/** Adds `driftplane push`. */
export function addPush(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  program
    .command('push')
    .description('send an inventory as NDJSON to a source of pushes, and wait for what drifted')
    .argument('<source>', 'its name or id')
    .argument('<files...>', 'NDJSON files, gzipped or not; - for stdin')
    .option('--complete <types...>', "item types (or globs) of which these are all; '*' for every type")
    .option('--part-size <MiB>', 'how much is sent at once', Number, PART_MIB)
    .option('--no-wait', 'do not wait for the drift')
    .option('--json', 'as JSON')
    .action(async (source: string, files: string[], options: WaitOptions & PushOptions) => {
      const api = openApiClient(process.env);
      const { sourceId } = await findSource(api, source);
      const run = await push(api, sourceId, files, options, terminal);
      exitWith(await finish(api, run, options, terminal));
    });
}

interface PushOptions {
  readonly complete?: readonly string[];
  readonly partSize: number;
}

function startRun(api: ApiClient, sourceId: string): Promise<RunResponse> {
  return api.callOnce<RunResponse>({ method: 'POST', resource: 'runs', body: { sourceId } });
}

async function push(
  api: ApiClient,
  sourceId: string,
  files: readonly string[],
  options: PushOptions,
  terminal: Terminal,
): Promise<RunResponse> {
  const { complete = [] } = options;
  if (complete.length === 0) {
    terminal.say(
      "Without --complete nothing can be found gone. For an export of everything say --complete '*'.",
    );
  }
  const { runId } = await startRun(api, sourceId);
  try {
    let parts = 0;
    for await (const part of cutIntoParts(readNdjson(files, process.stdin), options.partSize * MIB)) {
      parts++;
      terminal.progress(`run ${runId}: sending part ${parts}`);
      await sendPart(api, runId, parts, part);
    }
    terminal.progress(null);
    return await api.call<RunResponse>({
      method: 'POST',
      resource: 'runs',
      path: [runId, 'close'],
      body: { parts, completeTypes: complete },
    });
  } catch (error) {
    // A run that will not be closed would keep others from the scope.
    await api.call({ method: 'POST', resource: 'runs', path: [runId, 'cancel'] }).catch(() => {});
    throw error;
  }
}

/** Sends a part, again when the connection breaks: the server recognises what it has. */
async function sendPart(api: ApiClient, runId: string, partNo: number, part: Buffer): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await api.call({
        method: 'PUT',
        resource: 'runs',
        path: [runId, 'parts', String(partNo)],
        content: { type: 'application/x-ndjson', body: new Uint8Array(part) },
      });
      return;
    } catch (error) {
      const isBroken = error instanceof Error && 'code' in error && error.code === 'server_unreachable';
      if (!isBroken || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function finish(
  api: ApiClient,
  started: RunResponse,
  options: WaitOptions,
  terminal: Terminal,
): Promise<number> {
  if (!options.wait) {
    await printRun(started, options, terminal);
    return 0;
  }
  const finished = await waitForRun(api, started.runId, terminal);
  const { run, execution } = finished;
  if (options.json === true)
    await printListing([{ run, execution }], [], { json: true, empty: '' }, terminal);
  else {
    await printRun(run, options, terminal);
    if (execution !== null) terminal.say(driftText(execution));
    else if (run.runSeq === 1) terminal.say('The first run of its scope: what follows is compared with it.');
  }
  return exitCodeOfRun(finished);
}
