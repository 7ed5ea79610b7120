import { printable, printableLines } from './printable.ts';

/**
 * `value` as indented JSON with a final line feed. Beyond what JSON demands, characters that a terminal would
 * obey (C1 controls, bidi overrides …) are escaped, so the text is safe to look at and means the same.
 */
export function jsonDocument(value: unknown): string {
  return `${printableLines(JSON.stringify(value, null, 2))}\n`;
}

/** `value` as JSON on one line, under the same rule. */
export function jsonLine(value: unknown): string {
  return printable(JSON.stringify(value));
}
