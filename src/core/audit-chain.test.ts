import { describe, expect, it } from 'vitest';
import {
  AUDIT_GENESIS_HASH,
  type AuditEvent,
  type AuditVerdict,
  auditHash,
  type ChainedAuditEvent,
  createAuditVerifier,
} from './audit-chain.ts';

const WORKSPACE = '2f1c0c5e-0000-4000-8000-000000000001';

const event = (seq: number, rest: Partial<AuditEvent> = {}): AuditEvent => ({
  seq,
  at: '2026-01-02T03:04:05.678Z',
  actor: { kind: 'token', id: 't-1', label: 'admin' },
  action: 'finding.accept',
  target: { kind: 'finding', id: `f-${seq}` },
  detail: { state: { before: 'new', after: 'accepted' } },
  ...rest,
});

function chainOf(count: number, workspaceId = WORKSPACE): ChainedAuditEvent[] {
  let previousHash = AUDIT_GENESIS_HASH;
  return Array.from({ length: count }, (_, index) => {
    const one = event(index + 1);
    const entry = { event: one, previousHash, hash: auditHash(previousHash, workspaceId, one) };
    previousHash = entry.hash;
    return entry;
  });
}

function verify(entries: readonly ChainedAuditEvent[], workspaceId = WORKSPACE): AuditVerdict {
  const verifier = createAuditVerifier(workspaceId);
  for (const entry of entries) verifier.add(entry);
  return verifier.result();
}

/** The chain with entry `seq` replaced by what `change` makes of it. */
function with_(seq: number, change: (entry: ChainedAuditEvent) => ChainedAuditEvent): ChainedAuditEvent[] {
  return chainOf(5).map((entry) => (entry.event.seq === seq ? change(entry) : entry));
}

describe('an audit trail', () => {
  it('that nobody touched is intact, and names its head', () => {
    expect(verify(chainOf(5))).toEqual({
      kind: 'intact',
      count: 5,
      firstSeq: 1,
      isFromStart: true,
      lastSeq: 5,
      headHash: chainOf(5)[4]?.hash,
    });
  });

  it('without events is intact', () => {
    expect(verify([])).toMatchObject({ kind: 'intact', count: 0, headHash: null });
  });

  it('that starts later says so', () => {
    expect(verify(chainOf(5).slice(2))).toMatchObject({
      kind: 'intact',
      count: 3,
      firstSeq: 3,
      isFromStart: false,
    });
  });

  it.each<[string, ChainedAuditEvent[], number, string]>([
    ['without one event', chainOf(5).filter(({ event: { seq } }) => seq !== 3), 4, 'gap'],
    ['with two events exchanged', [1, 3, 2, 4, 5].flatMap((seq) => chainOf(5).slice(seq - 1, seq)), 3, 'gap'],
    ['with an event twice', [...chainOf(3), ...chainOf(3).slice(2)], 3, 'reordered'],
    ['with an event of before at the end', [...chainOf(5), ...chainOf(1)], 1, 'reordered'],
    [
      'with an event altered',
      with_(3, (entry) => ({ ...entry, event: { ...entry.event, detail: {} } })),
      3,
      'hash_mismatch',
    ],
    [
      'with an event altered and hashed anew',
      with_(3, (entry) => {
        const altered = { ...entry.event, detail: {} };
        return { ...entry, event: altered, hash: auditHash(entry.previousHash, WORKSPACE, altered) };
      }),
      4,
      'wrong_previous',
    ],
    [
      'that does not begin at the genesis',
      with_(1, (entry) => ({ ...entry, previousHash: '1'.repeat(64) })),
      1,
      'wrong_previous',
    ],
  ])('%s is broken there', (_, entries, seq, reason) => {
    expect(verify(entries)).toMatchObject({ kind: 'broken', seq, reason });
  });

  it('of another workspace is broken from its first event', () => {
    expect(verify(chainOf(2, 'another'))).toEqual({
      kind: 'broken',
      count: 0,
      seq: 1,
      reason: 'hash_mismatch',
    });
  });

  it('is hashed over every field', () => {
    const hashes = [
      event(1),
      event(2, { target: { kind: 'finding', id: 'f-1' } }),
      event(1, { at: '2026-01-02T03:04:05.679Z' }),
      event(1, { actor: { kind: 'cli', id: 't-1', label: 'admin' } }),
      event(1, { actor: { kind: 'token', id: null, label: 'admin' } }),
      event(1, { actor: { kind: 'token', id: 't-1', label: 'other' } }),
      event(1, { action: 'finding.dismiss' }),
      event(1, { target: { kind: 'source', id: 'f-1' } }),
      event(1, { target: { kind: 'finding', id: null } }),
      event(1, { detail: null }),
    ].map((one) => auditHash(AUDIT_GENESIS_HASH, WORKSPACE, one));

    expect(new Set(hashes).size).toBe(10);
  });
});
