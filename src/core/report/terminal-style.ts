type Style = (text: string) => string;

/** How parts of a text look on a terminal. Apply last: escape sequences have no width. */
export interface TerminalStyles {
  readonly bold: Style;
  readonly dim: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly cyan: Style;
  readonly alarm: Style;
  readonly plain: Style;
}

const plain: Style = (text) => text;

/** SGR sequences (ECMA-48), or nothing at all where `isColoured` is false. */
export function terminalStyles(isColoured: boolean): TerminalStyles {
  const style = (on: string): Style =>
    isColoured ? (text) => (text === '' ? '' : `\u001b[${on}m${text}\u001b[0m`) : plain;
  return {
    bold: style('1'),
    dim: style('2'),
    red: style('31'),
    green: style('32'),
    yellow: style('33'),
    cyan: style('36'),
    alarm: style('1;31'),
    plain,
  };
}
