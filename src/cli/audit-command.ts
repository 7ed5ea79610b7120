import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { systemErrorText } from '../connectors/files/export-files.ts';
import { DriftplaneError } from '../core/errors.ts';
import type { AuditEventResponse } from '../features/audit/audit-contract.ts';
import { openApiClient } from './api-client.ts';
import { type Column, printListing } from './print-listing.ts';
import type { Terminal } from './terminal.ts';
import { type AuditFileVerdict, verifyAuditFile } from './verify-audit-file.ts';

interface ListOptions {
  readonly json?: true;
  readonly action?: string;
  readonly targetKind?: string;
  readonly target?: string;
  readonly actor?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
}

const columns: readonly Column<AuditEventResponse>[] = [
  { title: 'SEQ', value: (row) => row.seq },
  { title: 'AT', value: (row) => row.at },
  { title: 'ACTOR', value: (row) => row.actor.label, canShrink: true },
  { title: 'ACTION', value: (row) => row.action },
  { title: 'TARGET', value: ({ target }) => `${target.kind} ${target.id ?? ''}`.trim() },
  { title: 'DETAIL', value: (row) => JSON.stringify(row.detail), canShrink: true },
];

/** Adds `driftplane audit`. */
export function addAudit(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const audit = program.command('audit').description('the audit trail of the workspace');
  audit
    .command('list')
    .description('list it, newest first')
    .option('--action <action>', 'only this action, such as token.create')
    .option('--target-kind <kind>', 'only what was done to this kind of thing')
    .option('--target <id>', 'only what was done to this one')
    .option('--actor <id>', 'only what this token did')
    .option('--since <instant>', 'not before, such as 2026-11-01T00:00:00Z')
    .option('--until <instant>', 'before')
    .option('--limit <count>', 'at most so many', '100')
    .option('--json', 'as JSON')
    .action(async (options: ListOptions) => exitWith(await listTrail(options, terminal)));
  audit
    .command('export')
    .description('write the whole trail as NDJSON')
    .option('-o, --output <file>', 'to this file instead of stdout')
    .action(async (options: { output?: string }) => exitWith(await exportTrail(options, terminal)));
  audit
    .command('verify')
    .description('check an export offline: 0 where its chain is intact, 1 where it is broken')
    .argument('<file>', 'what export wrote')
    .option('--json', 'as JSON')
    .action(async (file: string, options: { json?: true }) => {
      const verdict = await verifyAuditFile(file);
      await terminal.write(
        `${options.json === true ? JSON.stringify(verdict, null, 2) : sayVerdict(verdict)}\n`,
      );
      exitWith(verdict.isIntact ? 0 : 1);
    });
}

async function listTrail(options: ListOptions, terminal: Terminal): Promise<number> {
  const most = Number(options.limit);
  if (!Number.isInteger(most) || most < 1) {
    throw new DriftplaneError('invalid_arguments', '--limit takes a number from 1');
  }
  const query = {
    action: options.action,
    targetKind: options.targetKind,
    targetId: options.target,
    actorId: options.actor,
    from: options.since,
    to: options.until,
  };
  const rows = openApiClient(process.env).listAll<AuditEventResponse>({ resource: 'audit', query }, most);
  await printListing(
    rows,
    columns,
    { json: options.json, empty: 'Nothing of that kind was done.' },
    terminal,
  );
  return 0;
}

async function exportTrail(options: { output?: string }, terminal: Terminal): Promise<number> {
  const response = await openApiClient(process.env).open({ resource: 'audit', path: ['export'] });
  if (response.body === null) throw new DriftplaneError('server_unreachable', 'the answer has no body');
  const bytes = Readable.fromWeb(response.body);
  if (options.output !== undefined) {
    await writeNewFile(options.output, bytes);
    terminal.say(`Wrote ${options.output}.`);
    return 0;
  }
  const decoder = new TextDecoder();
  for await (const chunk of bytes)
    await terminal.write(decoder.decode(chunk as Uint8Array, { stream: true }));
  return 0;
}

/** Not over a file that is there: an older export may be the only witness. */
async function writeNewFile(path: string, bytes: Readable): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === 'EEXIST' ? 'is there already' : systemErrorText(cause);
    throw new DriftplaneError('invalid_arguments', `${path}: ${reason}`, { cause });
  }
  await pipeline(bytes, file.createWriteStream());
}

function sayVerdict(verdict: AuditFileVerdict): string {
  if (verdict.isIntact) {
    return `Intact: ${verdict.count} events of workspace ${verdict.workspaceId}, up to number ${verdict.lastSeq ?? 0}, head ${verdict.headHash}.`;
  }
  return `Broken at line ${verdict.line}: ${verdict.reason}. ${verdict.count} events before it are intact.`;
}
