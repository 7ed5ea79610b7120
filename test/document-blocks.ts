import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const documents = join(import.meta.dirname, '../docs');

/** A fenced block of a document: ```sh backup is one in `sh` with the name `backup`. */
export interface Block {
  readonly language: string;
  /** Empty where it has none. */
  readonly name: string;
  readonly text: string;
}

/** The fenced blocks of a file in docs/, without the indentation of the list that they stand in. */
export function readBlocks(document: string): Block[] {
  const blocks: Block[] = [];
  const lines = readFileSync(join(documents, document), 'utf8').split('\n');
  let open: { indent: number; language: string; name: string; text: string[] } | null = null;
  for (const line of lines) {
    const fence = /^( *)```(\S*) ?(.*)$/.exec(line);
    if (fence === null) open?.text.push(line.slice(open.indent));
    else if (open === null) {
      open = { indent: fence[1]?.length ?? 0, language: fence[2] ?? '', name: fence[3] ?? '', text: [] };
    } else {
      blocks.push({ language: open.language, name: open.name, text: `${open.text.join('\n')}\n` });
      open = null;
    }
  }
  return blocks;
}

/** The text of the one block with this name. */
export function readBlock(document: string, name: string): string {
  const [block, ...others] = readBlocks(document).filter((each) => each.name === name);
  if (block === undefined || others.length > 0) throw new Error(`${document} has no one block "${name}"`);
  return block.text;
}

/** What a script said, and how it ended. */
export interface ScriptResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script with bash, as somebody who pastes it does, but so that it ends with the first command that fails. */
export function runScript(
  script: string,
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<ScriptResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The rows of the one table with this head, cell by cell. */
export function readTable(document: string, head: readonly string[]): string[][] {
  const lines = readFileSync(join(documents, document), 'utf8').split('\n');
  const cellsOf = (line: string): string[] =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
  const start = lines.findIndex((line) => cellsOf(line).join('|') === head.join('|'));
  if (start === -1) throw new Error(`${document} has no table with the head ${head.join(', ')}`);
  const rows = lines.slice(start + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map(cellsOf);
}
