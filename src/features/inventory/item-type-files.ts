import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compareText } from '../../core/compare-text.ts';
import { DriftplaneError } from '../../core/errors.ts';
import {
  createItemTypeRegistry,
  type ItemTypeRegistry,
  parseItemTypes,
} from '../../core/item-type-registry.ts';
import type { ItemTypeDefinition } from '../../core/item-type-schema.ts';
import { parseYaml } from '../../core/yaml-document.ts';

/** The folder of the definitions that come with the product; the same from `src` and from `dist`. */
const builtInFolder = new URL('../../../item-types/', import.meta.url);

/** The text of an item type file, and what to call it in messages. */
export interface ItemTypeFile {
  readonly path: string;
  readonly text: string;
}

/** The built-in item types. Read at each call; the caller keeps them. */
function readBuiltInItemTypes(): ItemTypeDefinition[] {
  const names = readdirSync(builtInFolder).filter((name) => name.endsWith('.yaml'));
  return names.sort(compareText).flatMap((name) => {
    const url = new URL(name, builtInFolder);
    return parseItemTypeFile({ path: fileURLToPath(url), text: readFileSync(url, 'utf8') });
  });
}

/** Throws `invalid_item_types` with all that is wrong in the file. */
export function parseItemTypeFile({ path, text }: ItemTypeFile): readonly ItemTypeDefinition[] {
  const yaml = parseYaml(text);
  if (!yaml.ok)
    throw new DriftplaneError('invalid_item_types', `${path} is not valid YAML`, { details: yaml.details });
  const parsed = parseItemTypes(yaml.value);
  if (parsed.ok) return parsed.definitions;
  const details = yaml.withLines(parsed.details);
  throw new DriftplaneError('invalid_item_types', `${path} does not describe item types`, { details });
}

/** The item types in force: the user's file, if there is one, before the built-in ones. Throws `invalid_item_types`. */
export function loadItemTypes(own: ItemTypeFile | null): ItemTypeRegistry {
  const definitions = own === null ? [] : parseItemTypeFile(own);
  const result = createItemTypeRegistry({ own: definitions, builtIn: readBuiltInItemTypes() });
  if (result.ok) return result.registry;
  const yaml = own === null ? null : parseYaml(own.text);
  const details = yaml?.ok === true ? yaml.withLines(result.details) : result.details;
  throw new DriftplaneError(
    'invalid_item_types',
    `${own?.path ?? 'The built-in item types'}: the definitions do not fit together`,
    {
      details,
    },
  );
}
