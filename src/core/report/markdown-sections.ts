/** A part of a comment that can be folded away. Every text in it is Markdown that ends where it ends. */
export interface MarkdownSection {
  /** HTML for `<summary>`. */
  readonly summary: string;
  readonly isOpen: boolean;
  /** Items of one list; otherwise blocks with a blank line between them. */
  readonly isList: boolean;
  readonly entries: readonly string[];
}

/**
 * As many entries as fit into `maxLength` UTF-16 code units, in order; the rest is only counted. An entry is
 * never cut and a section never left open.
 */
export function fitSections(
  sections: readonly MarkdownSection[],
  maxLength: number,
): { readonly text: string; readonly omitted: number } {
  let text = '';
  let omitted = 0;
  for (const { summary, isOpen, isList, entries } of sections) {
    let section = `<details${isOpen ? ' open' : ''}>\n<summary>${summary}</summary>\n${isList ? '\n' : ''}`;
    const close = '\n</details>\n\n';
    let shown = 0;
    for (const entry of entries) {
      const block = isList ? `- ${entry}\n` : `\n${entry}\n`;
      // Once something is left out so is all that follows, or the reader would not know what is missing.
      if (omitted > 0 || text.length + section.length + block.length + close.length > maxLength) break;
      section += block;
      shown++;
    }
    omitted += entries.length - shown;
    if (shown > 0) text += section + close;
  }
  return { text, omitted };
}
