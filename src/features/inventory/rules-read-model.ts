import { DriftplaneError } from '../../core/errors.ts';
import { compileItemType, type ItemType } from '../../core/item-type.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { findDefinitions } from './ingest/rules-in-force.ts';

/** The rules by which versions were made, compiled when they are first needed. For one piece of work. */
export class RulesByDigest {
  readonly #types = new Map<string, ItemType>();

  /** Makes `get` answer for these digests. Throws `internal_error` for one that nobody has kept. */
  async load(tx: WorkspaceTransaction, digests: Iterable<string>): Promise<void> {
    const missing = [...new Set(digests)].filter((digest) => !this.#types.has(digest));
    if (missing.length === 0) return;
    const definitions = await findDefinitions(tx, missing);
    if (definitions.length < missing.length) {
      throw new DriftplaneError('internal_error', 'the rules of an item version are not kept');
    }
    definitions.forEach((definition, index) => {
      this.#types.set(missing[index] as string, compileItemType(definition));
    });
  }

  get(digest: string): ItemType {
    const type = this.#types.get(digest);
    if (type === undefined) throw new DriftplaneError('internal_error', `the rules ${digest} are not loaded`);
    return type;
  }
}
