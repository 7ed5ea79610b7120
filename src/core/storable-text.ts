/** Whether PostgreSQL can hold the text: no NUL, no lone surrogate. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** What is wrong with a text that is not, for people. */
export const storableFault = 'it holds U+0000 or half a surrogate pair';
