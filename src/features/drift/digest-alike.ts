import { canonicalJson } from '../../core/canonical-json.ts';
import { digestNewlySensitive } from '../../core/digest-newly-sensitive.ts';
import { DriftplaneError } from '../../core/errors.ts';
import type { ItemType } from '../../core/item-type.ts';
import { isJsonObject, type JsonValue } from '../../core/json-value.ts';
import { labelOf } from '../../core/read-item.ts';
import { isSensitiveDigest } from '../../core/redact.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { DriftedItem, ItemState } from '../inventory/interval-read-model.ts';
import { findTypeInForce } from '../inventory/redact-history.ts';
import { factsOf, type RulesOf } from './item-change.ts';

/**
 * Where a type began to call more sensitive, its history is digested at once, a live version only when a run sees it
 * next. In between a value would differ from its own digest and be shown: here both sides are digested where one is.
 */
export class DigestAlike {
  readonly #scopeId: string;
  readonly #inForce = new Map<string, ItemType | null>();
  #digestKey = '';

  constructor(scopeId: string) {
    this.#scopeId = scopeId;
  }

  /** Reads what these items need, once for each of their types. */
  async load(tx: WorkspaceTransaction, items: readonly DriftedItem[]): Promise<void> {
    for (const { itemType } of items) {
      if (this.#inForce.has(itemType)) continue;
      if (this.#digestKey === '') this.#digestKey = await getDigestKey(tx);
      this.#inForce.set(itemType, await findTypeInForce(tx, { scopeId: this.#scopeId, itemType }));
    }
  }

  /** The item as it is compared; the same object where nothing is to be digested. */
  apply(item: DriftedItem, rulesOf: RulesOf): DriftedItem {
    const inForce = this.#inForce.get(item.itemType) ?? null;
    if (inForce === null) return item;
    const digest = (state: ItemState | null): ItemState | null => this.#digest(state, inForce, rulesOf);
    let isChanged = false;
    const steps = item.steps.map((step) => {
      const digested = { before: digest(step.before), after: digest(step.after) };
      const [isOnlyBefore, isOnlyAfter] = [
        digested.before !== step.before && holdsDigest(step.after),
        digested.after !== step.after && holdsDigest(step.before),
      ];
      if (isOnlyBefore === isOnlyAfter) return step;
      isChanged = true;
      return digested;
    });
    return isChanged ? { ...item, steps } : item;
  }

  #digest(state: ItemState | null, inForce: ItemType, rulesOf: RulesOf): ItemState | null {
    if (state === null || state.rulesDigest === inForce.rulesDigest) return state;
    const made = rulesOf(state.rulesDigest);
    const facts = factsOf(state);
    const digested = digestNewlySensitive(facts, { made, inForce }, this.#digestKey);
    if (digested === facts) return state;
    const isLabelHidden = labelOf(digested, made) === '[redacted]';
    return {
      ...state,
      facts: canonicalJson(digested),
      label: isLabelHidden ? '[redacted]' : state.label,
    };
  }
}

async function getDigestKey(tx: WorkspaceTransaction): Promise<string> {
  const { rows } = await tx.client.query<{ digest_key: string }>(
    'select digest_key from driftplane.workspaces where workspace_id = $1',
    [tx.workspaceId],
  );
  if (rows[0] === undefined) throw new DriftplaneError('workspace_not_found', 'there is no such workspace');
  return rows[0].digest_key;
}

function holdsDigest(state: ItemState | null): boolean {
  return state !== null && isOrHoldsDigest(factsOf(state));
}

function isOrHoldsDigest(value: JsonValue): boolean {
  if (isSensitiveDigest(value)) return true;
  if (Array.isArray(value)) return value.some(isOrHoldsDigest);
  return isJsonObject(value) && Object.values(value).some((member) => isOrHoldsDigest(member as JsonValue));
}
