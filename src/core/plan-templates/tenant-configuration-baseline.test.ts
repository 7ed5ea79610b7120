import type { JsonObject, JsonValue } from '../json-value.ts';
import { tenantConfigurationBaseline } from './tenant-configuration-baseline.ts';
import { changed, describeTemplate, whole } from './test-template.ts';

const graph = (type: string, more: JsonObject): JsonObject => ({
  '@odata.type': `#microsoft.graph.${type}`,
  id: '5d1c',
  displayName: 'One',
  ...more,
});

/** A settings catalog policy of one setting. */
function catalog(definition: string, value: JsonValue): JsonObject {
  const settingInstance = { settingDefinitionId: definition, simpleSettingValue: { value } };
  return graph('deviceManagementConfigurationPolicy', { settings: [{ settingInstance }] });
}

/** A policy with assignments to these targets. */
const assigned = (...targets: JsonObject[]): JsonObject =>
  graph('deviceManagementConfigurationPolicy', { assignments: targets.map((target) => ({ target })) });
const included = { '@odata.type': '#microsoft.graph.groupAssignmentTarget', groupId: 'g-1' };
const excluded = { '@odata.type': '#microsoft.graph.exclusionGroupAssignmentTarget', groupId: 'g-1' };
const everybody = { '@odata.type': '#microsoft.graph.allDevicesAssignmentTarget' };

const compliance = (more: JsonObject): JsonObject => graph('windows10CompliancePolicy', more);
const ring = (qualityUpdatesPaused: boolean): JsonObject =>
  graph('windowsUpdateForBusinessConfiguration', { qualityUpdatesPaused });
const group = (displayName: string, ...ids: string[]): JsonObject =>
  graph('group', { displayName, members: ids.map((id) => ({ id })) });
const app = (more: JsonObject): JsonObject => graph('win32LobApp', more);
const enterpriseApp = (more: JsonObject): JsonObject => graph('servicePrincipal', more);
const drivers = (...list: JsonObject[]): JsonObject =>
  graph('windowsDriverUpdateProfile', { driverInventories: list });

describeTemplate(tenantConfigurationBaseline, [
  [
    'any setting goes to the digest',
    changed(
      catalog('device_vendor_msft_policy_config_start_hidelock', 0),
      catalog('device_vendor_msft_policy_config_start_hidelock', 1),
    ),
    [],
    'sev3',
    'digest',
  ],
  [
    'a description is recorded',
    changed(
      graph('windows10GeneralConfiguration', {}),
      graph('windows10GeneralConfiguration', { description: 'New' }),
    ),
    [],
    'sev4',
    'recorded',
  ],
  [
    'a setting of Defender is told at once',
    changed(
      catalog('device_vendor_msft_policy_config_defender_puaprotection', 1),
      catalog('device_vendor_msft_policy_config_defender_puaprotection', 0),
    ),
    ['Protection of the device'],
    'sev2',
    'notify',
  ],
  [
    'so is one of a profile from before the settings catalog',
    changed(
      graph('windows10EndpointProtectionConfiguration', { bitLockerEncryptDevice: true }),
      graph('windows10EndpointProtectionConfiguration', { bitLockerEncryptDevice: false }),
    ),
    ['Protection of the device'],
    'sev2',
    'notify',
  ],
  [
    'a policy for all devices',
    changed(assigned(included), assigned(included, everybody)),
    ['Reaches everybody'],
    'sev1',
    'notify',
  ],
  ['a policy for one more group', changed(assigned(), assigned(included)), [], 'sev2', 'notify'],
  [
    'a group that lost its policy',
    changed(assigned(included), assigned()),
    ['No longer reaches a group'],
    'sev1',
    'notify',
  ],
  [
    'a group that is excluded',
    changed(assigned(everybody), assigned(everybody, excluded)),
    ['No longer reaches a group'],
    'sev1',
    'notify',
  ],
  [
    'a group that is excluded and was included',
    changed(assigned(included), assigned(excluded)),
    ['No longer reaches a group'],
    'sev1',
    'notify',
  ],
  ['a policy that is gone', whole('removed', assigned(included)), [], 'sev2', 'notify'],
  [
    'a weaker compliance policy',
    changed(compliance({ passwordRequired: true }), compliance({ passwordRequired: false })),
    ['Compliance policy'],
    'sev2',
    'notify',
  ],
  [
    'a compliance policy that waits longer',
    changed(
      compliance({
        scheduledActionsForRule: [
          { ruleName: 'a', scheduledActionConfigurations: [{ actionType: 'block', gracePeriodHours: 0 }] },
        ],
      }),
      compliance({
        scheduledActionsForRule: [
          { ruleName: 'a', scheduledActionConfigurations: [{ actionType: 'block', gracePeriodHours: 72 }] },
        ],
      }),
    ),
    ['Compliance policy'],
    'sev1',
    'notify',
  ],
  [
    'a compliance policy with another name',
    changed(compliance({}), compliance({ displayName: 'Two' })),
    ['Compliance policy'],
    'sev4',
    'recorded',
  ],
  ['updates that are paused', changed(ring(false), ring(true)), ['Updates held back'], 'sev1', 'notify'],
  ['updates that go on', changed(ring(true), ring(false)), [], 'sev2', 'notify'],
  [
    'another script',
    changed(
      graph('deviceManagementScript', { scriptContent: 'YQ==' }),
      graph('deviceManagementScript', { scriptContent: 'Yg==' }),
    ),
    [],
    'sev1',
    'notify',
  ],
  [
    'a new administrator',
    changed(
      graph('deviceAndAppManagementRoleAssignment', { members: ['a'] }),
      graph('deviceAndAppManagementRoleAssignment', { members: ['a', 'b'] }),
    ),
    [],
    'sev1',
    'notify',
  ],
  [
    'a new member of a privileged group',
    changed(group('Intune Administrators', 'a'), group('Intune Administrators', 'a', 'b')),
    ['Members of privileged groups'],
    'sev1',
    'notify',
  ],
  [
    'a new member of an ordinary group',
    changed(group('Sales Berlin', 'a'), group('Sales Berlin', 'a', 'b')),
    ['Members of ordinary groups'],
    'sev4',
    'recorded',
  ],
  [
    'a new version of an app',
    changed(
      app({ committedContentVersion: '1', displayVersion: '4.1' }),
      app({ committedContentVersion: '2', displayVersion: '4.2' }),
    ),
    ['New version of an app'],
    'sev4',
    'digest',
  ],
  [
    'an app that is installed otherwise',
    changed(app({ installCommandLine: 'a' }), app({ installCommandLine: 'b', displayVersion: '2' })),
    [],
    'sev2',
    'notify',
  ],
  [
    'another logo',
    changed(
      graph('intuneBrandingProfile', { themeColor: 'red' }),
      graph('intuneBrandingProfile', { themeColor: 'blue' }),
    ),
    ['Look and wording'],
    'sev4',
    'recorded',
  ],
  ...(['oauth2PermissionScopes', 'appRoles'] as const).map(
    (name) =>
      [
        `what a publisher offers: ${name}`,
        changed(
          enterpriseApp({ [name]: [{ id: 'a' }] }),
          enterpriseApp({ [name]: [{ id: 'a' }, { id: 'b' }] }),
        ),
        [],
        'sev3',
        'noiseControls.ignoreChanges',
      ] as const,
  ),
  [
    'a driver that Microsoft came to offer',
    changed(drivers(), drivers({ id: 'd', approvalStatus: 'needsReview' })),
    [],
    'sev3',
    'noiseControls.ignoreChanges',
  ],
  [
    'a driver that somebody approved',
    changed(
      drivers({ id: 'd', approvalStatus: 'needsReview' }),
      drivers({ id: 'd', approvalStatus: 'approved' }),
    ),
    [],
    'sev3',
    'digest',
  ],
  [
    'licences that were bought',
    changed(graph('iosVppApp', { totalLicenseCount: 5 }), graph('iosVppApp', { totalLicenseCount: 9 })),
    [],
    'sev3',
    'noiseControls.ignoreChanges',
  ],
]);
