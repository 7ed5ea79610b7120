import { z } from 'zod';
import { DriftplaneError } from '../../core/errors.ts';
import type { ItemType } from '../../core/item-type.ts';
import type { ItemTypeRegistry } from '../../core/item-type-registry.ts';
import { nearestWord } from '../../core/nearest.ts';
import type { Api } from '../../http/api.ts';
import { problems } from '../../http/problem-contract.ts';
import { type ItemTypeSummary, itemTypeListSchema, itemTypeResponseSchema } from './type-contract.ts';

/** `registry`: the item types in force, the same for all workspaces. */
export function registerTypeRoutes(api: Api, { registry }: { readonly registry: ItemTypeRegistry }): void {
  api.get(
    '/api/types',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['types'],
        summary: 'List the item types in force, in the order in which they are tried',
        operationId: 'listItemTypes',
        response: { 200: itemTypeListSchema },
      },
    },
    async () => ({ registryDigest: registry.digest, items: registry.types.map(toSummary) }),
  );
  api.get(
    '/api/types/:itemType',
    {
      config: { access: 'viewer' },
      schema: {
        tags: ['types'],
        summary: 'Show an item type with all rules in force',
        operationId: 'showItemType',
        params: z.object({ itemType: z.string() }),
        response: { 200: itemTypeResponseSchema, ...problems('item_type_not_found') },
      },
    },
    async (request) => {
      const type = registry.get(request.params.itemType);
      if (type === undefined) throw typeNotFound(request.params.itemType, registry);
      return { ...toSummary(type), definition: { ...type.definition } };
    },
  );
}

function toSummary({ name, title, definition, identityPointers, rulesDigest }: ItemType): ItemTypeSummary {
  return {
    itemType: name,
    title,
    isFallback: definition.isFallback,
    isCompanion: definition.isCompanion,
    matchCount: definition.match.length,
    identity: [...identityPointers],
    rulesDigest,
  };
}

function typeNotFound(name: string, registry: ItemTypeRegistry): DriftplaneError {
  const nearest = nearestWord(
    name,
    registry.types.map((type) => type.name),
  );
  const hint = nearest === null ? '' : `; did you mean ${nearest}?`;
  return new DriftplaneError('item_type_not_found', `there is no such item type${hint}`);
}
