import { printable } from '../core/report/printable.ts';
import { type TerminalStyles, terminalStyles } from '../core/report/terminal-style.ts';

/** A unified diff for a terminal: harmless to it, and in colours where it has them. */
export function unifiedDiffText(diff: string, { isColoured }: { readonly isColoured: boolean }): string {
  if (diff === '') return '';
  const styles = terminalStyles(isColoured);
  const lines = diff
    .trimEnd()
    .split('\n')
    .map((line) => styles[styleOf(line)](printable(line)));
  return `${lines.join('\n')}\n`;
}

function styleOf(line: string): keyof TerminalStyles {
  // The heads of the two sides. No line of a plan begins with "-- " or "++ " by itself: its YAML has no such keys.
  if (/^(?:---|\+\+\+) /.test(line)) return 'bold';
  if (line.startsWith('@@')) return 'cyan';
  if (line.startsWith('+')) return 'green';
  return line.startsWith('-') ? 'red' : 'plain';
}
