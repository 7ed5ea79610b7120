import type { DriftType } from '../../core/drift-type.ts';
import { subjectValueHash } from '../../core/subject-value.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { listValuedSubjects, renewValues } from '../findings/renew-values.ts';
import { readStatesAt, stateKey } from '../inventory/interval-read-model.ts';
import { RulesByDigest } from '../inventory/rules-read-model.ts';
import { factsOf } from './item-change.ts';
import type { RunPair } from './run-pair.ts';

/**
 * Where the current run also brought items under new rules, the values that findings and acceptances know are
 * written as the new rules write them: what was accepted stays accepted, and its way back is still recognised.
 */
export async function carryValuesOver(tx: WorkspaceTransaction, pair: RunPair): Promise<void> {
  if (!bringsNewRules(pair)) return;
  const rules = new RulesByDigest();
  for await (const subjects of listValuedSubjects(tx, pair.scopeId)) {
    await renewValues(tx, pair.scopeId, await renewedValues(tx, pair, subjects, rules));
  }
}

/** Whether the current run brought items under new rules. */
export function bringsNewRules({ current }: Pick<RunPair, 'current'>): boolean {
  return current.endSeq !== current.seq;
}

interface NamedSubject {
  readonly itemType: string;
  readonly externalId: string;
  readonly driftType: DriftType;
}

/** Those of the subjects whose value has another digest under the new rules, with both digests. */
export async function renewedValues<Subject extends NamedSubject>(
  tx: WorkspaceTransaction,
  { scopeId, current }: Pick<RunPair, 'scopeId' | 'current'>,
  subjects: readonly Subject[],
  rules: RulesByDigest,
): Promise<(Subject & { readonly from: string; readonly to: string })[]> {
  const before = await readStatesAt(tx, { scopeId, seq: current.seq }, subjects);
  const after = await readStatesAt(tx, { scopeId, seq: current.endSeq }, subjects);
  await rules.load(
    tx,
    [...before.values(), ...after.values()].map(({ rulesDigest }) => rulesDigest),
  );
  return subjects.flatMap((subject) => {
    const key = stateKey(subject.itemType, subject.externalId);
    const [one, other] = [before.get(key), after.get(key)];
    if (one === undefined || other === undefined || one.rulesDigest === other.rulesDigest) return [];
    const [from, to] = [one, other].map((state) =>
      subjectValueHash(factsOf(state), rules.get(state.rulesDigest), subject.driftType),
    );
    if (typeof from !== 'string' || typeof to !== 'string' || from === to) return [];
    return [{ ...subject, from, to }];
  });
}
