import fc from 'fast-check';
import { expect, test } from 'vitest';
import { markdownReport } from './markdown-report.ts';
import { codeSpan, htmlCode } from './markdown-text.ts';
import { anyReport } from './test-arbitrary-report.ts';
import { ambiguousItem, quietReport, sampleFinding, sampleReport } from './test-sample-report.ts';

/** What is left when blocks of code, code spans (as CommonMark finds them) and `<code>` are taken out. */
function outsideCode(markdown: string): string {
  return markdown
    .replaceAll(/^```diff\n(?:(?:[-+]|@@) .*\n)*```$/gm, 'BLOCK')
    .replaceAll(/<code>[^<]*<\/code>/g, 'HTML')
    .replaceAll(/(?<!`)(`+)(?!`)(?:(?!\n).)*?(?<!`)\1(?!`)/g, 'SPAN');
}

test('a report reads well as a comment', () => {
  expect(markdownReport(sampleReport())).toMatchInlineSnapshot(`
    "## 4 findings: 1 added, 1 removed, 2 changed (1 sev1, 1 sev2, 1 sev3, 1 sev4)

    Not everything was checked: 1 item type not completely read, 1 ambiguous item left out.

    The plan held back 12 changes: 10 by noiseControls.ignoreChanges, 2 by driftTypes.

    | Baseline items | Current items | Added | Removed | Changed | Unchanged | Ambiguous | Unproven removals | Unproven additions |
    | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | 64 | 65 | 1 | 1 | 2 | 58 | 1 | 1 | 1 |

    <details open>
    <summary><b><code>Conditional access policy</code></b> <code>identity&#47;conditionalAccess&#47;policies</code>: 2 findings</summary>

    **changed** · sev1 · assignment · \`CA007: Require MFA for admins\` · \`ca-007\`

    \`\`\`diff
    @@ /conditions/users/excludeGroups/3f2a @@
    + "3f2a"
    \`\`\`

    **removed** · sev4 · \`CA009: Block legacy authentication\` · \`ca-009\`

    </details>

    <details open>
    <summary><b><code>Settings catalog policy</code></b> <code>deviceManagement&#47;configurationPolicies</code>: 2 findings</summary>

    **changed** · sev2 · configuration · \`Baseline - Defender Antivirus - v3.5\` · \`7c4f2a8e-51b7-4b1e-9c39-0f1f5f0d8a11\`

    \`\`\`diff
    @@ /description @@
    - "This policy configures Microsoft Defender Antivirus on all corporate Windows devices. It is reviewed twice a year by the endpoint team. Version 3.4."
    + "This policy configures Microsoft Defender Antivirus on all corporate Windows devices. It is reviewed twice a year by the endpoint team. Version 3.5, with cloud protection."
    @@ /name @@
    - "Baseline - Defender Antivirus - v3.4"
    + "Baseline - Defender Antivirus - v3.5"
    @@ /settings/device_vendor_msft_policy_config_defender_allowarchivescanning @@
    + {"@odata.type":"#microsoft.graph.deviceManagementConfigurationSetting","settingInstance":{"settingDefinitionId":"device_vendor_msft_policy_config_defender_allowarchivescanning","choiceSettingValue":{"value":"device_vendor_msft_policy_config_defender_allowarchivescanning_1","children":[]}}}
    @@ /settings/device_vendor_msft_laps_policies_backupdirectory/settingInstance/choiceSettingValue/children/device_vendor_msft_laps_policies_passwordcomplexity/simpleSettingValue/value @@
    - 4
    + 5
    @@ /settings/edge_proxy_password/value @@
    - "[redacted]"
    + (another value)
    @@ /settings/smb_legacy/enabled @@
    - true
    \`\`\`

    **added** · sev3 · \`Baseline - Windows LAPS - v3.5\` · \`11c6c1f0-3b52-4a4b-a3e8-7a8bb8a1fd01\`

    </details>

    <details>
    <summary>1 item type not completely read</summary>

    - \`deviceManagement/deviceCompliancePolicies\`: partial, \`current: 1 × invalid_json\`

    </details>

    <details>
    <summary>1 ambiguous item, left out of the comparison</summary>

    - \`5b0e0a52-9d3b-4f0e-8f55-2a51b3a1c7d2\` · \`deviceManagement/deviceCompliancePolicies\` in \`current/compliance/a.json\`, \`current/compliance/copy of a.json\`

    </details>

    <details>
    <summary>1 unproven removal: missing now, but not all was read</summary>

    - \`Compliance - Windows - Firewall\` · \`0d9b3c1a-66f5-4a5e-8a6e-6f0b5f3f7a10\` · \`deviceManagement/deviceCompliancePolicies\`

    </details>

    <details>
    <summary>1 unproven addition: new now, but not all was read before</summary>

    - \`edge-update-ring\` · \`json\`

    </details>

    <details>
    <summary>Not valid JSON (<code>invalid_json</code>): 2 times</summary>

    - \`current/compliance/windows.json\`: \`line 14, column 3: a member name must follow the comma\`
    - \`current/all.json#/7\`: \`the file ends too early\`

    </details>

    <details>
    <summary>An unknown item type (<code>unknown_item_type</code>): 1 time</summary>

    - \`current/other.ndjson:3\`: \`it was identified by "uid"\`

    </details>
    "
  `);
});

test('a quiet report is a heading and a table', () => {
  const lines = markdownReport(quietReport()).split('\n');

  expect(lines[0]).toBe('## Nothing drifted: 64 items compared, none differs');
  expect(lines.slice(2)).toEqual([
    expect.stringMatching(/^\| Baseline items/),
    expect.anything(),
    expect.anything(),
    '',
  ]);
});

test('what was not checked is the heading where nothing was found', () => {
  const report = quietReport({ ambiguous: [ambiguousItem('json', 'a', ['one.json', 'two.json'])] });

  expect(markdownReport(report)).toMatch(
    /^## Not everything was checked: 1 ambiguous item left out\n\nIn what was checked, nothing drifted\.\n/,
  );
});

test('a code span holds any text', () => {
  expect(codeSpan('a')).toBe('`a`');
  expect(codeSpan('a`b``c')).toBe('```a`b``c```');
  expect(codeSpan('`')).toBe('`` ` ``');
  expect(codeSpan(' a')).toBe('`  a `');
  expect(codeSpan('  ')).toBe('`  `');
  expect(codeSpan('')).toBe('*(empty)*');
  expect(codeSpan('a\nb')).toBe('`a\\nb`');
  expect(htmlCode('<b>@x&#1;')).toBe('<code>&#60;b&#62;&#64;x&#38;&#35;1;</code>');
});

test('nothing of the export stands outside of code', () => {
  const allowedTags = /<\/?(?:details|details open|summary|b)>/g;
  fc.assert(
    fc.property(anyReport(), (report) => {
      const text = outsideCode(markdownReport(report)).replaceAll(allowedTags, '').replace(/^## /, '');

      // Our own words need none of these; a hostile label, path or value would bring one of them.
      expect(text).not.toMatch(/[<>@#\\[\]`&!]|https?:|www\.|script|bold|alert/);
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    }),
  );
});

test('a long report is cut at a finding and says how much is missing', () => {
  const findings = Array.from({ length: 2_000 }, (_, index) => sampleFinding({ externalId: `id-${index}` }));

  const text = markdownReport(sampleReport({ findings }));

  const shown = text.match(/`id-\d+`/g)?.length ?? 0;
  expect(text.length).toBeLessThanOrEqual(65_000);
  expect(text.length).toBeGreaterThan(60_000);
  expect(text).toContain(`**… and ${2_000 - shown} more findings** that this comment has no room for`);
  // What was not checked is still there, below.
  expect(text).toContain('1 item type not completely read');
});

test('no report is longer than asked for, and every section is closed', () => {
  fc.assert(
    fc.property(anyReport(), fc.integer({ min: 3_000, max: 8_000 }), (report, maxLength) => {
      const text = markdownReport(report, { maxLength });

      expect(text.length).toBeLessThanOrEqual(maxLength);
      const count = (pattern: RegExp): number => outsideCode(text).match(pattern)?.length ?? 0;
      expect(count(/<details(?: open)?>/g)).toBe(count(/<\/details>/g));
    }),
  );
  expect(() => markdownReport(quietReport(), { maxLength: 2_999 })).toThrow(RangeError);
});
