import { changeSignature } from '../../core/change-signature.ts';
import { dispositionOf } from '../../core/disposition.ts';
import type { DriftType } from '../../core/drift-type.ts';
import { capEvidence } from '../../core/finding-evidence.ts';
import type { Finding } from '../../core/generate.ts';
import type { JsonObject, JsonValue } from '../../core/json-value.ts';
import type { SubjectValue } from '../../core/known-finding.ts';
import type { PlanContent } from '../../core/plan-schema.ts';
import { subjectKeyOf } from '../../core/subject.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import type { GeneratedFindingInput, KnownSubject, SubjectNow } from '../findings/generated-finding.ts';
import { type ItemState, readStatesAt, stateKey } from '../inventory/interval-read-model.ts';
import type { RulesByDigest } from '../inventory/rules-read-model.ts';
import type { DriftPart } from './drift-part.ts';
import type { ItemDrift } from './item-change.ts';
import type { RunPair } from './run-pair.ts';
import { driftTypesOf, subjectValueIn, valuesOf } from './subject-values.ts';

const unknown: SubjectValue = { kind: 'unknown' };

/**
 * The subjects of an item that drifted, those of which nothing was generated too: their findings may be over. An
 * ambiguous item has no value, so nothing is said of it.
 */
export function* subjectsOfPart(
  part: DriftPart,
  pair: RunPair,
  { rules, plan }: { readonly rules: RulesByDigest; readonly plan: PlanContent },
): Generator<SubjectNow & { readonly driftType: DriftType }> {
  if (part.kind !== 'drifted' && part.kind !== 'unproven') return;
  const { item, drift } = part;
  const [before, after] = [valuesOf(drift.before, rules), valuesOf(drift.after, rules)];
  for (const driftType of driftTypesOf(part, rules)) {
    const subjectKey = keyOf(pair, { ...item, driftType });
    const valueNow = subjectValueIn(drift.after, driftType, after);
    const valueAtBaseline =
      part.kind === 'unproven' ? unknown : subjectValueIn(drift.before, driftType, before);
    const finding =
      part.kind === 'drifted' ? part.findings.find((one) => one.driftType === driftType) : undefined;
    const generated =
      finding === undefined
        ? null
        : generatedFinding(
            finding,
            { drift, pair, plan },
            {
              subjectKey,
              baselineHash: before(driftType),
              currentHash: after(driftType),
            },
          );
    yield { subjectKey, driftType, valueNow, valueAtBaseline, generated };
  }
}

/** What is known of subjects of which the drift says nothing. */
export async function subjectsAsTheyAre(
  tx: WorkspaceTransaction,
  subjects: readonly KnownSubject[],
  pair: RunPair,
  rules: RulesByDigest,
): Promise<SubjectNow[]> {
  const { scopeId } = pair;
  const now = await readStatesAt(tx, { scopeId, seq: pair.current.seq }, subjects);
  const then = await readStatesAt(tx, { scopeId, seq: pair.baseline.endSeq }, subjects);
  await rules.load(
    tx,
    [...now.values(), ...then.values()].map(({ rulesDigest }) => rulesDigest),
  );
  return subjects.map(({ itemType, externalId, driftType, subjectKey }) => {
    const key = stateKey(itemType, externalId);
    const isKnown = !pair.isAmbiguous(itemType, externalId);
    const known = (state: ItemState | null = null): SubjectValue =>
      subjectValueIn(state, driftType, valuesOf(state, rules));
    const isAbsenceProven = then.has(key) || pair.provesAbsence(itemType);
    return {
      subjectKey,
      valueNow: isKnown ? known(now.get(key)) : unknown,
      valueAtBaseline: isKnown && isAbsenceProven ? known(then.get(key)) : unknown,
      generated: null,
    };
  });
}

function keyOf(pair: RunPair, subject: Pick<KnownSubject, 'driftType' | 'itemType' | 'externalId'>): string {
  const { driftType, itemType, externalId } = subject;
  return subjectKeyOf({ findingType: 'drift', driftType, scopeKey: pair.scopeKey, itemType, externalId });
}

function generatedFinding(
  finding: Finding,
  { drift, pair, plan }: { readonly drift: ItemDrift; readonly pair: RunPair; readonly plan: PlanContent },
  values: Pick<GeneratedFindingInput, 'subjectKey' | 'baselineHash' | 'currentHash'>,
): GeneratedFindingInput {
  const { fingerprint, driftType, change, itemType, itemTypeTitle, externalId, label } = finding;
  const { scopeId, sourceId } = pair;
  const { type, properties } = drift.change;
  return {
    ...values,
    fingerprint,
    findingType: 'drift',
    driftType,
    change,
    scopeId,
    sourceId,
    itemType,
    externalId,
    label,
    severity: finding.severity,
    impact: finding.impact,
    score: finding.score,
    changeSignature: changeSignature({
      itemType,
      driftType,
      change,
      properties: properties.filter(({ place }) => type.rulesAt(place).driftType === driftType),
    }),
    evidence: { itemTypeTitle, ...evidenceOf(finding) },
    route: finding.route,
    disposition: dispositionOf(plan, { ...finding, isOfDocument: false }) as unknown as JsonObject,
  };
}

function evidenceOf(finding: Finding): JsonObject {
  const { changes, truncated } = capEvidence(finding.changes);
  return { changes: changes as unknown as JsonValue, truncated: truncated as unknown as JsonValue };
}
