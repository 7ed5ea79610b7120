import { join } from 'node:path';
import { DriftplaneError } from '../core/errors.ts';
import { parsePlan } from '../core/parse-plan.ts';
import { parseYaml } from '../core/yaml-document.ts';
import type { ReplayResponse } from '../features/drift/drift-contract.ts';
import type { ExecutionResponse, HeldCandidateResponse } from '../features/executions/execution-contract.ts';
import type { AppliedPlanResponse } from '../features/plans/plan-contract.ts';
import type { ApiClient } from './api-client.ts';
import { readConfigText } from './config-file.ts';
import { fromHere, samplesFolder, syncBothExports } from './demo-tenant.ts';
import { printFindings } from './findings-command.ts';
import { type Column, printListing } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

const PLAN_FILE = join(samplesFolder, '..', 'plan.yaml');
const SOURCE = 'Contoso under a plan';

const heldColumns: readonly Column<HeldCandidateResponse>[] = [
  { title: 'LABEL', value: (row) => row.label, canShrink: true },
  { title: 'DRIFT', value: (row) => row.driftType },
  {
    title: 'HELD BACK BY',
    value: (row) => row.reasons.map(({ detail }) => detail).join('; '),
    canShrink: true,
  },
];

/** The same drift under a plan: what it lets through, what it holds back and why; and both computed again. */
export async function tellPlan(
  api: ApiClient,
  without: ExecutionResponse,
  terminal: Terminal,
): Promise<void> {
  terminal.say('\nThe same two exports, now of a source that a plan is for:\n');
  await applyPlan(api, terminal);
  const { sourceId, execution } = await syncBothExports(
    api,
    { name: SOURCE, serviceId: 'contoso' },
    terminal,
  );
  terminal.say(`$ driftplane findings list --source ${sourceId} --sort severity\n`);
  await printFindings(api, { limit: 20, query: { sort: 'severity', sourceId } }, terminal);
  terminal.say(`\n$ driftplane executions held ${execution.executionId}\n`);
  const held = api.listAll<HeldCandidateResponse>({
    resource: 'executions',
    path: [execution.executionId, 'held'],
  });
  await printListing(held, heldColumns, { empty: 'Nothing was held back.' }, terminal);
  terminal.say(`
${without.counts.findings} findings without a plan, ${execution.counts.findings} with it: ${execution.counts.heldBack} were held back, ${execution.heldBack.changes} changes in all.
Both computed again from the stored runs:`);
  for (const { executionId } of [without, execution]) await replay(api, executionId, terminal);
}

async function applyPlan(api: ApiClient, terminal: Terminal): Promise<void> {
  terminal.say(`$ driftplane plans apply -f ${fromHere(PLAN_FILE)}`);
  const yaml = parseYaml(readConfigText(PLAN_FILE));
  const parsed = parsePlan(yaml.ok ? yaml.value : null);
  const document = parsed.ok ? parsed.plan : null;
  const { action, plan } = await api.callOnce<AppliedPlanResponse>({
    method: 'POST',
    resource: 'plans',
    path: ['apply'],
    body: { document },
  });
  terminal.say(`  ${action}: "${plan?.name}", version ${plan?.version}, ${plan?.status}\n`);
}

async function replay(api: ApiClient, executionId: string, terminal: Terminal): Promise<void> {
  terminal.say(`$ driftplane executions replay ${executionId}`);
  try {
    const { isSame, digest } = await api.call<ReplayResponse>({
      method: 'POST',
      resource: 'executions',
      path: [executionId, 'replay'],
    });
    terminal.say(`  ${isSame ? 'the same findings, byte for byte' : 'OTHER FINDINGS'}: ${digest}`);
  } catch (error) {
    if (!(error instanceof DriftplaneError) || error.code !== 'not_replayable') throw error;
    // The data of the last time may be that of another release.
    terminal.say(`  ${error.message}. To begin anew remove the folder (or the database) named above.`);
  }
}
