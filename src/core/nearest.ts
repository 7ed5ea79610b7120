/** Most edits by which a mistyped word may differ from the one that was meant. */
const MAX_EDITS = 3;

/** The one of `candidates` that `word` was probably meant to be, or null where none is near. */
export function nearestWord(word: string, candidates: readonly string[]): string | null {
  let nearest: string | null = null;
  let fewest = Math.min(MAX_EDITS, Math.ceil(word.length / 2));
  for (const candidate of candidates) {
    const edits = editDistance(word.slice(0, 100).toLowerCase(), candidate.toLowerCase());
    if (edits > fewest || (edits === fewest && nearest !== null)) continue;
    nearest = candidate;
    fewest = edits;
  }
  return nearest ?? onlyOneWith(word, candidates);
}

/** Shorter parts are in too much. */
const MIN_PART = 4;

/** The one of the candidates that the word is a part of, such as "teams" of "microsoft_teams", or else short for. */
function onlyOneWith(word: string, candidates: readonly string[]): string | null {
  if (word.length < MIN_PART) return null;
  const lower = word.toLowerCase();
  for (const isMeant of [isPartOf, isShortFor]) {
    const [one, another] = candidates.filter((candidate) => isMeant(lower, candidate.toLowerCase()));
    if (one !== undefined) return another === undefined ? one : null;
  }
  return null;
}

function isPartOf(word: string, candidate: string): boolean {
  return candidate.includes(word);
}

/** As "github_pr" is for "github_pull_request": it has the same first letter and all others in their order. */
function isShortFor(word: string, candidate: string): boolean {
  let at = -1;
  for (const letter of word.replaceAll(/[^\p{L}\p{N}]/gu, '')) {
    const next = candidate.indexOf(letter, at + 1);
    if (next < 0 || (at < 0 && next > 0)) return false;
    at = next;
  }
  return at >= 0;
}

/** Levenshtein distance in UTF-16 code units. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const change = (row[j - 1] as number) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[other.length] as number;
}

/** The hint at the word that was probably meant; empty where none is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = nearestWord(word, candidates);
  return nearest === null ? '' : `; did you mean "${nearest}"?`;
}
