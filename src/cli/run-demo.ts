import { join } from 'node:path';
import { DriftplaneError } from '../core/errors.ts';
import { resolveDataDir } from '../db/embedded/data-directory.ts';
import { createAdminToken, listWorkspaces } from '../features/workspaces/workspace-service.ts';
import { createLogger } from '../server/logger.ts';
import { readServerConfig } from '../server/server-config.ts';
import { startDriftplaneWorker } from '../worker/start-worker.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import { tellPlan } from './demo-plan.ts';
import { samplesFolder, syncBothExports } from './demo-tenant.ts';
import { printFindings } from './findings-command.ts';
import { packageVersion } from './package-version.ts';
import { type RunningDriftplane, startDriftplane } from './start-driftplane.ts';
import { untilStopped } from './stop-signals.ts';
import type { Terminal } from './terminal.ts';

const SOURCE = 'Contoso';
const TOKEN_HOURS = 24;

/** `driftplane demo`: tells its story and, where it waits, stays up until a signal stops it. */
export async function runDemo(options: { readonly wait: boolean }, terminal: Terminal): Promise<number> {
  await untilStopped(async (stopped) => {
    const demo = await start(terminal);
    try {
      await tell(demo, terminal);
      if (options.wait) {
        terminal.say('\nIt stays up until you press Ctrl-C. Started again it finds what is there now.');
        await stopped;
        terminal.say('Stopping.');
      }
    } finally {
      await demo.server.stop();
    }
  });
  return 0;
}

interface Demo {
  readonly server: RunningDriftplane;
  readonly api: ApiClient;
  readonly token: string;
}

/** Starts a server over the samples, on the usual port or, where that is taken, on a free one. */
async function start(terminal: Terminal): Promise<Demo> {
  const env = { ...process.env, DRIFTPLANE_FILE_ROOTS: samplesFolder.replace(/\/$/, '') };
  const config = readServerConfig(env);
  const dataDir = join(resolveDataDir(env), 'demo');
  const log = createLogger({
    level: process.env.DRIFTPLANE_LOG_LEVEL === undefined ? 'warn' : config.logLevel,
    isPretty: process.stderr.isTTY === true,
    write: (line) => void process.stderr.write(line),
  });
  terminal.say(
    config.databaseUrl === null
      ? `Starting Driftplane with a PostgreSQL of its own in ${dataDir} …`
      : 'Starting Driftplane on the database of DATABASE_URL …',
  );
  const options = { config, dataDir, version: packageVersion(), log, startWorker: startDriftplaneWorker };
  const server = await startDriftplane(options).catch((error: unknown) => {
    const isTaken = error instanceof DriftplaneError && error.code === 'address_in_use';
    if (!isTaken || process.env.PORT !== undefined) throw error;
    return startDriftplane({ ...options, config: { ...config, port: 0 } });
  });
  const token = server.adminToken ?? (await anotherToken(server));
  return { server, token, api: openApiClient({ DRIFTPLANE_URL: server.url, DRIFTPLANE_TOKEN: token }) };
}

/** The first token was shown once, to whoever started it then; the demo hands out another. */
async function anotherToken({ database }: RunningDriftplane): Promise<string> {
  const [workspace] = await listWorkspaces(database.urls.owner);
  if (workspace === undefined) throw new DriftplaneError('workspace_not_found', 'there is no workspace');
  const expiresAt = new Date(Date.now() + TOKEN_HOURS * 3_600_000);
  const workspaceId = workspace.workspace_id;
  return (await createAdminToken(database.urls.owner, { workspaceId, name: 'demo', expiresAt })).adminToken;
}

async function tell({ server, api, token }: Demo, terminal: Terminal): Promise<void> {
  terminal.say(`Listening on ${server.url}; the API is described at ${server.url}/api/docs\n`);
  terminal.say('Two exports of the tenant Contoso, a month apart: what drifted between them?\n');
  const { sourceId, execution } = await syncBothExports(api, { name: SOURCE, serviceId: null }, terminal);
  terminal.say(`$ driftplane findings list --source ${sourceId} --sort severity\n`);
  await printFindings(api, { limit: 20, query: { sort: 'severity', sourceId } }, terminal);
  await tellPlan(api, execution, terminal);
  terminal.say(`
Go on in another terminal (the token is for this demo):
  export DRIFTPLANE_URL=${server.url} DRIFTPLANE_TOKEN=${token}
  npx driftplane findings list                       then: findings show ID, acknowledge, accept, snooze, dismiss
  npx driftplane plans list                          then: plans show, compare, backtest start, analytics
  npx driftplane runs list                           what was observed, and how completely
  npx driftplane items list                          the inventory; items history shows how it came to be so
  npx driftplane audit list                          who did what
  curl -H "Authorization: Bearer $DRIFTPLANE_TOKEN" $DRIFTPLANE_URL/api/findings/${api.workspaceId}
Without a server, on two exports of your own:
  npx driftplane diff BASELINE CURRENT`);
}
