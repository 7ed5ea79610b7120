import { printable } from './printable.ts';

/**
 * Markdown in which nothing of `text` means anything: a code span. Mentions, references, links, HTML and emphasis
 * do not exist in one; its fence is longer than any run of backticks in it. Don't put it into a table cell, where
 * a pipe would still end the cell.
 */
export function codeSpan(text: string): string {
  const content = printable(text);
  if (content === '') return '*(empty)*';
  let longest = 0;
  for (const [run] of content.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  // One space at both ends is taken off again, unless the content is nothing but spaces.
  const isPadded = /^[ `]|[ `]$/.test(content) && content.trim() !== '';
  return isPadded ? `${fence} ${content} ${fence}` : fence + content + fence;
}

/** The same within raw HTML, such as `<summary>`, where Markdown is not read. */
export function htmlCode(text: string): string {
  const content = printable(text).replace(/[&<>"'@#:/`]/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<code>${content}</code>`;
}

/** A block in which lines that begin with `-`, `+` and `@@` are coloured. Every line must begin with one of these. */
export function diffBlock(lines: readonly string[]): string {
  return ['```diff', ...lines, '```'].join('\n');
}
