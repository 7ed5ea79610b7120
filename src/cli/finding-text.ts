import type { DriftType } from '../core/drift-type.ts';
import type { Finding, ShownChange } from '../core/generate.ts';
import type { JsonValue } from '../core/json-value.ts';
import { isJsonObject, ownMember } from '../core/json-value.ts';
import { printable } from '../core/report/printable.ts';
import { findingLines } from '../core/report/table-findings.ts';
import { terminalStyles } from '../core/report/terminal-style.ts';
import type { FindingEventResponse, FindingResponse } from '../features/findings/finding-contract.ts';
import { planFields } from './finding-plan-text.ts';
import type { Terminal } from './terminal.ts';

const NAME_WIDTH = 14;
/** Narrower than this nothing can be laid out. */
const MIN_WIDTH = 40;

/** A finding as a person reads it: what drifted, where it stands, what its plan made of it, what happened to it. */
export function findingText(
  finding: FindingResponse,
  {
    events,
    planName,
  }: { readonly events: readonly FindingEventResponse[]; readonly planName: string | null },
  { width, isColoured }: Pick<Terminal, 'width' | 'isColoured'>,
): string {
  const styles = terminalStyles(isColoured);
  const fields = [...fieldsOf(finding), ...planFields(finding, planName)].map(
    ([name, value]) => `${styles.dim(name.padEnd(NAME_WIDTH))}${printable(value)}`,
  );
  const history = events.map((event) => `  ${styles.dim(event.at)}  ${printable(eventText(event))}`);
  return [
    ...findingLines(shownFinding(finding), { width: Math.max(width, MIN_WIDTH), styles }),
    ...truncationNote(finding),
    '',
    ...fields,
    '',
    styles.bold('History'),
    ...history,
    '',
  ].join('\n');
}

function fieldsOf(finding: FindingResponse): (readonly [string, string])[] {
  const { acceptance, linkedTo, linkedFrom } = finding;
  const optional: (readonly [string, string | null])[] = [
    ['snoozed until', finding.snoozedUntil],
    ['dismissed as', finding.dismissReason],
    [
      'accepted',
      acceptance === null ? null : `by ${acceptance.createdBy}, ${untilText(acceptance.expiresAt)}`,
    ],
    ['replaces', linkedTo === null ? null : `${linkedTo.findingId} (${linkedTo.state})`],
    ['replaced by', linkedFrom.map(({ findingId, state }) => `${findingId} (${state})`).join(', ') || null],
    ['flapping', finding.isFlapping ? 'it goes back and forth' : null],
  ];
  const { state, resolution } = finding;
  return [
    ['finding', finding.findingId],
    ['state', resolution === null ? state : `${state} (${resolution})`],
    ...optional.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
    ['item', `${finding.itemType} ${finding.externalId}`],
    ['first seen', finding.firstSeenAt],
    [
      'last seen',
      `${finding.lastSeenAt}, in ${finding.occurrenceCount} ${finding.occurrenceCount === 1 ? 'run' : 'runs'}`,
    ],
    ['fingerprint', finding.fingerprint],
    ['signature', finding.changeSignature],
  ];
}

function untilText(expiresAt: string | null): string {
  return expiresAt === null ? 'for good' : `until ${expiresAt}`;
}

/** The finding as a report of `diff` has it, so that both are shown alike. */
function shownFinding(finding: FindingResponse): Finding {
  const { evidence, itemType } = finding;
  const title = ownMember(evidence, 'itemTypeTitle');
  const changes = ownMember(evidence, 'changes');
  return {
    fingerprint: finding.fingerprint,
    change: finding.change,
    itemType,
    itemTypeTitle: typeof title === 'string' ? title : itemType,
    externalId: finding.externalId,
    label: finding.label,
    driftType: finding.driftType as DriftType,
    severity: finding.severity,
    impact: finding.impact,
    confidence: 1,
    score: finding.score,
    route: finding.route ?? 'notify',
    changes: Array.isArray(changes) ? changes.flatMap(shownChange) : [],
    path: '',
  };
}

function shownChange(change: JsonValue): ShownChange[] {
  const [path, op] = [ownMember(change, 'path'), ownMember(change, 'op')];
  if (typeof path !== 'string' || (op !== 'add' && op !== 'remove' && op !== 'replace')) return [];
  return [
    { path, op, before: ownMember(change, 'before') ?? null, after: ownMember(change, 'after') ?? null },
  ];
}

function truncationNote({ evidence }: FindingResponse): string[] {
  const truncated = ownMember(evidence, 'truncated');
  if (!isJsonObject(truncated)) return [];
  const { shownChanges, totalChanges } = truncated;
  return [`          (${String(shownChanges)} of ${String(totalChanges)} changes are shown)`];
}

function eventText({ kind, actor, toState, fromState, detail }: FindingEventResponse): string {
  const state = fromState === toState ? '' : ` → ${toState}`;
  const { comment, ...more } = detail;
  const said = Object.entries(more)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const notes = said.length === 0 ? '' : ` (${said.join(', ')})`;
  return `${kind}${state} by ${actor.label}${notes}${comment === undefined ? '' : `: ${String(comment)}`}`;
}
