import { identityKey } from '../compare.ts';
import { type DiffReport, digestFindings } from '../diff-report.ts';
import type { Finding } from '../generate.ts';
import type { AmbiguousItem } from '../identity-groups.ts';
import { nothingHeldBack } from '../plan-hold.ts';

const SETTINGS = 'deviceManagement/configurationPolicies';

/** A finding of a changed settings catalog policy, with what a test wants otherwise. */
export function sampleFinding(overrides: Partial<Finding> = {}): Finding {
  return {
    fingerprint: `v1:${'1a'.repeat(32)}`,
    change: 'changed',
    itemType: SETTINGS,
    itemTypeTitle: 'Settings catalog policy',
    externalId: '7c4f2a8e-51b7-4b1e-9c39-0f1f5f0d8a11',
    label: 'Baseline - Defender Antivirus - v3.5',
    driftType: 'configuration',
    severity: 'sev3',
    impact: 0.5,
    confidence: 1,
    score: 0.5,
    route: 'notify',
    changes: [
      {
        path: '/name',
        op: 'replace',
        before: 'Baseline - Defender Antivirus - v3.4',
        after: 'Baseline - Defender Antivirus - v3.5',
      },
    ],
    path: 'current/settings/defender.json',
    ...overrides,
  };
}

export function ambiguousItem(itemType: string, externalId: string, paths: readonly string[]): AmbiguousItem {
  return { identity: identityKey(itemType, externalId), itemType, externalId, paths };
}

/** A report without findings: everything was read and nothing drifted. */
export function quietReport(overrides: Partial<DiffReport> = {}): DiffReport {
  return {
    summary: {
      baselineItems: 64,
      currentItems: 64,
      added: 0,
      removed: 0,
      changed: 0,
      unchanged: 64,
      ambiguous: 0,
      unprovenRemovals: 0,
      unprovenAdditions: 0,
    },
    coverage: [
      { itemType: SETTINGS, status: 'complete', reason: null },
      { itemType: 'identity/conditionalAccess/policies', status: 'complete', reason: null },
    ],
    problems: [],
    unprovenRemovals: [],
    unprovenAdditions: [],
    ambiguous: [],
    findings: [],
    heldBack: nothingHeldBack,
    inputsDigest: 'a1'.repeat(32),
    findingsDigest: digestFindings([]),
    ...overrides,
  };
}

/** A report that has something of everything. */
export function sampleReport(overrides: Partial<DiffReport> = {}): DiffReport {
  const findings = overrides.findings ?? sampleFindings();
  return quietReport({
    summary: {
      baselineItems: 64,
      currentItems: 65,
      added: 1,
      removed: 1,
      changed: 2,
      unchanged: 58,
      ambiguous: 1,
      unprovenRemovals: 1,
      unprovenAdditions: 1,
    },
    coverage: [
      {
        itemType: 'deviceManagement/deviceCompliancePolicies',
        status: 'partial',
        reason: 'current: 1 × invalid_json',
      },
      { itemType: SETTINGS, status: 'complete', reason: null },
      { itemType: 'identity/conditionalAccess/policies', status: 'complete', reason: null },
    ],
    problems: [
      {
        code: 'invalid_json',
        path: 'current/compliance/windows.json',
        detail: 'line 14, column 3: a member name must follow the comma',
        itemType: null,
      },
      {
        code: 'unknown_item_type',
        path: 'current/other.ndjson:3',
        detail: 'it was identified by "uid"',
        itemType: 'json',
      },
      {
        code: 'invalid_json',
        path: 'current/all.json#/7',
        detail: 'the file ends too early',
        itemType: null,
      },
    ],
    unprovenRemovals: [
      {
        itemType: 'deviceManagement/deviceCompliancePolicies',
        externalId: '0d9b3c1a-66f5-4a5e-8a6e-6f0b5f3f7a10',
        label: 'Compliance - Windows - Firewall',
      },
    ],
    unprovenAdditions: [{ itemType: 'json', externalId: 'edge-update-ring', label: 'edge-update-ring' }],
    ambiguous: [
      ambiguousItem('deviceManagement/deviceCompliancePolicies', '5b0e0a52-9d3b-4f0e-8f55-2a51b3a1c7d2', [
        'current/compliance/a.json',
        'current/compliance/copy of a.json',
      ]),
    ],
    heldBack: {
      candidates: 4,
      changes: 12,
      rules: [
        { code: 'driftTypes', rule: '/driftTypes', candidates: 2, changes: 2 },
        {
          code: 'noiseControls.ignoreChanges',
          rule: '/noiseControls/ignoreChanges/0',
          candidates: 2,
          changes: 10,
        },
      ],
    },
    findingsDigest: digestFindings(findings),
    ...overrides,
    findings,
  });
}

function sampleFindings(): Finding[] {
  const lapsPath =
    '/settings/device_vendor_msft_laps_policies_backupdirectory/settingInstance/choiceSettingValue/children/device_vendor_msft_laps_policies_passwordcomplexity/simpleSettingValue/value';
  return [
    sampleFinding({
      fingerprint: `v1:${'0b'.repeat(32)}`,
      change: 'added',
      externalId: '11c6c1f0-3b52-4a4b-a3e8-7a8bb8a1fd01',
      label: 'Baseline - Windows LAPS - v3.5',
      driftType: 'presence',
      changes: [],
      path: 'current/settings/laps.json',
    }),
    sampleFinding({
      fingerprint: `v1:${'2c'.repeat(32)}`,
      severity: 'sev2',
      changes: [
        {
          path: '/description',
          op: 'replace',
          before:
            'This policy configures Microsoft Defender Antivirus on all corporate Windows devices. It is reviewed twice a year by the endpoint team. Version 3.4.',
          after:
            'This policy configures Microsoft Defender Antivirus on all corporate Windows devices. It is reviewed twice a year by the endpoint team. Version 3.5, with cloud protection.',
        },
        {
          path: '/name',
          op: 'replace',
          before: 'Baseline - Defender Antivirus - v3.4',
          after: 'Baseline - Defender Antivirus - v3.5',
        },
        {
          path: '/settings/device_vendor_msft_policy_config_defender_allowarchivescanning',
          op: 'add',
          before: null,
          after: {
            '@odata.type': '#microsoft.graph.deviceManagementConfigurationSetting',
            settingInstance: {
              settingDefinitionId: 'device_vendor_msft_policy_config_defender_allowarchivescanning',
              choiceSettingValue: {
                value: 'device_vendor_msft_policy_config_defender_allowarchivescanning_1',
                children: [],
              },
            },
          },
        },
        { path: lapsPath, op: 'replace', before: 4, after: 5 },
        {
          path: '/settings/edge_proxy_password/value',
          op: 'replace',
          before: '[redacted]',
          after: '[redacted]',
        },
        { path: '/settings/smb_legacy/enabled', op: 'remove', before: true, after: null },
      ],
    }),
    sampleFinding({
      fingerprint: `v1:${'3d'.repeat(32)}`,
      itemType: 'identity/conditionalAccess/policies',
      itemTypeTitle: 'Conditional access policy',
      externalId: 'ca-007',
      label: 'CA007: Require MFA for admins',
      driftType: 'assignment',
      severity: 'sev1',
      changes: [{ path: '/conditions/users/excludeGroups/3f2a', op: 'add', before: null, after: '3f2a' }],
      path: 'current/conditional-access.ndjson:7',
    }),
    sampleFinding({
      fingerprint: `v1:${'4e'.repeat(32)}`,
      change: 'removed',
      itemType: 'identity/conditionalAccess/policies',
      itemTypeTitle: 'Conditional access policy',
      externalId: 'ca-009',
      label: 'CA009: Block legacy authentication',
      driftType: 'presence',
      severity: 'sev4',
      changes: [],
      path: 'baseline/conditional access.json#/4',
    }),
  ];
}
