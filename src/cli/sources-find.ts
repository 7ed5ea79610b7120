import { DriftplaneError } from '../core/errors.ts';
import type { SourceResponse } from '../features/sources/source-contract.ts';
import type { ApiClient } from './api-client.ts';

/**
 * The source of a name or an id; of a name the live one. Throws `source_not_found`, `invalid_arguments` where an
 * archived one only has the name.
 */
export async function findSource(api: ApiClient, nameOrId: string): Promise<SourceResponse> {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(nameOrId)) {
    return api.call<SourceResponse>({ resource: 'sources', path: [nameOrId] });
  }
  const name = nameOrId.normalize('NFC').trim();
  for await (const source of api.listAll<SourceResponse>({ resource: 'sources' })) {
    if (source.name === name) return source;
  }
  throw new DriftplaneError(
    'source_not_found',
    `there is no source ${JSON.stringify(nameOrId)}; see driftplane sources list (an archived one is named by its id)`,
  );
}

/** The id of the source that a flag names; nothing where it names none. */
export async function findSourceId(
  api: ApiClient,
  nameOrId: string | undefined,
): Promise<string | undefined> {
  return nameOrId === undefined ? undefined : (await findSource(api, nameOrId)).sourceId;
}
