import { charWidth, displayWidth } from './display-width.ts';

const ELLIPSIS = '…';

/** What is shown of a common beginning, in UTF-16 code units. */
const CONTEXT_LENGTH = 20;

/** What is left of a long string in JSON, in columns with its quotes. */
const STRING_WIDTH = 40;
const jsonString = /"[^"\\]*(?:\\.[^"\\]*)*"/g;

/** The longest beginning of `text` that is no wider than `width`. */
function takeStart(text: string, width: number): string {
  let used = 0;
  let end = 0;
  for (const char of text) {
    used += charWidth(char);
    if (used > width) break;
    end += char.length;
  }
  return text.slice(0, end);
}

/** The longest end of `text` that is no wider than `width`. Looks at no more than it takes. */
function takeEnd(text: string, width: number): string {
  let used = 0;
  let start = text.length;
  while (start > 0) {
    const isPair = start > 1 && (text.codePointAt(start - 2) ?? 0) > 0xffff;
    const next = start - (isPair ? 2 : 1);
    used += charWidth(text.slice(next, start));
    if (used > width) break;
    start = next;
  }
  return text.slice(start);
}

/** Whether `text` is no wider than `width`. Looks at no more of a long text than it must. */
export function fits(text: string, width: number): boolean {
  return takeStart(text, width).length === text.length;
}

/** `text` in at most `width` columns, the end cut off where it is longer. */
export function cutEnd(text: string, width: number): string {
  return fits(text, width) ? text : `${takeStart(text, width - 1)}${ELLIPSIS}`;
}

/** `text` in at most `width` columns, cut so that most of its end stays. */
export function cutMiddle(text: string, width: number): string {
  if (fits(text, width)) return text;
  const start = takeStart(text, Math.floor((width - 1) / 6));
  return `${start}${ELLIPSIS}${takeEnd(text, width - 1 - displayWidth(start))}`;
}

/**
 * `text` in lines of at most `width` columns, broken after a space, comma or slash where there is one in the second
 * half of a line. What is left after `maxLines` is cut off with an ellipsis. Never empty.
 */
export function wrapText(text: string, width: number, maxLines: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (lines.length < maxLines - 1 && !fits(rest, width)) {
    const full = takeStart(rest, width);
    const line = full.slice(0, breakIn(full, rest));
    lines.push(line.trimEnd());
    rest = rest.slice(line.length).trimStart();
  }
  lines.push(cutEnd(rest, width));
  return lines;
}

/** Where to break `full`, the beginning of `text` that fills a line. */
function breakIn(full: string, text: string): number {
  if (text[full.length] === ' ') return full.length;
  const last = Math.max(full.lastIndexOf(' '), full.lastIndexOf(','), full.lastIndexOf('/'));
  if (last + 1 >= full.length / 2) return last + 1;
  return full.length > 0 ? full.length : text.length;
}

/** Two texts without what both begin with, but for a little context: where they differ is seen though they are cut. */
export function differingEnds(before: string, after: string): readonly [string, string] {
  const skipped = commonPrefixLength(before, after) - CONTEXT_LENGTH;
  if (skipped <= CONTEXT_LENGTH) return [before, after];
  const end = (text: string): string => `${ELLIPSIS}${text.slice(skipped).replace(/^[\udc00-\udfff]/, '')}`;
  return [end(before), end(after)];
}

/** Two texts in at most `width` columns each, cut so that where they differ is seen. */
export function cutPair(before: string, after: string, width: number): readonly [string, string] {
  if (fits(before, width) && fits(after, width)) return [before, after];
  const [was, is] = differingEnds(before, after);
  return [cutEnd(was, width), cutEnd(is, width)];
}

/** Compact JSON with the middles of its long strings cut out. */
export function cutStrings(json: string): string {
  return json.replace(jsonString, (string) => cutMiddle(string, STRING_WIDTH));
}

function commonPrefixLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
