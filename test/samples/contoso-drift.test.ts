import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/core/json-value.ts';
import { compare, mapObjects, readItems, rewriteValues, samples, writeExport } from './sample-exports.ts';

// The other side of contoso-traps.test.ts: what means something is seen, however small, and nothing beside it.

interface Alteration {
  readonly name: string;
  /** Name of the file that is altered, without `.json`. */
  readonly file: string;
  readonly alter: (value: JsonObject) => JsonValue;
  readonly driftType: string;
  readonly severity: string;
  readonly paths: readonly string[];
}

const suites = '/settings/device_vendor_msft_policy_config_cryptography_tlsciphersuites';
const defender = '/settings/device_vendor_msft_policy_config_defender_';

/** The first element goes to the end. */
const firstLast = ([first, ...rest]: readonly JsonValue[]): JsonValue[] =>
  first === undefined ? [] : [...rest, first];

/** The list under `name` of `object`. */
const listAt = (object: JsonObject, name: string): JsonValue[] => object[name] as JsonValue[];

/** The object under `names` of `object`. */
function objectAt(object: JsonObject, ...names: string[]): JsonObject {
  return names.reduce((at, name) => at[name] as JsonObject, object);
}

const alterations: readonly Alteration[] = [
  {
    name: 'the order of the cipher suites',
    file: 'Windows - TLS - v1.0',
    alter: (value) =>
      mapObjects(value, (object) =>
        Array.isArray(object.simpleSettingCollectionValue)
          ? { ...object, simpleSettingCollectionValue: firstLast(object.simpleSettingCollectionValue) }
          : object,
      ),
    driftType: 'configuration',
    severity: 'sev3',
    paths: [
      `${suites}/settingInstance/simpleSettingCollectionValue/0`,
      `${suites}/settingInstance/simpleSettingCollectionValue/2`,
    ],
  },
  {
    name: 'one setting less, which renumbers the others',
    file: 'Windows - Defender Antivirus - v2.3',
    alter: (value) => ({
      ...value,
      settings: listAt(value, 'settings')
        .slice(1)
        .map((setting, index) => ({ ...(setting as JsonObject), id: String(index) })),
    }),
    driftType: 'configuration',
    severity: 'sev3',
    paths: [`${defender}allowarchivescanning`],
  },
  {
    name: 'one path more that is not scanned',
    file: 'Windows - Defender Antivirus - v2.3',
    alter: (value) =>
      mapObjects(value, (object) =>
        Array.isArray(object.simpleSettingCollectionValue)
          ? {
              ...object,
              simpleSettingCollectionValue: [{ value: 'C:\\Temp' }, ...object.simpleSettingCollectionValue],
            }
          : object,
      ),
    driftType: 'configuration',
    severity: 'sev3',
    paths: [`${defender}excludedpaths/settingInstance/simpleSettingCollectionValue/C:\\Temp`],
  },
  {
    name: 'assigned to nobody',
    file: 'Windows - BitLocker - v1.5',
    alter: (value) => ({ ...value, assignments: [] }),
    driftType: 'assignment',
    severity: 'sev2',
    paths: ['/assignments/#microsoft.graph.allDevicesAssignmentTarget'],
  },
  {
    name: 'an action of a compliance policy later',
    file: 'Windows - Compliance - v2.0',
    alter: (value) =>
      mapObjects(value, (object) =>
        object.actionType === 'block' ? { ...object, gracePeriodHours: 720 } : object,
      ),
    driftType: 'configuration',
    severity: 'sev2',
    paths: ['/scheduledActionsForRule/0/scheduledActionConfigurations/block/gracePeriodHours'],
  },
  {
    name: 'a range that is trusted',
    file: 'Offices',
    alter: (value) => ({
      ...value,
      ipRanges: [
        ...listAt(value, 'ipRanges'),
        { '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '0.0.0.0/1' },
      ],
    }),
    driftType: 'configuration',
    severity: 'sev1',
    paths: ['/ipRanges/0.0.0.0~11'],
  },
  {
    name: 'a role that is let off',
    file: 'CA001 – Multifactor authentication for administrators',
    alter: (value) => {
      objectAt(value, 'conditions', 'users').includeRoles = listAt(
        objectAt(value, 'conditions', 'users'),
        'includeRoles',
      ).slice(1);
      return value;
    },
    driftType: 'configuration',
    severity: 'sev1',
    paths: ['/conditions/users/includeRoles/62e90394-69f5-4237-9190-012177145e10'],
  },
  {
    name: 'a conditional access policy that is switched off',
    file: 'CA003 – Block legacy authentication',
    alter: (value) => ({ ...value, state: 'disabled' }),
    driftType: 'configuration',
    severity: 'sev1',
    paths: ['/state'],
  },
  {
    name: 'what a script does',
    file: 'Set time zone',
    alter: (value) => ({ ...value, scriptContent: Buffer.from('Restart-Computer').toString('base64') }),
    driftType: 'configuration',
    severity: 'sev1',
    paths: ['/scriptContent'],
  },
  {
    name: 'an administrative template that is switched off',
    file: 'Windows - OneDrive - v1.0',
    alter: (value) => {
      objectAt(value, 'definitionValues', '0').enabled = false;
      return value;
    },
    driftType: 'configuration',
    severity: 'sev3',
    paths: [
      "/definitionValues/https:~1~1graph.microsoft.com~1beta~1deviceManagement~1groupPolicyDefinitions('6324673a-68b7-4e20-b151-f2b29dfe0cb5')/enabled",
    ],
  },
  {
    name: 'an app that is no longer protected',
    file: 'iOS - App Protection - v1.4',
    alter: (value) => ({ ...value, apps: listAt(value, 'apps').slice(1), deployedAppCount: 2 }),
    driftType: 'configuration',
    severity: 'sev2',
    paths: ['/apps/com.microsoft.office.outlook'],
  },
];

describe('one alteration of the export of October', () => {
  test.each(alterations)('$name: one finding', async ({ file, alter, driftType, severity, paths }) => {
    const altered = rewriteValues(samples.october, (value, { path }) =>
      path.endsWith(`/${file}.json`) ? alter(value) : value,
    );

    const { document } = await compare(samples.october, altered);

    const found = document.findings.map((finding) => ({
      driftType: finding.driftType,
      severity: finding.severity,
      paths: finding.changes.map((change) => change.path),
    }));
    expect(found).toEqual([{ driftType, severity, paths }]);
  });

  test('a file that is gone: one finding', async () => {
    const [gone, ...rest] = readItems(samples.october);

    const { document } = await compare(samples.october, writeExport(rest));

    expect(document.findings).toMatchObject([{ change: 'removed', externalId: gone?.value.id, changes: [] }]);
  });

  test('a file that can not be read: no finding, but an unproven removal', async () => {
    const [first, ...rest] = readItems(samples.october);
    const half = { path: first?.path ?? '', bytes: (first?.bytes ?? Buffer.alloc(0)).subarray(0, 200) };

    const { document, exitCode } = await compare(samples.october, writeExport([half, ...rest]));

    expect(exitCode).toBe(3);
    expect(document.findings).toEqual([]);
    expect(document.unprovenRemovals).toMatchObject([{ externalId: first?.value.id }]);
    expect(document.problems).toMatchObject([{ code: 'invalid_json' }]);
    expect(document.coverage.filter(({ status }) => status === 'complete')).toEqual([]);
  });
});
