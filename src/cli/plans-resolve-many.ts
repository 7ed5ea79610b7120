import { DriftplaneError, type ErrorDetail } from '../core/errors.ts';
import { MAX_SUBJECTS } from '../core/plan-resolution.ts';
import { parseYaml } from '../core/yaml-document.ts';
import type {
  PlanSubjectBody,
  ResolutionResponse,
  ResolutionsResponse,
} from '../features/plans/plan-contract.ts';
import type { SourceResponse } from '../features/sources/source-contract.ts';
import type { ApiClient } from './api-client.ts';
import { readConfigFile } from './config-file.ts';
import { type Column, printListing } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface Resolved {
  readonly subject: PlanSubjectBody;
  readonly resolution: ResolutionResponse;
}

interface ResolvedSource extends Resolved {
  readonly source: Pick<SourceResponse, 'sourceId' | 'name'>;
}

const subjectColumns: readonly Column<Resolved>[] = [
  { title: 'SERVICE', value: ({ subject }) => subject.serviceId ?? '–', canShrink: true },
  { title: 'REPOSITORY', value: ({ subject }) => subject.repoFullName ?? '–', canShrink: true },
  { title: 'DOCUMENT CLASS', value: ({ subject }) => subject.docClass ?? '–', canShrink: true },
];

const resolutionColumns: readonly Column<Resolved>[] = [
  { title: 'PLAN', value: ({ resolution }) => resolution.plan?.name ?? 'built-in default', canShrink: true },
  { title: 'VERSION', value: ({ resolution }) => resolution.plan?.version ?? '–' },
  { title: 'STEP', value: ({ resolution }) => `${resolution.step} ${resolution.resolutionMethod}` },
  { title: 'PLAN ID', value: ({ resolution }) => resolution.plan?.planId ?? '–', canDrop: true },
];

/** Writes the plan of each source, by its binding. */
export async function resolveAllSources(
  api: ApiClient,
  options: { readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  const sources: SourceResponse[] = [];
  for await (const source of api.listAll<SourceResponse>({ resource: 'sources' })) sources.push(source);
  const resolutions = await resolveMany(
    api,
    sources.map(({ binding }) => binding),
  );
  const rows = sources.map(
    ({ sourceId, name, binding }, index): ResolvedSource => ({
      source: { sourceId, name },
      subject: binding,
      resolution: resolutions[index] as ResolutionResponse,
    }),
  );
  const columns: readonly Column<ResolvedSource>[] = [
    { title: 'SOURCE', value: ({ source }) => source.name, canShrink: true },
    ...resolutionColumns,
  ];
  await printListing(rows, columns, { ...options, empty: 'There is no source.' }, terminal);
}

/** Writes the plan of each subject in a file, in its order. Throws `invalid_request` with the lines at fault. */
export async function resolveFile(
  api: ApiClient,
  path: string,
  options: { readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  const { name, text } = await readConfigFile(path);
  const yaml = parseYaml(text);
  if (!yaml.ok) {
    throw new DriftplaneError('invalid_arguments', `${name} is not valid YAML`, { details: yaml.details });
  }
  const subjects = yaml.value ?? [];
  if (!Array.isArray(subjects)) {
    throw new DriftplaneError(
      'invalid_arguments',
      `${name} is not a list of subjects, such as [{serviceId: billing}, {repoFullName: contoso/billing}]`,
    );
  }
  const resolutions = await resolveMany(api, subjects).catch((error: unknown) => {
    if (!(error instanceof DriftplaneError) || error.code !== 'invalid_request') throw error;
    const details = yaml.withLines(error.details);
    throw new DriftplaneError('invalid_request', `${name} is not valid`, { details, cause: error });
  });
  const rows = subjects.map(
    (subject: PlanSubjectBody, index): Resolved => ({
      subject,
      resolution: resolutions[index] as ResolutionResponse,
    }),
  );
  const columns = [...subjectColumns, ...resolutionColumns];
  await printListing(rows, columns, { ...options, empty: `${name} names no subject.` }, terminal);
}

/** The plans of as many subjects as there are; what is wrong with one is told at its place among all of them. */
async function resolveMany(api: ApiClient, subjects: readonly unknown[]): Promise<ResolutionResponse[]> {
  const found: ResolutionResponse[] = [];
  for (let start = 0; start < subjects.length; start += MAX_SUBJECTS) {
    const body = { subjects: subjects.slice(start, start + MAX_SUBJECTS) };
    const request = { method: 'POST', resource: 'plans', path: ['resolve'], body } as const;
    try {
      found.push(...(await api.call<ResolutionsResponse>(request)).resolutions);
    } catch (error) {
      throw error instanceof DriftplaneError ? error.withDetails(placesOf(error.details, start)) : error;
    }
  }
  return found;
}

/** Places in the body of a batch as places in the list that it was cut from. */
function placesOf(details: readonly ErrorDetail[], start: number): ErrorDetail[] {
  return details.map((detail) => ({
    ...detail,
    pointer: detail.pointer.replace(/^\/subjects\/(\d+)/, (_, index) => `/${start + Number(index)}`),
  }));
}
