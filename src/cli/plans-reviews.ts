import type { Command } from 'commander';
import type { z } from 'zod';
import { countText } from '../core/report/count-text.ts';
import { printable } from '../core/report/printable.ts';
import type {
  PlanVersionResponse,
  reviewPageSchema,
  reviewStandingSchema,
} from '../features/plans/plan-contract.ts';
import { openApiClient } from './api-client.ts';
import { parsePositive } from './parse-positive.ts';
import { findPlan, PLAN_ARGUMENT } from './plans-find.ts';
import { type Column, printListing } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

type ReviewEntry = z.infer<typeof reviewPageSchema>['items'][number];
type ReviewStanding = z.infer<typeof reviewStandingSchema>;

const verbs = {
  submit: 'ask for review of a version',
  approve: 'agree with a version that somebody else made',
  reject: 'disagree with a version',
  withdraw: 'take a version back from review',
} as const;

type Verb = keyof typeof verbs;

/** What is said of a content by who has looked at it: what a version happens to be at that moment is not enough. */
const isVerdict = (verb: Verb): boolean => verb === 'approve' || verb === 'reject';

interface ReviewOptions {
  readonly comment?: string;
  readonly json?: true;
}

/** Adds `plans reviews` and a command for each thing that is said of a version. */
export function addPlanReviews(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  plans
    .command('reviews')
    .description('list what happened to the versions of one on their way into force, the newest first')
    .argument(...PLAN_ARGUMENT)
    .option('--version <number>', 'only to this version', parsePositive)
    .option('--json', 'as JSON')
    .action(async (idOrName: string, { version, json }: { version?: number; json?: true }) => {
      const api = openApiClient(process.env);
      const path = [(await findPlan(api, idOrName)).planId, 'reviews'];
      const rows = api.listAll<ReviewEntry>({ resource: 'plans', path, query: { version } });
      await printListing(rows, columns, { json, empty: 'Nothing has happened to it.' }, terminal);
      exitWith(0);
    });
  for (const verb of Object.keys(verbs) as Verb[]) {
    const [argument, what] = isVerdict(verb)
      ? ['<version>', 'the number of the version that you looked at']
      : ['[version]', 'its number; without: the newest'];
    plans
      .command(verb)
      .description(verbs[verb])
      .argument(...PLAN_ARGUMENT)
      .argument(argument, what, parsePositive)
      .option('-c, --comment <text>', 'kept with it')
      .option('--json', 'as JSON')
      .action(async (idOrName: string, version: number | undefined, options: ReviewOptions) => {
        await review(verb, { idOrName, version }, options, terminal);
        exitWith(0);
      });
  }
}

const columns: readonly Column<ReviewEntry>[] = [
  { title: 'VERSION', value: ({ version }) => version },
  { title: 'WHAT', value: ({ kind }) => kind },
  { title: 'STATE', value: ({ toState }) => toState },
  { title: 'AT', value: ({ at }) => at },
  { title: 'BY', value: ({ actor }) => actor.label, canShrink: true },
  { title: 'COMMENT', value: ({ comment }) => comment, canShrink: true },
];

async function review(
  verb: Verb,
  target: { readonly idOrName: string; readonly version: number | undefined },
  { comment, json }: ReviewOptions,
  terminal: Terminal,
): Promise<void> {
  const api = openApiClient(process.env);
  const { planId, name, latest } = await findPlan(api, target.idOrName);
  const { version = latest.version } = target;
  const { versionHash } = await api.call<PlanVersionResponse>({
    resource: 'plans',
    path: [planId, 'versions', String(version)],
  });
  const standing = await api.call<ReviewStanding>({
    method: 'POST',
    resource: 'plans',
    path: [planId, 'reviews'],
    body: { version, versionHash, action: verb, comment },
  });
  if (json === true) return terminal.write(`${JSON.stringify(standing, null, 2)}\n`);
  const { givenApprovals: given, requiredApprovals: required } = standing;
  const of = `${given} of ${countText(required, 'required approval')}`;
  await terminal.write(
    `version ${version} of ${printable(JSON.stringify(name))} (${versionHash}) is ${standing.version.state}, with ${of}.\n`,
  );
}
