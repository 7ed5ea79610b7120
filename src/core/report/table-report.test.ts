import fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayWidth } from './display-width.ts';
import { tableReport } from './table-report.ts';
import { anyReport } from './test-arbitrary-report.ts';
import { ambiguousItem, quietReport, sampleFinding, sampleReport } from './test-sample-report.ts';

const ESC = '\u001b';
const withoutStyles = (text: string): string => text.replaceAll(new RegExp(`${ESC}\\[[\\d;]*m`, 'g'), '');
const plain = (report = sampleReport(), width = 100): string =>
  tableReport(report, { width, isColoured: false });

test('a report reads well at 100 columns', () => {
  expect(plain()).toMatchInlineSnapshot(`
    "4 findings: 1 added, 1 removed, 2 changed (1 sev1, 1 sev2, 1 sev3, 1 sev4).
    Not everything was checked: 1 item type not completely read, 1 ambiguous item left out.

    Conditional access policy · 2 findings · identity/conditionalAccess/policies

      ~ sev1  CA007: Require MFA for admins  assignment · ca-007
              + /conditions/users/excludeGroups/3f2a  "3f2a"

      - sev4  CA009: Block legacy authentication  ca-009

    Settings catalog policy · 2 findings · deviceManagement/configurationPolicies

      ~ sev2  Baseline - Defender Antivirus - v3.5  7c4f2a8e-51b7-4b1e-9c39-0f1f5f0d8a11
              ~ /description
                - "This policy configures Microsoft Defender Antivirus on all corporate Windows devices.
                  It is reviewed twice a year by the endpoint team. Version 3.4."
                + "This policy configures Microsoft Defender Antivirus on all corporate Windows devices.
                  It is reviewed twice a year by the endpoint team. Version 3.5, with cloud protection."
              ~ /name  "Baseline - Defender Antivirus - v3.4" → "Baseline - Defender Antivirus - v3.5"
              + /settings/device_vendor_msft_policy_config_defender_allowarchivescanning
                {"@odata.type":"#micr…ceManagementConfigurationSetting",
                "settingInstance":{"settingDefinitionId":"devic…ig_defender_allowarchivescanning",
                "choiceSettingValue":{"value":"devic…_defender_allowarchivescanning_1","children":[]}}}
              ~ /settings/…/children/device…ft_laps_policies_passwordcomplexity/simpleSettingValue/value
                4 → 5
              ~ /settings/edge_proxy_password/value  "[redacted]" → (another value)
              - /settings/smb_legacy/enabled  true

      + sev3  Baseline - Windows LAPS - v3.5  11c6c1f0-3b52-4a4b-a3e8-7a8bb8a1fd01

    1 unproven removal: missing now, but not all was read
      ? Compliance - Windows - Firewall
        deviceManagement/deviceCompliancePolicies · 0d9b3c1a-66f5-4a5e-8a6e-6f0b5f3f7a10

    1 unproven addition: new now, but not all was read before
      ? edge-update-ring  json

    1 ambiguous item: one identity, different contents; left out
      ! 5b0e0a52-9d3b-4f0e-8f55-2a51b3a1c7d2  deviceManagement/deviceCompliancePolicies
        current/compliance/a.json
        current/compliance/copy of a.json

    1 item type not completely read
      ! deviceManagement/deviceCompliancePolicies  partial
        current: 1 × invalid_json

    ! Not valid JSON (invalid_json), 2 times
      Export the object again, or mend the file at the place named.
        current/compliance/windows.json: line 14, column 3: a member name must follow the comma
        current/all.json#/7: the file ends too early

    i An unknown item type (unknown_item_type), 1 time
      Define the type with --types for exact results.
        current/other.ndjson:3: it was identified by "uid"

    The plan held back 12 changes: 10 by noiseControls.ignoreChanges, 2 by driftTypes.
    64 → 65 items: 1 added, 1 removed, 2 changed, 58 unchanged; 1 ambiguous, 1 not proven to be removed,
    1 not proven to be added.
    "
  `);
});

test('a report reads well at 60 columns', () => {
  expect(plain(sampleReport(), 60).split('\n').slice(0, 38).join('\n')).toMatchInlineSnapshot(`
    "4 findings: 1 added, 1 removed, 2 changed (1 sev1, 1 sev2, 1
    sev3, 1 sev4).
    Not everything was checked: 1 item type not completely read,
    1 ambiguous item left out.

    Conditional access policy
      2 findings · identity/conditionalAccess/policies

      ~ sev1  CA007: Require MFA for admins  assignment · ca-007
              + /conditions/users/excludeGroups/3f2a  "3f2a"

      - sev4  CA009: Block legacy authentication  ca-009

    Settings catalog policy
      2 findings · deviceManagement/configurationPolicies

      ~ sev2  Baseline - Defender Antivirus - v3.5
              7c4f2a8e-51b7-4b1e-9c39-0f1f5f0d8a11
              ~ /description
                - "This policy configures Microsoft Defender
                  Antivirus on all corporate Windows devices. It
                  is reviewed twice a year by the endpoint team.
                  Version 3.4."
                + "This policy configures Microsoft Defender
                  Antivirus on all corporate Windows devices. It
                  is reviewed twice a year by the endpoint team.
                  Version 3.5, with cloud protection."
              ~ /name
                - "Baseline - Defender Antivirus - v3.4"
                + "Baseline - Defender Antivirus - v3.5"
              + /…/device_…_config_defender_allowarchivescanning
                {"@odata.type":"#micr…ceManagementConfigurationS
                etting","settingInstance":{"settingDefinitionId"
                :"devic…ig_defender_allowarchivescanning",
                "choiceSettingValue":{"value":"devic…_defender_…
              ~ /…/device_…ft_laps_policies_passwordcomplexity/…
                4 → 5
              ~ /settings/edge_proxy_password/value"
  `);
});

test('without findings one sentence says it', () => {
  expect(plain(quietReport())).toBe(
    [
      'Nothing drifted: 64 items compared, none differs.',
      '',
      '64 → 64 items: 0 added, 0 removed, 0 changed, 64 unchanged.',
      '',
    ].join('\n'),
  );
});

test('what was not checked is said before the good news', () => {
  const report = quietReport({
    coverage: [{ itemType: '*', status: 'failed', reason: 'current: 1 × unreadable_folder' }],
    ambiguous: [ambiguousItem('json', 'a', ['one.json', 'two.json'])],
  });

  expect(plain(report).split('\n').slice(0, 2)).toEqual([
    'Not everything was checked: 1 item type not completely read, 1 ambiguous item left out.',
    'In what was checked, nothing drifted.',
  ]);
  expect(plain(report)).toContain('  ! every item type  failed\n    current: 1 × unreadable_folder');
});

test('colours are the only difference between both forms', () => {
  const coloured = tableReport(sampleReport(), { width: 100, isColoured: true });

  expect(coloured).toContain(`${ESC}[32m+${ESC}[0m`);
  expect(withoutStyles(coloured)).toBe(plain());
  expect(plain()).not.toContain(ESC);
});

test('a narrower terminal than 40 columns gets 40, a fraction is none, and no limit is no limit', () => {
  expect(plain(sampleReport(), 3)).toBe(plain(sampleReport(), 40));
  expect(plain(sampleReport(), 100.9)).toBe(plain());
  expect(plain(sampleReport(), Number.POSITIVE_INFINITY)).toContain('/description  "This policy configures');
});

test('no line is wider than the terminal and nothing in it is obeyed, whatever the export holds', () => {
  fc.assert(
    fc.property(anyReport(), fc.integer({ min: 40, max: 170 }), fc.boolean(), (report, width, isColoured) => {
      const text = withoutStyles(tableReport(report, { width, isColoured }));

      for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(text.endsWith('\n')).toBe(true);
    }),
  );
});

test('ten thousand findings are all printed, in time that grows with their number', () => {
  const reportOf = (count: number) =>
    sampleReport({
      findings: Array.from({ length: count }, (_, index) => sampleFinding({ externalId: `id-${index}` })),
    });
  const secondsFor = (count: number): number => {
    const report = reportOf(count);
    const start = performance.now();
    plain(report);
    return (performance.now() - start) / 1000;
  };
  plain(reportOf(1_000));

  const table = plain(reportOf(10_000));

  expect(table.match(/ {2}id-\d+\n/g)).toHaveLength(10_000);
  // Ten times the findings; a quadratic step would take a hundred times as long.
  expect(secondsFor(20_000)).toBeLessThan(40 * Math.max(secondsFor(2_000), 0.005));
});
