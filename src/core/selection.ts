import { compareText } from './compare-text.ts';
import { matchesGlob } from './path-pattern.ts';

/** Which item types of a source are inventoried. Normalised: see `normaliseSelection`. */
export interface Selection {
  /** Names, or globs in which `*` stands for any characters; null: all types. */
  readonly itemTypes: readonly string[] | null;
}

/** The one form of all selections that are written differently and mean the same for every type there may be. */
export function normaliseSelection(itemTypes: readonly string[] | null): Selection {
  if (itemTypes === null || itemTypes.some((glob) => /^\*+$/.test(glob))) return { itemTypes: null };
  const globs = itemTypes.map((glob) => glob.replaceAll(/\*+/g, '*'));
  return { itemTypes: [...new Set(globs)].sort(compareText) };
}

/** Whether items of this type are inventoried. */
export function isSelected(selection: Selection, itemType: string): boolean {
  return selection.itemTypes?.some((glob) => matchesGlob(glob, itemType)) ?? true;
}
