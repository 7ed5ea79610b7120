export interface SqlStatement {
  readonly text: string;
  /** 1-based line of the script on which it begins. */
  readonly line: number;
}

/** What hides a semicolon, in the order in which it is tried. Comments nest, and so are counted by hand. */
const hiding = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\$(?:[A-Za-z_]\w*)?\$|\/\*|;/g;
const escapeString = /(?<![A-Za-z0-9_$])[eE]$/;

/**
 * The statements of a script, so that an error can name its line. Understands quotes, dollar quotes and comments as
 * PostgreSQL does (with standard_conforming_strings); not the bodies of `begin atomic` functions: use dollar quotes.
 */
export function splitStatements(script: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let start = 0;
  const add = (end: number): void => {
    const text = script.slice(start, end);
    const blank = blankLength(text);
    if (blank < text.length) {
      statements.push({ text: text.slice(blank), line: lineAt(script, start + blank) });
    }
    start = end + 1;
  };
  const pattern = new RegExp(hiding);
  for (let found = pattern.exec(script); found !== null; found = pattern.exec(script)) {
    const [token] = found;
    if (token === ';') add(found.index);
    else if (token === '/*') pattern.lastIndex = endOfComment(script, found.index);
    else if (token.startsWith('$')) pattern.lastIndex = endOfDollarQuote(script, found.index, token);
    else if (
      token.startsWith("'") &&
      escapeString.test(script.slice(Math.max(0, found.index - 2), found.index))
    ) {
      pattern.lastIndex = endOfEscapeString(script, found.index);
    }
  }
  add(script.length);
  return statements;
}

/** The 1-based line of a position in a text. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** How much of the beginning is white space and comments. */
function blankLength(text: string): number {
  let position = 0;
  for (;;) {
    const space = /^(?:\s+|--[^\n]*)/.exec(text.slice(position))?.[0];
    if (space !== undefined) position += space.length;
    else if (text.startsWith('/*', position)) position = endOfComment(text, position);
    else return position;
  }
}

function endOfComment(script: string, start: number): number {
  let depth = 0;
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  for (let mark = marks.exec(script); mark !== null; mark = marks.exec(script)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return script.length;
}

function endOfDollarQuote(script: string, start: number, tag: string): number {
  // $1$2 are parameters and a$b$ is a name: no quotation begins within a word.
  if (/[\w$]/.test(script.charAt(start - 1))) return start + 1;
  const end = script.indexOf(tag, start + tag.length);
  return end === -1 ? script.length : end + tag.length;
}

function endOfEscapeString(script: string, start: number): number {
  const string = /'(?:[^'\\]|''|\\[\s\S])*'/y;
  string.lastIndex = start;
  return string.test(script) ? string.lastIndex : script.length;
}
