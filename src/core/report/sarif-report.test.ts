import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sarifReport } from './sarif-report.ts';
import { anyReport } from './test-arbitrary-report.ts';
import { ambiguousItem, quietReport, sampleFinding, sampleReport } from './test-sample-report.ts';

/** The official schema, as the SARIF SDK of its editors ships it (in JSON Schema 2020-12). */
const schemaUrl = new URL(
  '../../../node_modules/@microsoft/sarif-multitool-ts/assets/sarif-2.1.0.schema.json',
  import.meta.url,
);
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(schemaUrl, 'utf8')));

function errorsOf(log: unknown): string[] {
  return validate(log)
    ? []
    : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

const render = (report = sampleReport()) => JSON.parse(sarifReport(report, { toolVersion: '1.2.3' }));
const runOf = (report = sampleReport()) => render(report).runs[0];

test('a log is valid by the schema of SARIF 2.1.0', () => {
  const withUri = sarifReport(sampleReport(), {
    toolVersion: '1.2.3',
    informationUri: 'https://example.org/',
  });

  expect(errorsOf(render())).toEqual([]);
  expect(errorsOf(render(quietReport()))).toEqual([]);
  expect(errorsOf(JSON.parse(withUri))).toEqual([]);
});

test('the schema does refuse a broken log', () => {
  const log = render();
  log.runs[0].results[0].level = 'fatal';
  log.runs[0].results[1].locations[0].physicalLocation.region.startLine = 0;
  log.runs[0].results[2].locations[0].physicalLocation.artifactLocation.uri = 'not a uri';
  delete log.runs[0].tool.driver.name;
  log.runs[0].unknown = true;

  expect(errorsOf(log).map((error) => error.split(' ')[0])).toEqual(
    expect.arrayContaining([
      '/runs/0',
      '/runs/0/tool/driver',
      '/runs/0/results/0/level',
      '/runs/0/results/1/locations/0/physicalLocation/region/startLine',
      '/runs/0/results/2/locations/0/physicalLocation/artifactLocation/uri',
    ]),
  );
});

test('any report gives a valid log in which every rule is found by its index', () => {
  fc.assert(
    fc.property(anyReport(), (report) => {
      const log = render(report);

      expect(errorsOf(log)).toEqual([]);
      const { tool, results, invocations } = log.runs[0];
      for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
      const described = new Set(tool.driver.notifications.map(({ id }: { id: string }) => id));
      for (const { descriptor } of invocations[0].toolExecutionNotifications) {
        expect(described).toContain(descriptor.id);
      }
    }),
    { numRuns: 60 },
  );
});

test('a result says what changed, how much it matters and where', () => {
  const [added, changed, assigned, removed] = runOf().results;

  expect(changed).toMatchObject({
    ruleId: 'configuration/changed',
    level: 'error',
    baselineState: 'updated',
    partialFingerprints: { 'driftplane/v1': `v1:${'2c'.repeat(32)}` },
    properties: { severity: 'sev2', driftType: 'configuration' },
  });
  expect(changed.properties.changes).toHaveLength(6);
  expect(changed.message.text).toContain(
    'Settings catalog policy Baseline - Defender Antivirus - v3.5 (7c4f2a8e-51b7-4b1e-9c39-0f1f5f0d8a11) was changed: /description from "This policy',
  );
  expect(changed.message.text).toMatch(/allowarchivescanning added as an object;.*; and 1 more change\.$/);
  expect([added, assigned, removed].map(({ level, baselineState }) => [level, baselineState])).toEqual([
    ['warning', 'new'],
    ['error', 'updated'],
    ['note', 'absent'],
  ]);
  expect(assigned.locations).toEqual([
    {
      physicalLocation: {
        artifactLocation: { uri: 'current/conditional-access.ndjson' },
        region: { startLine: 7 },
      },
      logicalLocations: [
        {
          name: 'CA007: Require MFA for admins',
          fullyQualifiedName: 'identity/conditionalAccess/policies/ca-007',
          kind: 'resource',
        },
      ],
    },
  ]);
  expect(removed.locations[0]).toMatchObject({
    physicalLocation: {
      artifactLocation: { uri: 'baseline/conditional%20access.json' },
      region: { startLine: 1 },
    },
    properties: { pointer: '/4' },
  });
});

test('a message has no links and no placeholders that an export could bring in', () => {
  const finding = sampleFinding({ label: '[PROD] [click](https://evil.example) {0}', changes: [] });

  expect(runOf(quietReport({ findings: [finding] })).results[0].message.text).toBe(
    'Settings catalog policy [PROD] [click]\\u0028https://evil.example) {{0}} (7c4f2a8e-51b7-4b1e-9c39-0f1f5f0d8a11) was changed.',
  );
});

test('what was not read makes the execution unsuccessful, and what else was found wrong does not', () => {
  const [failed] = runOf().invocations;
  const [quiet] = runOf(quietReport()).invocations;
  const [ambiguous] = runOf(quietReport({ ambiguous: [ambiguousItem('json', 'a', ['x', 'y'])] })).invocations;

  expect(quiet).toEqual({ executionSuccessful: true, exitCode: 0, toolExecutionNotifications: [] });
  expect(ambiguous).toMatchObject({ executionSuccessful: true, exitCode: 3 });
  expect(failed).toMatchObject({ executionSuccessful: false, exitCode: 1 });
  expect(
    failed.toolExecutionNotifications.map(
      ({ descriptor, level }: { descriptor: { id: string }; level: string }) => `${level} ${descriptor.id}`,
    ),
  ).toEqual([
    'error incomplete_coverage',
    'warning ambiguous_item',
    'note unproven_removal',
    'note unproven_addition',
    'error invalid_json',
    'note unknown_item_type',
    'error invalid_json',
  ]);
});

test('a place where an item stands twice is told once', () => {
  const report = quietReport({ ambiguous: [ambiguousItem('json', 'a', ['x.json', 'y.json', 'x.json'])] });
  const [{ toolExecutionNotifications: told }] = runOf(report).invocations;

  expect(errorsOf(render(report))).toEqual([]);
  expect(told[0].locations).toHaveLength(2);
});
