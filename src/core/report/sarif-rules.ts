import { compareText } from '../compare-text.ts';
import type { DriftType } from '../drift-type.ts';
import type { ChangeKind } from '../fingerprint.ts';
import type { Finding } from '../generate.ts';

/** A SARIF reportingDescriptor for one drift type and change. */
export interface SarifRule {
  readonly id: string;
  readonly name: string;
  readonly shortDescription: { readonly text: string };
  readonly fullDescription: { readonly text: string };
  readonly help: { readonly text: string };
  readonly defaultConfiguration: { readonly level: 'error' | 'warning' | 'note' };
}

/** What `diff` can find, in any inventory. */
const inventoryRules: readonly SarifRule[] = [
  rule('assignment', 'changed', {
    name: 'AssignmentChanged',
    short: 'An item is assigned differently.',
    full: 'Who or what an item applies to is not as in the baseline: a group, filter or scope came, went or changed.',
    help: 'Check who is affected now. If it was intended, take the current export as the new baseline; if not, restore the assignment.',
  }),
  rule('configuration', 'changed', {
    name: 'ConfigurationChanged',
    short: 'A setting of an item changed.',
    full: 'An item of the inventory has settings that differ from the baseline. Order, renumbering and volatile fields do not count.',
    help: 'Compare both values. If the change was intended, take the current export as the new baseline; if not, set the value back.',
  }),
  rule('ownership', 'changed', {
    name: 'OwnershipChanged',
    short: 'An item has another owner.',
    full: 'Who is responsible for an item is not as in the baseline.',
    help: 'Confirm the new owner. If the change was intended, take the current export as the new baseline; if not, set the owner back.',
  }),
  rule('presence', 'added', {
    name: 'ItemAdded',
    short: 'An item is new.',
    full: 'The current export holds an item that the baseline, which was completely read, does not.',
    help: 'Find out who created it and why. If it was intended, take the current export as the new baseline; if not, remove it.',
  }),
  rule('presence', 'removed', {
    name: 'ItemRemoved',
    short: 'An item is gone.',
    full: 'The baseline holds an item that the current export, which was completely read, does not.',
    help: 'Find out who removed it and why. If it was intended, take the current export as the new baseline; if not, restore it.',
  }),
];

function rule(
  driftType: DriftType,
  change: ChangeKind,
  text: { name: string; short: string; full: string; help: string },
): SarifRule {
  return {
    id: `${driftType}/${change}`,
    name: text.name,
    shortDescription: { text: text.short },
    fullDescription: { text: text.full },
    help: { text: text.help },
    // The band of the default impact; each result has its own level.
    defaultConfiguration: { level: 'warning' },
  };
}

export function ruleIdOf({ driftType, change }: Finding): string {
  return `${driftType}/${change}`;
}

/** The rules of `diff` and, should there be findings of other kinds, one for each of those; sorted by id. */
export function rulesFor(findings: readonly Finding[]): SarifRule[] {
  const rules = new Map(inventoryRules.map((known) => [known.id, known]));
  for (const finding of findings) {
    const { driftType, change } = finding;
    if (rules.has(ruleIdOf(finding))) continue;
    const text = `Drift of the type ${driftType}: an item was ${change}.`;
    const name = `${pascalCase(driftType)}${pascalCase(change)}`;
    rules.set(ruleIdOf(finding), rule(driftType, change, { name, short: text, full: text, help: text }));
  }
  return [...rules.values()].sort((a, b) => compareText(a.id, b.id));
}

function pascalCase(text: string): string {
  return text.replace(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
