// Brackets and texts of a condition, found without parsing it.

/** Texts, in which brackets are characters like others, and comments. */
const opaque = new RegExp(
  [
    String.raw`\b(?:[bB][rR]|[rR][bB]?)(?:""".*?(?:"""|$)|'''.*?(?:'''|$)|"[^"\r\n]*"?|'[^'\r\n]*'?)`,
    String.raw`"""(?:\\.|[^\\])*?(?:"""|$)|'''(?:\\.|[^\\])*?(?:'''|$)`,
    String.raw`"(?:\\[^\r\n]|[^"\\\r\n])*"?|'(?:\\[^\r\n]|[^'\\\r\n])*'?`,
    String.raw`//[^\r\n]*`,
  ].join('|'),
  'gs',
);

/** How deep brackets stand within each other. Those of texts and comments do not count. */
export function bracketDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.replace(opaque, ' ').matchAll(/[([{}\])]/g)) {
    depth = '([{'.includes(bracket) ? depth + 1 : Math.max(0, depth - 1);
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

const opaqueOrBracket = new RegExp(`${opaque.source}|[([{}\\])]`, 'gs');
const closingBrackets: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** The text or bracket that begins and does not end: the parser tells where it got lost, which may be elsewhere. */
export function unclosed(text: string): { readonly offset: number; readonly fault: string } | null {
  const brackets: { readonly offset: number; readonly opening: string }[] = [];
  for (const { 0: part, index: offset } of text.matchAll(opaqueOrBracket)) {
    const quote = /^[bBrR]*("""|'''|["'])/.exec(part)?.[1];
    if (quote !== undefined) {
      const isWhole = part.length > part.indexOf(quote) + quote.length && part.endsWith(quote);
      if (!isWhole) return { offset, fault: 'the text that begins here does not end' };
    } else if (Object.hasOwn(closingBrackets, part)) brackets.push({ offset, opening: part });
    else if (/^[)\]}]/.test(part) && closingBrackets[brackets.pop()?.opening ?? ''] !== part) return null;
  }
  const last = brackets.pop();
  if (last === undefined) return null;
  return { offset: last.offset, fault: `the "${last.opening}" that opens here is not closed` };
}
