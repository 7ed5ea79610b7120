import type { Command } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import type { TraceEntry } from '../core/plan-resolution.ts';
import type { ResolutionResponse } from '../features/plans/plan-contract.ts';
import { type ApiClient, openApiClient } from './api-client.ts';
import { scopeText } from './plans-print.ts';
import { resolveAllSources, resolveFile } from './plans-resolve-many.ts';
import { omittedText, traceColumns } from './plans-trace.ts';
import { printListing, printRecord } from './print-listing.ts';
import { findSource } from './sources-find.ts';
import type { Terminal } from './terminal.ts';

interface ResolveOptions {
  readonly service?: string;
  readonly repo?: string;
  readonly docClass?: string;
  readonly source?: string;
  readonly allSources?: true;
  readonly file?: string;
  readonly json?: true;
}

/** Adds `plans resolve`. */
export function addPlanResolve(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  plans
    .command('resolve')
    .description('say which plan counts for a service, repository and document class, and why')
    .option('--service <id>', 'the service')
    .option('--repo <owner/name>', 'the repository')
    .option('--doc-class <class>', 'the document class')
    .option('--source <source>', 'all three from the binding of a source (name or id)')
    .option('--all-sources', 'for each source, by its binding')
    .option(
      '-f, --file <file>',
      'for many: a list of {serviceId, repoFullName, docClass} (YAML); - for stdin',
    )
    .option('--json', 'as JSON')
    .action(async (options: ResolveOptions) => {
      requireOneQuestion(options);
      const api = openApiClient(process.env);
      if (options.allSources === true) await resolveAllSources(api, options, terminal);
      else if (options.file !== undefined) await resolveFile(api, options.file, options, terminal);
      else await resolveOne(api, options, terminal);
      exitWith(0);
    });
}

function requireOneQuestion({ service, repo, docClass, source, allSources, file }: ResolveOptions): void {
  const isSubject = [service, repo, docClass].some((given) => given !== undefined);
  const asked = [isSubject, source !== undefined, allSources === true, file !== undefined];
  if (asked.filter(Boolean).length <= 1) return;
  throw new DriftplaneError(
    'invalid_arguments',
    'name a source, or --all-sources, or a file, or a service, repository and document class, not several',
  );
}

async function resolveOne(api: ApiClient, options: ResolveOptions, terminal: Terminal): Promise<void> {
  const { service, repo, docClass, source } = options;
  const body =
    source === undefined
      ? { serviceId: service, repoFullName: repo, docClass }
      : (await findSource(api, source)).binding;
  const path = ['resolve'];
  const found = await api.call<ResolutionResponse>({
    method: 'POST',
    resource: 'plans',
    isGlobal: true,
    path,
    body,
  });
  await printResolution(found, options, terminal);
}

async function printResolution(
  found: ResolutionResponse,
  options: ResolveOptions,
  terminal: Terminal,
): Promise<void> {
  const { plan, step, resolutionMethod, trace, omittedTraceEntries } = found;
  const fields = [
    ['plan', plan === null ? 'none: the built-in default counts' : plan.name],
    ['id', plan?.planId ?? null],
    ['version', plan === null ? null : `${plan.version} (${plan.versionHash})`],
    ['scope', plan === null ? null : scopeText(plan)],
    ['found in', `step ${step}, ${resolutionMethod}`],
  ] as const;
  await printRecord(found, fields, options, terminal);
  if (options.json === true) return;
  if (trace.length > 0) await terminal.write('\n');
  await printListing(
    trace as TraceEntry[],
    traceColumns,
    { empty: 'No plan in force matches any step.' },
    terminal,
  );
  if (omittedTraceEntries > 0) terminal.say(omittedText(omittedTraceEntries));
}
