import { subjectValueHash } from '../../core/subject-value.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { listValuedSubjects, type RenewedValue, renewValues } from '../findings/renew-values.ts';
import { readStatesAt, stateKey } from '../inventory/interval-read-model.ts';
import { RulesByDigest } from '../inventory/rules-read-model.ts';
import { factsOf } from './item-change.ts';
import type { RunPair } from './run-pair.ts';

/**
 * Where the current run also brought items under new rules, the values that findings and acceptances know are
 * written as the new rules write them: what was accepted stays accepted, and its way back is still recognised.
 */
export async function carryValuesOver(tx: WorkspaceTransaction, pair: RunPair): Promise<void> {
  const { scopeId, current } = pair;
  if (current.endSeq === current.seq) return;
  const rules = new RulesByDigest();
  for await (const subjects of listValuedSubjects(tx, scopeId)) {
    const before = await readStatesAt(tx, { scopeId, seq: current.seq }, subjects);
    const after = await readStatesAt(tx, { scopeId, seq: current.endSeq }, subjects);
    await rules.load(
      tx,
      [...before.values(), ...after.values()].map(({ rulesDigest }) => rulesDigest),
    );
    const renewed = subjects.flatMap(({ subjectKey, itemType, externalId, driftType }): RenewedValue[] => {
      const key = stateKey(itemType, externalId);
      const [one, other] = [before.get(key), after.get(key)];
      if (one === undefined || other === undefined || one.rulesDigest === other.rulesDigest) return [];
      const [from, to] = [one, other].map((state) =>
        subjectValueHash(factsOf(state), rules.get(state.rulesDigest), driftType),
      );
      if (typeof from !== 'string' || typeof to !== 'string' || from === to) return [];
      return [{ subjectKey, from, to }];
    });
    await renewValues(tx, scopeId, renewed);
  }
}
