// What a plan made of a finding, as people read it.
import type { Disposition } from '../core/disposition.ts';
import type { FindingResponse } from '../features/findings/finding-contract.ts';

type Field = readonly [name: string, value: string];

/** Which plan let a finding through, where it sends it and why. `planName` is null where it is not known. */
export function planFields(finding: FindingResponse, planName: string | null): Field[] {
  const { planId, planVersion, planVersionHash, score, impact } = finding;
  const plan =
    planId === null
      ? 'the built-in default'
      : `${planName === null ? '' : `${planName}, `}version ${planVersion} (${planId})`;
  // What is kept was written by `dispositionOf`; findings from before there were plans have none.
  const disposition = finding.disposition as unknown as Disposition | null;
  return [
    ['plan', plan],
    ...(planVersionHash === null ? [] : [['plan hash', planVersionHash] as const]),
    [
      'score',
      `${score} (impact ${impact}${disposition === null ? '' : `, confidence ${disposition.confidence}`})`,
    ],
    ...(disposition === null ? [] : dispositionFields(disposition)),
  ];
}

function dispositionFields(disposition: Disposition): Field[] {
  const { outputs, needsAcknowledgement, primaryDoc, sections, writeback } = disposition;
  const documents: Field[] =
    primaryDoc === null
      ? []
      : [
          [
            'document',
            `${primaryDoc.id}${primaryDoc.system === null ? '' : ` (${primaryDoc.system})`}${sections.length === 0 ? '' : `, sections ${sections.join(', ')}`}`,
          ],
        ];
  return [
    ['route', routeText(disposition)],
    ['outputs', outputs.length === 0 ? 'none' : outputs.join(', ')],
    [
      'approval',
      needsAcknowledgement ? 'tickets and changes of documents wait until it is acknowledged' : 'none needed',
    ],
    ...documents,
    ['documents', targetingText(disposition)],
    ...(writeback.isEnabled ? [['write-back', writebackText(writeback)] as const] : []),
  ];
}

function routeText({ route, scoreRoute, demotedBy }: Disposition): string {
  const meaning = { recorded: 'nobody is told', digest: 'told in the digest', notify: 'told at once' }[route];
  const why =
    demotedBy.length === 0
      ? 'by its score'
      : `its score leads to ${scoreRoute}, lowered by ${demotedBy.join(', ')}`;
  return `${route}: ${meaning} (${why})`;
}

function targetingText({ docTargeting: { strategy, maxDocsPerDrift, priorityOrder } }: Disposition): string {
  const order = priorityOrder.length === 0 ? '' : `, first of ${priorityOrder.join(', ')}`;
  return `${strategy}, at most ${maxDocsPerDrift}${order}`;
}

function writebackText({ approval, autoMerge, reviewers }: Disposition['writeback']): string {
  const parts = [
    approval === 'automatic' ? 'needs no approval' : 'needs approval',
    ...(autoMerge ? ['merged by itself'] : []),
    ...(reviewers.length === 0 ? [] : [`reviewed by ${reviewers.join(', ')}`]),
  ];
  return parts.join(', ');
}
