import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { diffFormats } from '../../src/core/report/diff-formats.ts';
import { type Comparison, compare, printed, readable, samples, writeExport } from './sample-exports.ts';

const itemType = 'firewall.rule';
const { types } = samples;

const lines = {
  baseline: readFileSync(samples.firewallBaseline, 'utf8').trimEnd().split('\n'),
  current: readFileSync(samples.firewallCurrent, 'utf8').trimEnd().split('\n'),
};

/** Writes an NDJSON export of these lines. */
const ndjson = (...text: string[]): string =>
  writeExport([{ path: 'export.ndjson', bytes: Buffer.from(`${text.join('\n')}\n`) }]);

/** The rule with this id, as it was. */
const ruleLine = (id: string): string => lines.baseline.find((line) => line.includes(id)) ?? '';

const expected = [
  {
    change: 'changed',
    itemType,
    externalId: 'fw-1010',
    label: 'Web shop',
    driftType: 'configuration',
    severity: 'sev3',
    changes: [
      {
        path: '/services/http3',
        op: 'add',
        before: null,
        after: { name: 'http3', protocol: 'udp', ports: [443] },
      },
      { path: '/services/https/ports/8443', op: 'add', before: null, after: 8443 },
    ],
  },
  {
    change: 'changed',
    itemType,
    externalId: 'fw-1030',
    label: 'Branch Odense',
    driftType: 'configuration',
    severity: 'sev2',
    changes: [{ path: '/tunnel/psk', op: 'replace', before: '[redacted]', after: '[redacted]' }],
  },
  {
    change: 'changed',
    itemType,
    externalId: 'fw-1040',
    label: 'Remote desktop from outside',
    driftType: 'configuration',
    severity: 'sev1',
    changes: [{ path: '/action', op: 'replace', before: 'deny', after: 'allow' }],
  },
  {
    change: 'removed',
    itemType,
    externalId: 'fw-1050',
    label: 'Fax server',
    driftType: 'presence',
    severity: 'sev3',
    changes: [],
  },
  {
    change: 'changed',
    itemType,
    externalId: 'fw-1060',
    label: 'Ledger to its database',
    driftType: 'ownership',
    severity: 'sev3',
    changes: [{ path: '/owner/team', op: 'replace', before: 'finance-it', after: 'ledger' }],
  },
  {
    change: 'changed',
    itemType,
    externalId: 'fw-1070',
    label: 'Backups to the vault',
    driftType: 'configuration',
    severity: 'sev4',
    changes: [
      {
        path: '/note',
        op: 'replace',
        before: 'Until the new vault is there.',
        after: 'Until the new vault is there (2027).',
      },
    ],
  },
  {
    change: 'added',
    itemType,
    externalId: 'fw-1080',
    label: 'Meeting room screens',
    driftType: 'presence',
    severity: 'sev2',
    changes: [],
  },
];

describe('the firewall sample, read by samples/types.yaml', () => {
  let comparison: Comparison;

  beforeAll(async () => {
    comparison = await compare(samples.firewallBaseline, samples.firewallCurrent, { types });
  });

  test('exactly these findings are found', () => {
    expect(readable(comparison.document)).toEqual(expected);
  });

  test('every item is accounted for, and nothing is guessed', () => {
    const { summary, coverage, problems } = comparison.document;

    expect(summary).toMatchObject({
      baselineItems: 8,
      currentItems: 8,
      added: 1,
      removed: 1,
      changed: 5,
      unchanged: 2,
      ambiguous: 0,
    });
    expect(coverage).toEqual([
      { itemType: 'firewall.group', status: 'complete', reason: null },
      { itemType, status: 'complete', reason: null },
    ]);
    expect(problems).toEqual([]);
  });

  test('lines in another order give the same output, byte for byte', async () => {
    const { text } = await compare(
      ndjson(...lines.baseline.toReversed()),
      ndjson(...lines.current.toSorted()),
      { types },
    );

    expect(text).toBe(comparison.text);
  });

  test.each(diffFormats)('the shared keys of tunnels are not shown in the format %s', async (format) => {
    const text = await printed(samples.firewallBaseline, samples.firewallCurrent, format, { types });

    expect(text).toContain('/tunnel/psk');
    for (const secret of ['brick-Falcon-77-odense', 'copper-Heron-31-odense', 'hmac-sha256'])
      expect(text).not.toContain(secret);
  });

  test('the volatile counters are no drift', async () => {
    const line = ruleLine('fw-1020');
    const counted = line.replace(/"hits":\d+/, '"hits":7');
    expect(counted).not.toBe(line);

    const { document } = await compare(ndjson(line), ndjson(counted), { types });

    expect(document.findings).toEqual([]);
  });

  test('the order of addresses, ports and services is no drift', async () => {
    const { sources, destinations, services, ...rest } = JSON.parse(ruleLine('fw-1020'));
    const turned = {
      ...rest,
      sources: sources.toReversed(),
      destinations: destinations.toReversed(),
      services: services.toReversed(),
    };

    const { document } = await compare(ndjson(ruleLine('fw-1020')), ndjson(JSON.stringify(turned)), {
      types,
    });

    expect(document.findings).toEqual([]);
  });

  test('a service in the middle is one change', async () => {
    const rule = JSON.parse(ruleLine('fw-1010'));
    rule.services.splice(1, 0, { name: 'admin', protocol: 'tcp', ports: [9090] });

    const { document } = await compare(ndjson(ruleLine('fw-1010')), ndjson(JSON.stringify(rule)), { types });

    expect(document.findings.map(({ changes }) => changes.map(({ op, path }) => `${op} ${path}`))).toEqual([
      ['add /services/admin'],
    ]);
  });

  test('without the types everything counts, and the guessed identity is said', async () => {
    const { document } = await compare(samples.firewallBaseline, samples.firewallCurrent);

    expect(document.coverage).toEqual([{ itemType: 'json', status: 'complete', reason: null }]);
    expect(document.summary).toMatchObject({ added: 1, removed: 1, changed: 7, unchanged: 0 });
    expect(document.problems).toHaveLength(2);
    for (const { code, detail } of document.problems) {
      expect(code).toBe('unknown_item_type');
      expect(detail).toContain('identity guessed from /name');
    }
  });
});
