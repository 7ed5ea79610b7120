import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findingToJson } from '../diff-report.ts';
import { jsonReport } from './json-report.ts';
import { ndjsonReport } from './ndjson-report.ts';
import { anyReport } from './test-arbitrary-report.ts';
import { quietReport, sampleFinding, sampleReport } from './test-sample-report.ts';

const members = (value: unknown): string[] => Object.keys(value as object);

test('the document has exactly the fields of driftplane/diff@1, in their order', () => {
  const document = JSON.parse(jsonReport(sampleReport()));

  expect(members(document)).toEqual([
    'schema',
    'summary',
    'coverage',
    'problems',
    'unprovenRemovals',
    'unprovenAdditions',
    'ambiguous',
    'findings',
    'inputsDigest',
    'findingsDigest',
  ]);
  expect(members(document.summary).join()).toBe(
    'baselineItems,currentItems,added,removed,changed,unchanged,ambiguous,unprovenRemovals,unprovenAdditions',
  );
  expect(members(document.coverage[0]).join()).toBe('itemType,status,reason');
  expect(members(document.problems[0]).join()).toBe('code,path,detail');
  expect(members(document.unprovenRemovals[0]).join()).toBe('itemType,externalId,label');
  expect(members(document.ambiguous[0]).join()).toBe('itemType,externalId,paths');
  expect(members(document.findings[1]).join()).toBe(
    'fingerprint,change,itemType,externalId,label,driftType,severity,changes',
  );
  expect(members(document.findings[1].changes[0]).join()).toBe('path,op,before,after');
});

test('the document is indented by two and ends with one line feed', () => {
  const text = jsonReport(quietReport());

  expect(
    text.startsWith('{\n  "schema": "driftplane/diff@1",\n  "summary": {\n    "baselineItems": 64,'),
  ).toBe(true);
  expect(text.endsWith('"\n}\n')).toBe(true);
});

test('hostile keys are kept, and what a terminal would obey is escaped', () => {
  const after = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"\\ud800":"\\u009b2J\\u202e"}');
  const report = sampleReport({
    findings: [sampleFinding({ changes: [{ path: '/__proto__', op: 'add', before: null, after }] })],
  });

  const text = jsonReport(report);

  expect(JSON.stringify(JSON.parse(text).findings[0].changes[0].after)).toBe(JSON.stringify(after));
  expect(text).toContain('"\\ud800": "\\u009b2J\\u202e"');
});

test('each line of NDJSON says what it is', () => {
  const lines = ndjsonReport(sampleReport()).trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line));

  expect(records.map(({ record }) => record)).toEqual([
    'summary',
    ...['coverage', 'coverage', 'coverage'],
    ...['problem', 'problem', 'problem'],
    'unprovenRemoval',
    'unprovenAddition',
    'ambiguous',
    ...['finding', 'finding', 'finding', 'finding'],
  ]);
  expect(members(records[0])).toEqual(['record', 'schema', 'summary', 'inputsDigest', 'findingsDigest']);
  expect(records.at(-1)).toEqual({ record: 'finding', ...findingToJson(sampleReport().findings[3]!) });
});

test('both JSON formats say the same and give back what went in, whatever it is', () => {
  fc.assert(
    fc.property(anyReport(), (report) => {
      const document = JSON.parse(jsonReport(report));
      const lines = ndjsonReport(report).split('\n');
      const records = lines.slice(0, -1).map((line) => JSON.parse(line));

      expect(JSON.stringify(document.findings)).toBe(JSON.stringify(report.findings.map(findingToJson)));
      expect(lines.at(-1)).toBe('');
      const findings = records
        .filter(({ record }) => record === 'finding')
        .map(({ record: _, ...rest }) => rest);
      expect(JSON.stringify(findings)).toBe(JSON.stringify(document.findings));
      // Within the text no character is left that a terminal would obey.
      expect(jsonReport(report).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    }),
    { numRuns: 60 },
  );
});
