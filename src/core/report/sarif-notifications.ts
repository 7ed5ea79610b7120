import { EVERY_TYPE } from '../coverage.ts';
import type { DiffReport, NamedItem } from '../diff-report.ts';
import { errorCatalogue, type ProblemEffect } from '../errors.ts';
import { problemEffect } from '../problem.ts';
import { fileLocation, type SarifLocation } from './sarif-location.ts';
import { sarifText } from './sarif-text.ts';

/** Something that SARIF calls a condition of the tool: what was not checked, not proven, or wrong with an export. */
export interface SarifNotification {
  readonly descriptor: { readonly id: string };
  readonly level: 'error' | 'warning' | 'note';
  readonly message: { readonly text: string };
  readonly locations: readonly SarifLocation[];
}

const effectLevels: Readonly<Record<ProblemEffect, SarifNotification['level']>> = {
  unread: 'error',
  type_unread: 'error',
  excluded: 'warning',
  notice: 'note',
};

/** Each place once, as the format wants it: two contents of an item may stand in the same one. */
function locationsOf(paths: readonly string[]): SarifLocation[] {
  const places = paths.flatMap(fileLocation);
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}

export function sarifNotifications(report: DiffReport): SarifNotification[] {
  const notify = (
    id: string,
    level: SarifNotification['level'],
    text: string,
    paths: readonly string[],
  ): SarifNotification => ({
    descriptor: { id },
    level,
    message: { text: sarifText(text) },
    locations: locationsOf(paths),
  });
  const unproven = ({ itemType, externalId, label }: NamedItem, change: string): SarifNotification =>
    notify(
      `unproven_${change}`,
      'note',
      `${itemType} "${label}" (${externalId}): ${change} is not proven.`,
      [],
    );
  return [
    ...report.coverage.flatMap(({ itemType, status, reason }) => {
      if (status === 'complete') return [];
      const name = itemType === EVERY_TYPE ? 'Every item type' : itemType;
      const text = `${name} was not completely read (${status})${reason === null ? '.' : `: ${reason}.`}`;
      return [notify('incomplete_coverage', 'error', text, [])];
    }),
    ...report.ambiguous.map(({ itemType, externalId, paths }) =>
      notify(
        'ambiguous_item',
        'warning',
        `${itemType} ${externalId} has different contents: left out.`,
        paths,
      ),
    ),
    ...report.unprovenRemovals.map((item) => unproven(item, 'removal')),
    ...report.unprovenAdditions.map((item) => unproven(item, 'addition')),
    ...report.problems.map((problem) => {
      const { code, path, detail } = problem;
      const { title, action } = errorCatalogue[code];
      const text = `${title}${detail === '' ? '' : `: ${detail}`}. ${action}`;
      return notify(code, effectLevels[problemEffect(problem)], text, [path]);
    }),
  ];
}

const ownNotifications: Readonly<Record<string, string>> = {
  incomplete_coverage: 'An item type was not completely read',
  ambiguous_item: 'One identity with different contents',
  unproven_removal: 'An item is missing, but not all was read',
  unproven_addition: 'An item is new, but not all of the baseline was read',
};

/** The descriptors that `notifications` refer to, sorted by id. */
export function notificationDescriptors(
  notifications: readonly SarifNotification[],
): { readonly id: string; readonly shortDescription: { readonly text: string } }[] {
  const titles = new Map<string, string>([
    ...Object.entries(ownNotifications),
    ...Object.entries(errorCatalogue).map(([code, { title }]) => [code, title] as const),
  ]);
  return [...new Set(notifications.map(({ descriptor }) => descriptor.id))]
    .sort()
    .map((id) => ({ id, shortDescription: { text: `${titles.get(id) ?? id}.` } }));
}
