import { displayWidth } from './display-width.ts';
import { cutMiddle } from './fit-text.ts';

/** How narrow long segments may get before others are left out for them: first this, and then this. */
const NARROWEST = [40, 20] as const;

const GAP = '…';

/**
 * A printable JSON Pointer in at most `width` columns. Where it is too long, long segments lose their middles,
 * then segments are left out from the left on; the first, the most telling and the last one stay longest.
 */
export function shortenPointer(pointer: string, width: number): string {
  if (displayWidth(pointer) <= width) return pointer;
  if (!pointer.startsWith('/')) return cutMiddle(pointer, width);
  const segments = pointer.slice(1).split('/');
  const telling = tellingIndex(segments);
  for (const narrowest of NARROWEST) {
    const kept = new Set(segments.keys());
    for (const dropped of [null, ...dropOrder(segments.length, telling)]) {
      if (dropped !== null) kept.delete(dropped);
      const shown = showKept(segments, kept);
      const limit = segmentLimit(shown, width);
      if (limit >= narrowest) return shown.map((segment) => `/${cutMiddle(segment, limit)}`).join('');
    }
  }
  return cutMiddle(`/${GAP}/${segments[telling]}`, width);
}

/**
 * The segment that says what the path is about, as the definition id of a setting does: the last of about the
 * length of the longest.
 */
function tellingIndex(segments: readonly string[]): number {
  const widths = segments.map(displayWidth);
  const widest = Math.max(...widths);
  return widths.findLastIndex((width) => width >= widest * 0.75);
}

function dropOrder(count: number, telling: number): number[] {
  const last = count - 1;
  const between = [...Array(count).keys()].filter(
    (index) => index > 0 && index !== last && index !== telling,
  );
  return [...between, 0, last].filter((index) => index !== telling);
}

/** The kept segments, with one mark for each gap. */
function showKept(segments: readonly string[], kept: ReadonlySet<number>): string[] {
  const shown: string[] = [];
  for (const [index, segment] of segments.entries()) {
    if (kept.has(index)) shown.push(segment);
    else if (shown.at(-1) !== GAP) shown.push(GAP);
  }
  return shown;
}

/** The most columns that each segment may have so that all of them fit into `width`; 0 where they can't. */
function segmentLimit(segments: readonly string[], width: number): number {
  const widths = segments.map(displayWidth).sort((a, b) => a - b);
  let room = width - segments.length;
  for (const [index, segmentWidth] of widths.entries()) {
    const share = Math.floor(room / (widths.length - index));
    if (segmentWidth > share) return Math.max(0, share);
    room -= segmentWidth;
  }
  return width;
}
