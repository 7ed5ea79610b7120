import { type FileHandle, open } from 'node:fs/promises';
import type { z } from 'zod';
import { systemErrorText } from '../connectors/files/export-files.ts';
import { AUDIT_GENESIS_HASH, type AuditVerdict, createAuditVerifier } from '../core/audit-chain.ts';
import { DriftplaneError } from '../core/errors.ts';
import type { JsonValue } from '../core/json-value.ts';
import { auditEventSchema, auditExportHeadSchema } from '../features/audit/audit-contract.ts';

export type AuditFileVerdict =
  | {
      readonly isIntact: true;
      readonly workspaceId: string;
      readonly count: number;
      readonly lastSeq: number | null;
      /** To be compared with what the server, or an older export, says. */
      readonly headHash: string;
    }
  | {
      readonly isIntact: false;
      /** 1-based line of the first break; the one behind the last where the end is missing. */
      readonly line: number;
      readonly reason: string;
      /** How many events before it are intact. */
      readonly count: number;
    };

type BreakReason = Extract<AuditVerdict, { kind: 'broken' }>['reason'];

const reasons: Readonly<Record<BreakReason, string>> = {
  gap: 'events are missing before this one',
  reordered: 'it stands behind a younger event, or stands twice',
  wrong_previous: 'it does not follow the event before it',
  hash_mismatch: 'its content is not what was hashed',
};

/**
 * Checks an export of the audit trail line by line: from the first event to the head that its first line names.
 * Throws `path_not_found`, and `invalid_arguments` for a file that is no export.
 */
export async function verifyAuditFile(path: string): Promise<AuditFileVerdict> {
  let file: FileHandle | null = null;
  try {
    file = await open(path);
    return await verifyLines(linesOf(file.createReadStream({ autoClose: false })), path);
  } catch (cause) {
    if (cause instanceof DriftplaneError) throw cause;
    throw new DriftplaneError('path_not_found', `${path}: ${systemErrorText(cause)}`, { cause });
  } finally {
    await file?.close();
  }
}

/** Ends lines at line feeds only: other separators (U+2028) are text of a JSON string. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Whether a line holds exactly what its event has: a member more, or one twice, could tell a reader something else. */
function isAsExported(text: string, event: object): boolean {
  const value: unknown = parseJson(text);
  const names = Object.keys(value as object)
    .sort()
    .join();
  return JSON.stringify(value) === text.trim() && names === Object.keys(event).sort().join();
}

async function verifyLines(lines: AsyncIterable<string>, path: string): Promise<AuditFileVerdict> {
  let head: z.infer<typeof auditExportHeadSchema> | null = null;
  let verifier = createAuditVerifier('');
  let line = 0;
  let count = 0;
  for await (const text of lines) {
    line++;
    if (head === null) {
      head = readHead(text, path);
      verifier = createAuditVerifier(head.workspaceId);
      continue;
    }
    const event = auditEventSchema.safeParse(parseJson(text));
    if (!event.success || !isAsExported(text, event.data))
      return { isIntact: false, line, reason: 'this is not an event of an audit trail', count };
    const { previousHash, hash, ...rest } = event.data;
    if (count === 0 && rest.seq !== 1) return { isIntact: false, line, reason: reasons.gap, count };
    verifier.add({ event: { ...rest, detail: rest.detail as JsonValue }, previousHash, hash });
    const verdict = verifier.result();
    if (verdict.kind === 'broken') return { isIntact: false, line, reason: reasons[verdict.reason], count };
    count++;
  }
  if (head === null) throw notAnExport(path);
  const verdict = verifier.result();
  const headHash = (verdict.kind === 'intact' ? verdict.headHash : null) ?? AUDIT_GENESIS_HASH;
  if (count !== head.headSeq || headHash !== head.headHash) {
    const reason = `the export names event ${head.headSeq} as its last, with another hash or not in it`;
    return { isIntact: false, line: line + 1, reason, count };
  }
  return {
    isIntact: true,
    workspaceId: head.workspaceId,
    count,
    lastSeq: count === 0 ? null : count,
    headHash,
  };
}

function readHead(text: string, path: string): z.infer<typeof auditExportHeadSchema> {
  const head = auditExportHeadSchema.safeParse(parseJson(text));
  if (!head.success) throw notAnExport(path);
  return head.data;
}

function notAnExport(path: string): DriftplaneError {
  return new DriftplaneError('invalid_arguments', `${path} is not what driftplane audit export writes`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
