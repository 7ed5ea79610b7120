import { unclosed } from './condition-brackets.ts';

/** A place as people read it. */
export function placeAt(text: string, offset: number): string {
  const lines = text.slice(0, offset).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** Why a text is no condition, as a sentence with its place; `error` is what the parser threw. */
export function syntaxFault(text: string, error: unknown): string {
  const open = unclosed(text);
  if (open !== null) return `${placeAt(text, open.offset)}: ${open.fault}`;
  const location = (error as { location?: { start?: { offset?: number } } }).location?.start;
  // Only an escape makes the parser throw without a place.
  const badly = location === undefined ? (badEscape.exec(text) ?? anyEscape.exec(text)) : null;
  if (badly !== null) return `${placeAt(text, badly.index)}: this escape stands for no character`;
  const offset = location?.offset ?? 0;
  const rest = text.slice(offset);
  const found = rest.match(/^(?:[\w.]+|&&|\|\||[=!<>]=|\S)/)?.[0];
  return `${placeAt(text, offset)}: ${found === undefined ? 'it ends too early' : notHere(found, rest)}`;
}

/** Halves of characters, what lies beyond the last one, and what has too few digits. */
const badEscape =
  /\\(?:u[dD][89a-fA-F]|U0000[dD][89a-fA-F]|U(?:001[1-9a-fA-F]|00[2-9a-fA-F]|0[1-9a-fA-F]|[1-9a-fA-F])|[xX](?![0-9a-fA-F]{2})|u(?![0-9a-fA-F]{4})|U(?![0-9a-fA-F]{8}))/;
const anyEscape = /\\[uUxX0-7]/;

/** What people write who know other languages. */
const otherWords: Readonly<Record<string, string>> = {
  '=': '==',
  '&': '&&',
  '|': '||',
  and: '&&',
  or: '||',
  not: '!',
  AND: '&&',
  OR: '||',
  NOT: '!',
};

/** The hint at how a word of other languages is written here; empty where it is none. */
export function otherWordHint(word: string): string {
  return Object.hasOwn(otherWords, word) ? `; did you mean "${otherWords[word]}"?` : '';
}

/** Says why `found`, with which the `rest` of a condition begins, is where the parser could not go on. */
function notHere(found: string, rest: string): string {
  if (/^["']/.test(found)) return 'a text does not belong here';
  const isLast = rest.slice(found.length).trim() === '';
  if (isLast && /^[^\w\s)\]}]/.test(found)) return `there is nothing behind "${found}"`;
  return `${JSON.stringify(found)} does not belong here${otherWordHint(found)}`;
}
