/**
 * What a terminal, a log viewer or a reader must not meet raw: controls (C0, DEL, C1), line separators, format
 * characters (bidi overrides, zero-width ones, tags), other invisible code points, lone surrogates and
 * noncharacters. The two variation selectors that choose between text and emoji are harmless and stay.
 */
const unprintable =
  /(?![\uFE0E\uFE0F])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** Marks without a base, and those beyond the four that any writing system stacks: they would run over other lines. */
const strayMarks = /^[\p{Mn}\p{Me}]|(?<=[\p{Mn}\p{Me}]{4})[\p{Mn}\p{Me}]/gu;

const ascii = /^[\x20-\x7e]*$/;

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/**
 * `text` on one line, with everything that can't be seen, or would do something, as a JSON escape (`\n`,
 * `\u001b`). JSON text stays the JSON text of the same value. Text that holds a backslash is not escaped again,
 * so it is for reading, not for reading back.
 */
export function printable(text: string): string {
  if (ascii.test(text)) return text;
  return text.replace(unprintable, escapeCodeUnits).replace(strayMarks, escapeCodeUnits);
}

/** The same for JSON text of many lines: line feeds stay. */
export function printableLines(jsonText: string): string {
  return jsonText.replace(unprintable, (char) => (char === '\n' ? char : escapeCodeUnits(char)));
}

/** Everything but ASCII escaped, for telling apart what looks alike. */
export function printableAscii(text: string): string {
  return printable(text).replace(/[^\x20-\x7e]/g, escapeCodeUnits);
}

/** Each UTF-16 code unit of `text` as JSON escapes it. */
export function escapeCodeUnits(text: string): string {
  const short = shortEscapes.get(text);
  if (short !== undefined) return short;
  let escaped = '';
  for (let index = 0; index < text.length; index++) {
    escaped += `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
