import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { diffFormats } from '../../src/core/report/diff-formats.ts';
import { runCli } from '../cli/run-cli.ts';
import { type Comparison, compare, printed, readable, root, samples } from './sample-exports.ts';

const settingsCatalog = 'microsoft.graph.deviceManagementConfigurationPolicy';
const defenderId = '3acdf566-47d6-4593-a7ba-8c1ee765da37';
const directorId = 'aabc31c3-cb14-4b89-bc89-4e1a86f434c6';
const serversId = 'cb943f27-5b55-4c22-ab23-2e447ca38ee8';
const sharedDevicesId = '96a61ebb-bd6b-49b6-84b3-44aec6018296';
const encryptionMethod = 'device_vendor_msft_bitlocker_encryptionmethodbydrivetype';
const osDisk = `${encryptionMethod}_encryptionmethodwithxtsosdropdown_name`;

/** A setting with a choice, as the facts have it. */
function choice(settingDefinitionId: string, value: string) {
  return {
    settingInstance: {
      settingDefinitionId,
      choiceSettingValue: { value: `${settingDefinitionId}_${value}` },
    },
  };
}

/** Everything that drifted at Contoso in October 2026, in the order of the report. */
const expected = [
  {
    change: 'changed',
    itemType: 'microsoft.graph.conditionalAccessPolicy',
    externalId: '8c427d4d-014e-45e8-b837-8f80f058965b',
    label: 'CA002 – Compliant device for Microsoft 365',
    driftType: 'configuration',
    severity: 'sev1',
    changes: [
      {
        path: `/conditions/users/excludeUsers/${directorId}`,
        op: 'add',
        before: null,
        after: directorId,
      },
      { path: '/state', op: 'replace', before: 'enabled', after: 'enabledForReportingButNotEnforced' },
    ],
  },
  {
    change: 'changed',
    itemType: 'microsoft.graph.deviceCompliancePolicy',
    externalId: '553c877f-d26e-4d80-aa70-4c47d863d50b',
    label: 'iOS - Compliance - v1.3',
    driftType: 'configuration',
    severity: 'sev4',
    changes: [
      {
        path: '/description',
        op: 'replace',
        before: 'Minimum for mail on phones.',
        after: 'Minimum for mail on phones. Reviewed in October 2026, no change.',
      },
    ],
  },
  {
    change: 'changed',
    itemType: 'microsoft.graph.deviceConfiguration',
    externalId: '23d6a8b1-25fc-4c71-b142-e34a5476d49e',
    label: 'Windows - Guest Wi-Fi - v1.0',
    driftType: 'configuration',
    severity: 'sev3',
    changes: [
      {
        path: '/omaSettings/.~1Vendor~1MSFT~1WiFi~1Profile~1Contoso-Guest~1WlanXml/value',
        op: 'replace',
        before: '[redacted]',
        after: '[redacted]',
      },
    ],
  },
  {
    change: 'changed',
    itemType: settingsCatalog,
    externalId: '2d738c33-764f-4fcc-b3ec-77759e18d3a5',
    label: 'Windows - BitLocker - v1.5',
    driftType: 'configuration',
    severity: 'sev3',
    changes: [
      {
        path: `/settings/${encryptionMethod}/settingInstance/choiceSettingValue/children/${osDisk}/choiceSettingValue/value`,
        op: 'replace',
        before: `${osDisk}_7`,
        after: `${osDisk}_6`,
      },
    ],
  },
  {
    change: 'changed',
    itemType: settingsCatalog,
    externalId: defenderId,
    label: 'Windows - Defender Antivirus - v2.4',
    driftType: 'assignment',
    severity: 'sev2',
    changes: [
      {
        path: `/assignments/${serversId}`,
        op: 'add',
        before: null,
        after: {
          source: 'direct',
          sourceId: defenderId,
          target: {
            '@odata.type': '#microsoft.graph.groupAssignmentTarget',
            deviceAndAppManagementAssignmentFilterType: 'none',
            groupId: serversId,
          },
        },
      },
    ],
  },
  {
    change: 'changed',
    itemType: settingsCatalog,
    externalId: defenderId,
    label: 'Windows - Defender Antivirus - v2.4',
    driftType: 'configuration',
    severity: 'sev3',
    changes: [
      {
        path: '/description',
        op: 'replace',
        before: 'Real-time and cloud protection.',
        after: 'Real-time and cloud protection. v2.4: network protection and unwanted apps, CHG-20431.',
      },
      {
        path: '/name',
        op: 'replace',
        before: 'Windows - Defender Antivirus - v2.3',
        after: 'Windows - Defender Antivirus - v2.4',
      },
      {
        path: '/settings/device_vendor_msft_policy_config_defender_enablenetworkprotection',
        op: 'add',
        before: null,
        after: choice('device_vendor_msft_policy_config_defender_enablenetworkprotection', '1'),
      },
      {
        path: '/settings/device_vendor_msft_policy_config_defender_puaprotection',
        op: 'add',
        before: null,
        after: choice('device_vendor_msft_policy_config_defender_puaprotection', '1'),
      },
    ],
  },
  {
    change: 'added',
    itemType: settingsCatalog,
    externalId: '3b757619-fcfe-4caa-a408-6beb6bd1ebf0',
    label: 'Windows - Attack Surface Reduction (Block) - v1.0',
    driftType: 'presence',
    severity: 'sev3',
    changes: [],
  },
  {
    change: 'changed',
    itemType: settingsCatalog,
    externalId: '7bdda2a3-3211-43a0-ad01-a02796ca78d0',
    label: 'Windows - LAPS - v1.2',
    driftType: 'assignment',
    severity: 'sev2',
    changes: [
      {
        path: `/assignments/${sharedDevicesId}/target/@odata.type`,
        op: 'replace',
        before: '#microsoft.graph.groupAssignmentTarget',
        after: '#microsoft.graph.exclusionGroupAssignmentTarget',
      },
    ],
  },
  {
    change: 'removed',
    itemType: settingsCatalog,
    externalId: '94d58a6d-c046-4b02-9a90-98ab1e705a3f',
    label: 'Windows - Attack Surface Reduction (Audit) - v1.0',
    driftType: 'presence',
    severity: 'sev2',
    changes: [],
  },
  {
    change: 'added',
    itemType: 'microsoft.graph.deviceManagementScript',
    externalId: '6d810546-7d38-4105-aabb-c008fd68ad80',
    label: 'Repair printer drivers',
    driftType: 'presence',
    severity: 'sev2',
    changes: [],
  },
];

const itemTypes = [
  'microsoft.graph.conditionalAccessPolicy',
  'microsoft.graph.deviceCompliancePolicy',
  'microsoft.graph.deviceConfiguration',
  settingsCatalog,
  'microsoft.graph.deviceManagementScript',
  'microsoft.graph.groupPolicyConfiguration',
  'microsoft.graph.iosManagedAppProtection',
  'microsoft.graph.namedLocation',
  'microsoft.graph.windowsDriverUpdateProfile',
  'microsoft.graph.windowsUpdateForBusinessConfiguration',
];

/** Both keys of the guest Wi-Fi. Nothing may print them. */
const secrets = ['harbour-lantern-0826', 'orchard-signal-1026'];

describe('between the two exports of Contoso', () => {
  let comparison: Comparison;

  beforeAll(async () => {
    comparison = await compare(samples.october, samples.november);
  });

  test('exactly these findings are found', () => {
    expect(readable(comparison.document)).toEqual(expected);
  });

  test('every item is accounted for', () => {
    expect(comparison.document.summary).toEqual({
      baselineItems: 21,
      currentItems: 22,
      added: 2,
      removed: 1,
      changed: 6,
      unchanged: 14,
      ambiguous: 0,
      unprovenRemovals: 0,
      unprovenAdditions: 0,
    });
  });

  test('every type is known and complete, and nothing is wrong', () => {
    const { coverage, problems, unprovenRemovals, unprovenAdditions, ambiguous } = comparison.document;

    expect(coverage).toEqual(itemTypes.map((itemType) => ({ itemType, status: 'complete', reason: null })));
    expect({ problems, unprovenRemovals, unprovenAdditions, ambiguous }).toEqual({
      problems: [],
      unprovenRemovals: [],
      unprovenAdditions: [],
      ambiguous: [],
    });
  });

  test('every finding has a fingerprint of its own', () => {
    const fingerprints = comparison.document.findings.map(({ fingerprint }) => fingerprint);

    expect(new Set(fingerprints).size).toBe(expected.length);
    for (const fingerprint of fingerprints) expect(fingerprint).toMatch(/^v1:[0-9a-f]{64}$/);
  });

  test.each(diffFormats)('no secret and no digest of one is shown in the format %s', async (format) => {
    const plain = await printed(samples.october, samples.november, format);
    const coloured = await printed(samples.october, samples.november, format, { isColoured: true });

    for (const text of [plain, coloured]) {
      expect(text).toContain('Guest Wi-Fi');
      for (const secret of [...secrets, 'hmac-sha256', '$sensitive']) expect(text).not.toContain(secret);
    }
  });

  test('comparing the other way round turns every finding round', async () => {
    const { document } = await compare(samples.november, samples.october);

    const turned = { added: 'removed', removed: 'added', changed: 'changed' } as Record<string, string>;
    const turnedOp = { add: 'remove', remove: 'add', replace: 'replace' } as Record<string, string>;
    expect(
      readable(document).map(({ externalId, driftType, change, changes }) => ({
        externalId,
        driftType,
        change: turned[change],
        changes: changes.map(({ path, op, before, after }) => ({
          path,
          op: turnedOp[op],
          before: after,
          after: before,
        })),
      })),
    ).toEqual(
      expected.map(({ externalId, driftType, change, changes }) => ({
        externalId,
        driftType,
        change,
        changes,
      })),
    );
  });

  test('the exit code says that something drifted', () => {
    expect(comparison.exitCode).toBe(1);
  });

  test('the demo names what drifted, and how to go on, and finds it again', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'driftplane-demo-'));
    const demo = () =>
      runCli(['demo', '--no-wait'], {
        cwd: root,
        env: { DRIFTPLANE_DATA_DIR: dataDir, COLUMNS: '300', PORT: '0', DATABASE_URL: '' },
      });
    try {
      // Whoever the database runs as must get there.
      chmodSync(dataDir, 0o755);

      const first = await demo();
      const second = await demo();

      for (const { status, stdout, stderr } of [first, second]) {
        expect(status).toBe(0);
        for (const { label } of expected) expect(stdout).toContain(label);
        expect(stderr).toContain('npx driftplane diff BASELINE CURRENT');
        for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
      }
      expect(first.stderr).toContain('22 items; 2 added, 1 removed, 6 changed');
      expect(second.stderr).toContain('The data of the last time is there');
      expect(second.stdout).toBe(first.stdout);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
