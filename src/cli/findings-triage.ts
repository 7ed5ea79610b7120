import { type Command, Option } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import { countText } from '../core/report/count-text.ts';
import type { BulkResultResponse, FindingResponse } from '../features/findings/finding-contract.ts';
import { participles } from '../features/findings/finding-decision.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import {
  addFilterOptions,
  type FilterFields,
  type FilterOptions,
  filterFields,
} from './findings-filter-options.ts';
import { instantOption } from './instant-option.ts';
import type { Terminal } from './terminal.ts';

interface TriageOptions extends FilterOptions {
  readonly comment?: string;
  readonly expires?: string;
  readonly reason?: string;
  readonly until?: string;
  readonly all?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

const verbs = {
  acknowledge: 'say that somebody sees to them',
  accept: 'accept the values that they found',
  dismiss: 'say that they are none',
  snooze: 'put them off',
  reopen: 'take back what was decided',
} as const;

type Verb = keyof typeof verbs;

/** Adds a command for each decision: about findings named by their ids, or by a filter. */
export function addTriage(findings: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  for (const verb of Object.keys(verbs) as Verb[]) {
    const command = findings
      .command(verb)
      .description(`${verbs[verb]}: findings by their ids, or all of a filter`)
      .argument('[ids...]', 'their ids')
      .option('-c, --comment <text>', 'kept in their history');
    if (verb === 'accept') {
      command.option('--expires <when>', 'until then, an instant or such as 90d; without: for good');
    }
    if (verb === 'dismiss') {
      const reasons = new Option('--reason <reason>', 'why').choices(['false_positive', 'wont_fix']);
      command.addOption(reasons.makeOptionMandatory());
    }
    if (verb === 'snooze') command.requiredOption('--until <when>', 'until then, an instant or such as 7d');
    addFilterOptions(command)
      .option('--all', 'really all findings of the filter')
      .option('--dry-run', 'only say how many')
      .option('--json', 'as JSON')
      .action(async (ids: string[], options: TriageOptions) => {
        await triage(verb, ids, options, terminal);
        exitWith(0);
      });
  }
}

async function triage(
  verb: Verb,
  ids: readonly string[],
  options: TriageOptions,
  terminal: Terminal,
): Promise<void> {
  const now = new Date();
  const api = openApiClient(process.env);
  const filter = await filterFields(api, options, now);
  requireOneTarget(ids, filter, options);
  const said = decisionFields(options, now);
  const [only] = ids;
  if (ids.length === 1 && only !== undefined && options.dryRun !== true) {
    return decideOne(api, verb, only, said, options, terminal);
  }
  const result = await api.call<BulkResultResponse>({
    method: 'POST',
    resource: 'findings',
    path: ['bulk'],
    body: {
      action: verb,
      ...said,
      ...(ids.length > 0 ? { findingIds: ids } : { filter }),
      dryRun: options.dryRun === true,
    },
  });
  await terminal.write(
    options.json === true ? `${JSON.stringify(result, null, 2)}\n` : `${resultText(verb, result)}\n`,
  );
}

function requireOneTarget(ids: readonly string[], filter: FilterFields, options: TriageOptions): void {
  const hasFilter = Object.keys(filter).length > 0;
  if (ids.length > 0 && (hasFilter || options.all === true)) {
    throw new DriftplaneError('invalid_arguments', 'name findings by their ids or by a filter, not by both');
  }
  if (ids.length > 0 || options.all === true || (hasFilter && options.dryRun === true)) return;
  throw new DriftplaneError(
    'invalid_arguments',
    hasFilter
      ? 'a filter names many findings: look with --dry-run how many, then say --all'
      : 'name findings by their ids, or by a filter with --all',
  );
}

function decisionFields({ comment, expires, reason, until }: TriageOptions, now: Date): object {
  return {
    ...(comment === undefined ? {} : { comment }),
    ...(reason === undefined ? {} : { reason }),
    ...(expires === undefined ? {} : { expiresAt: instantOption('--expires', expires, now) }),
    ...(until === undefined ? {} : { until: instantOption('--until', until, now) }),
  };
}

/** One finding, as it is now: what somebody else decides in between is not overwritten. */
async function decideOne(
  api: ApiClient,
  verb: Verb,
  findingId: string,
  said: object,
  options: TriageOptions,
  terminal: Terminal,
): Promise<void> {
  const path = [findingId];
  const { revision } = (await api.read<FindingResponse>({ resource: 'findings', path })).body;
  const finding = await api.call<FindingResponse>({
    method: 'POST',
    resource: 'findings',
    path: [findingId, verb],
    body: said,
    ifMatch: revision,
  });
  await terminal.write(
    options.json === true
      ? `${JSON.stringify(finding, null, 2)}\n`
      : `${finding.findingId} is ${finding.state}.\n`,
  );
}

function resultText(verb: Verb, result: BulkResultResponse): string {
  const { isDryRun, matched, changed, refused, changedMeanwhile, notFound } = result;
  const of = `${changed} of ${countText(matched, 'finding')}`;
  return [
    isDryRun ? `${of} would be ${participles[verb]}` : `${participles[verb]}: ${of}`,
    ...refused.map(({ state, count }) => `  ${count} ${state}: their state does not allow it`),
    ...(changedMeanwhile > 0 ? [`  ${changedMeanwhile} were dealt with by somebody else meanwhile`] : []),
    ...(notFound > 0 ? [`  ${notFound} not found`] : []),
  ].join('\n');
}
