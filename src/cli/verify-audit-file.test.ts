import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AUDIT_GENESIS_HASH, type AuditEvent, auditHash } from '../core/audit-chain.ts';
import { verifyAuditFile } from './verify-audit-file.ts';

const WORKSPACE = '0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b';
const EVENT_COUNT = 20;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'driftplane-audit-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** An export: its head, then its events. */
function exportLines(): Record<string, unknown>[] {
  let previousHash = AUDIT_GENESIS_HASH;
  const events = Array.from({ length: EVENT_COUNT }, (_, index) => {
    const event: AuditEvent = {
      seq: index + 1,
      at: '2026-11-01T10:00:00.000Z',
      actor: { kind: 'token', id: 'a', label: 'somebody' },
      action: 'finding.accept',
      target: { kind: 'finding', id: `f${index}` },
      detail: { before: 'new', after: 'accepted', text: 'ä\u2028' },
    };
    const hash = auditHash(previousHash, WORKSPACE, event);
    const line = { ...event, previousHash, hash };
    previousHash = hash;
    return line;
  });
  const head = {
    schema: 'driftplane/audit@1',
    workspaceId: WORKSPACE,
    exportedAt: '2026-11-01T10:00:00.000Z',
    headSeq: EVENT_COUNT,
    headHash: previousHash,
  };
  return [head, ...events];
}

function write(name: string, lines: readonly unknown[]): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
  );
  return path;
}

describe('an export of the audit trail', () => {
  test('is intact as it was written', async () => {
    const lines = exportLines();

    const verdict = await verifyAuditFile(write('whole', lines));

    expect(verdict).toEqual({
      isIntact: true,
      workspaceId: WORKSPACE,
      count: EVENT_COUNT,
      lastSeq: EVENT_COUNT,
      headHash: lines[0]?.headHash,
    });
  });

  test.each([
    [
      'a changed detail',
      8,
      (lines: Record<string, unknown>[]) => Object.assign(lines[7] ?? {}, { detail: {} }),
    ],
    [
      'a changed actor',
      3,
      (lines: Record<string, unknown>[]) =>
        Object.assign(lines[2] ?? {}, { actor: { kind: 'system', id: null, label: 'x' } }),
    ],
    ['an event taken out', 6, (lines: Record<string, unknown>[]) => lines.splice(5, 1)],
    ['the first event taken out', 2, (lines: Record<string, unknown>[]) => lines.splice(1, 1)],
    [
      'two events exchanged',
      5,
      (lines: Record<string, unknown>[]) => lines.splice(4, 2, lines[5]!, lines[4]!),
    ],
    ['an event twice', 6, (lines: Record<string, unknown>[]) => lines.splice(4, 0, lines[4]!)],
    ['the end cut off', EVENT_COUNT - 1, (lines: Record<string, unknown>[]) => lines.splice(-3)],
    ['all events cut off', 2, (lines: Record<string, unknown>[]) => lines.splice(1)],
    [
      'another workspace',
      2,
      (lines: Record<string, unknown>[]) =>
        Object.assign(lines[0] ?? {}, { workspaceId: '0190a1b2-c3d4-4e5f-8a9b-000000000000' }),
    ],
    ['a line that is no event', 4, (lines: Record<string, unknown>[]) => lines.splice(3, 1, { seq: 3 })],
  ])('with %s is broken at line %i', async (what, line, spoil) => {
    const lines = exportLines();
    spoil(lines);

    const verdict = await verifyAuditFile(write(what.replaceAll(' ', '-'), lines));

    expect(verdict).toMatchObject({ isIntact: false, line });
  });

  test('of which a later, rewritten end has consistent hashes is broken where the head is known', async () => {
    const lines = exportLines();
    const last = lines.at(-1) as unknown as AuditEvent & { previousHash: string; hash: string };
    const forged = { ...last, action: 'finding.dismiss' };
    const { previousHash } = forged;
    lines[lines.length - 1] = { ...forged, hash: auditHash(previousHash, WORKSPACE, forged) };

    const verdict = await verifyAuditFile(write('forged', lines));

    expect(verdict).toMatchObject({ isIntact: false, line: EVENT_COUNT + 2 });
  });

  test('of an empty trail is intact', async () => {
    const [head] = exportLines();

    const verdict = await verifyAuditFile(
      write('empty-trail', [{ ...head, headSeq: 0, headHash: AUDIT_GENESIS_HASH }]),
    );

    expect(verdict).toMatchObject({ isIntact: true, count: 0, lastSeq: null });
  });

  test.each([
    ['is not there', () => join(folder, 'nothing'), 'path_not_found'],
    ['is a folder', () => folder, 'path_not_found'],
    ['is empty', () => write('empty', []), 'invalid_arguments'],
    ['is something else', () => write('else', ['hello']), 'invalid_arguments'],
  ])('that %s is an error', async (_what, path, code) => {
    await expect(verifyAuditFile(path())).rejects.toMatchObject({ code });
  });
});
