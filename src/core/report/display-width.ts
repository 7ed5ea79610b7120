const ascii = /^[\x20-\x7e]*$/;
const zeroWidth = /^[\p{Mn}\p{Me}]$/u;
const emoji = /^\p{Emoji_Presentation}$/u;

/** Turns the character before it into an emoji, which is two columns wide. */
const EMOJI_SELECTOR = 0xfe0f;

/**
 * First and last code points of what is East Asian Wide or Fullwidth, by block: unassigned code points in them
 * count as wide too, so that a newer Unicode changes little. Source: https://www.unicode.org/reports/tr11/.
 */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2630, 0x2637],
  [0x268a, 0x268f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4dc0, 0x4dff],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x191ff],
  [0x1aff0, 0x1b2ff],
  [0x1d300, 0x1d37f],
  [0x1f1ae, 0x1f1ae],
  [0x1f200, 0x1f2ff],
  [0x1f6d9, 0x1f6df],
  [0x1f7da, 0x1f7df],
  [0x1fa70, 0x1faff],
  [0x20000, 0x3fffd],
];

/**
 * Columns that a terminal gives `text`, which must be printable. Never too few: parts of an emoji that some
 * terminals draw as one (flags, skin tones, decomposed Hangul) count each.
 */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** Columns of one code point: 0, 1 or 2. */
export function charWidth(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (code === EMOJI_SELECTOR) return 1;
  if (zeroWidth.test(char)) return 0;
  return isWide(code) || emoji.test(char) ? 2 : 1;
}

function isWide(code: number): boolean {
  if (code < 0x1100) return false;
  for (const [first, last] of wideRanges) {
    if (code < first) return false;
    if (code <= last) return true;
  }
  return false;
}
