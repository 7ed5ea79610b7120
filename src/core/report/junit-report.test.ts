import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { exitCodeOf } from '../diff-report.ts';
import { junitReport } from './junit-report.ts';
import { printable } from './printable.ts';
import { anyReport } from './test-arbitrary-report.ts';
import { quietReport, sampleFinding, sampleReport } from './test-sample-report.ts';

interface Case {
  readonly classname: string;
  readonly name: string;
  readonly failure?: { readonly type: string; readonly message: string; readonly '#text': string };
  readonly error?: unknown;
  readonly skipped?: unknown;
}
interface Suite {
  readonly name: string;
  readonly tests: string;
  readonly failures: string;
  readonly testcase: readonly Case[];
}
interface Suites {
  readonly tests: string;
  readonly failures: string;
  readonly errors: string;
  readonly skipped: string;
  readonly testsuite?: readonly Suite[];
}

function parse(xml: string): Suites {
  expect(XMLValidator.validate(xml)).toBe(true);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    parseTagValue: false,
    trimValues: false,
    isArray: (name) => name === 'testsuite' || name === 'testcase',
  });
  return parser.parse(xml).testsuites;
}

test('a report reads well as XML', () => {
  expect(junitReport(sampleReport())).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="driftplane diff" tests="11" failures="4" errors="4" skipped="2">
      <testsuite name="deviceManagement/configurationPolicies" tests="2" failures="2" errors="0" skipped="0">
        <testcase classname="deviceManagement/configurationPolicies" name="Baseline - Windows LAPS - v3.5 (11c6c1f0-3b52-4a4b-a3e8-7a8bb8a1fd01): presence">
          <failure type="presence/added" message="sev3: Settings catalog policy added">current/settings/laps.json</failure>
        </testcase>
        <testcase classname="deviceManagement/configurationPolicies" name="Baseline - Defender Antivirus - v3.5 (7c4f2a8e-51b7-4b1e-9c39-0f1f5f0d8a11): configuration">
          <failure type="configuration/changed" message="sev2: Settings catalog policy changed, configuration: /description, /name, /settings/device_vendor_msft_policy_config_defender_allowarchivescanning, /settings/device_vendor_msft_laps_policies_backupdirectory/settingInstance/choiceSettingValue/children/device_vendor_msft_laps_policies_passwordcomplexity/simpleSettingValue/value, /settings/edge_proxy_password/value, /settings/smb_legacy/enabled">current/settings/defender.json
    ~ /description
      - "This policy configures Microsoft Defender Antivirus on all corporate Windows devices. It is reviewed twice a year by the endpoint team. Version 3.4."
      + "This policy configures Microsoft Defender Antivirus on all corporate Windows devices. It is reviewed twice a year by the endpoint team. Version 3.5, with cloud protection."
    ~ /name
      - "Baseline - Defender Antivirus - v3.4"
      + "Baseline - Defender Antivirus - v3.5"
    + /settings/device_vendor_msft_policy_config_defender_allowarchivescanning
      + {"@odata.type":"#microsoft.graph.deviceManagementConfigurationSetting","settingInstance":{"settingDefinitionId":"device_vendor_msft_policy_config_defender_allowarchivescanning","choiceSettingValue":{"value":"device_vendor_msft_policy_config_defender_allowarchivescanning_1","children":[]}}}
    ~ /settings/device_vendor_msft_laps_policies_backupdirectory/settingInstance/choiceSettingValue/children/device_vendor_msft_laps_policies_passwordcomplexity/simpleSettingValue/value
      - 4
      + 5
    ~ /settings/edge_proxy_password/value
      - "[redacted]"
      + (another value)
    - /settings/smb_legacy/enabled
      - true</failure>
        </testcase>
      </testsuite>
      <testsuite name="deviceManagement/deviceCompliancePolicies" tests="3" failures="0" errors="2" skipped="1">
        <testcase classname="deviceManagement/deviceCompliancePolicies" name="everything was read">
          <error type="coverage/partial" message="partial: current: 1 × invalid_json"/>
        </testcase>
        <testcase classname="deviceManagement/deviceCompliancePolicies" name="5b0e0a52-9d3b-4f0e-8f55-2a51b3a1c7d2: identity">
          <error type="ambiguous" message="One identity with different contents: left out of the comparison.">current/compliance/a.json
    current/compliance/copy of a.json</error>
        </testcase>
        <testcase classname="deviceManagement/deviceCompliancePolicies" name="Compliance - Windows - Firewall (0d9b3c1a-66f5-4a5e-8a6e-6f0b5f3f7a10): presence">
          <skipped message="Not proven to be removed: the current side was not completely read."/>
        </testcase>
      </testsuite>
      <testsuite name="identity/conditionalAccess/policies" tests="2" failures="2" errors="0" skipped="0">
        <testcase classname="identity/conditionalAccess/policies" name="CA007: Require MFA for admins (ca-007): assignment">
          <failure type="assignment/changed" message="sev1: Conditional access policy changed, assignment: /conditions/users/excludeGroups/3f2a">current/conditional-access.ndjson:7
    + /conditions/users/excludeGroups/3f2a
      + "3f2a"</failure>
        </testcase>
        <testcase classname="identity/conditionalAccess/policies" name="CA009: Block legacy authentication (ca-009): presence">
          <failure type="presence/removed" message="sev4: Conditional access policy removed">baseline/conditional access.json#/4</failure>
        </testcase>
      </testsuite>
      <testsuite name="json" tests="1" failures="0" errors="0" skipped="1">
        <testcase classname="json" name="edge-update-ring: presence">
          <skipped message="Not proven to be added: the baseline side was not completely read."/>
        </testcase>
      </testsuite>
      <testsuite name="problems" tests="3" failures="0" errors="2" skipped="0">
        <testcase classname="problems.invalid_json" name="current/compliance/windows.json">
          <error type="invalid_json" message="Not valid JSON: line 14, column 3: a member name must follow the comma">Export the object again, or mend the file at the place named.</error>
        </testcase>
        <testcase classname="problems.unknown_item_type" name="current/other.ndjson:3">
          <system-out>An unknown item type: it was identified by "uid"</system-out>
        </testcase>
        <testcase classname="problems.invalid_json" name="current/all.json#/7">
          <error type="invalid_json" message="Not valid JSON: the file ends too early">Export the object again, or mend the file at the place named.</error>
        </testcase>
      </testsuite>
    </testsuites>
    "
  `);
});

test('a type without findings passes', () => {
  const suites = parse(junitReport(quietReport()));

  expect(suites).toMatchObject({ tests: '2', failures: '0', errors: '0', skipped: '0' });
  expect(suites.testsuite?.map(({ name, testcase }) => [name, testcase[0]?.name])).toEqual([
    ['deviceManagement/configurationPolicies', 'nothing drifted'],
    ['identity/conditionalAccess/policies', 'nothing drifted'],
  ]);
});

test('an unread type does not pass', () => {
  const unread = quietReport({ coverage: [{ itemType: '*', status: 'failed', reason: null }] });

  const suites = parse(junitReport(unread));

  expect(suites).toMatchObject({ tests: '1', errors: '1' });
  expect(suites.testsuite?.[0]?.name).toBe('every item type');
});

test('a mere notice passes', () => {
  const noticed = quietReport({
    problems: [{ code: 'duplicate_item', path: 'a.json', detail: 'also in b.json', itemType: null }],
  });

  expect(exitCodeOf(noticed)).toBe(0);
  expect(parse(junitReport(noticed))).toMatchObject({ tests: '3', failures: '0', errors: '0' });
});

test('names and values survive, as far as XML and the eye can hold them', () => {
  const hostile = 'a<b>&"\'\u0000\u001b[2J\n]]>\ud800\ufffe\u202e';
  const finding = sampleFinding({
    label: hostile,
    externalId: 'id',
    changes: [{ path: `/${hostile}`, op: 'add', before: null, after: 'x' }],
  });

  const [suite] = parse(junitReport(quietReport({ coverage: [], findings: [finding] }))).testsuite ?? [];

  expect(suite?.testcase[0]?.name).toBe(`${printable(hostile)} (id): configuration`);
  expect(suite?.testcase[0]?.failure?.['#text']).toBe(
    `current/settings/defender.json\n+ /${printable(hostile)}\n  + "x"`,
  );
});

test('any report is well-formed XML whose counts are right', () => {
  fc.assert(
    fc.property(anyReport(), (report) => {
      const xml = junitReport(report);

      const suites = parse(xml);
      const cases = (suites.testsuite ?? []).flatMap(({ testcase }) => testcase);
      expect(Number(suites.tests)).toBe(cases.length);
      expect(Number(suites.failures)).toBe(report.findings.length);
      expect(cases.filter(({ failure }) => failure !== undefined)).toHaveLength(report.findings.length);
      expect(cases.filter(({ error }) => error !== undefined)).toHaveLength(Number(suites.errors));
      expect(cases.filter(({ skipped }) => skipped !== undefined)).toHaveLength(Number(suites.skipped));
      if (exitCodeOf(report) !== 0)
        expect(Number(suites.failures) + Number(suites.errors)).toBeGreaterThan(0);
      expect(xml.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    }),
  );
});
