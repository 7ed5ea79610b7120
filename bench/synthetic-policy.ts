/**
 * Invented policies in the shape of Microsoft Graph's settings catalog, as a list of
 * `deviceManagement/configurationPolicies` with settings and assignments expanded gives them: annotations,
 * positions as ids of settings, choices with children, lists without order.
 */

import { SeededRandom } from './seeded-random.ts';

export interface Policy {
  readonly id: string;
  name: string;
  description: string;
  lastModifiedDateTime: string;
  settingCount: number;
  settings: PolicySetting[];
  assignments: Assignment[];
  readonly [member: string]: unknown;
}

interface Assignment {
  readonly id: string;
  readonly source: 'direct';
  readonly sourceId: string;
  readonly target: { readonly groupId: string; readonly [member: string]: unknown };
}

interface PolicySetting {
  id: string;
  readonly settingInstance: SettingInstance;
}

interface SettingInstance {
  readonly '@odata.type': string;
  readonly settingDefinitionId: string;
  readonly settingInstanceTemplateReference: null;
  readonly choiceSettingValue?: SettingValue & { readonly children: readonly SettingInstance[] };
  readonly simpleSettingValue?: SettingValue;
  readonly simpleSettingCollectionValue?: SettingValue[];
}

interface SettingValue {
  readonly '@odata.type'?: string;
  readonly settingValueTemplateReference: null;
  value: string | number;
}

const NAMESPACE = '#microsoft.graph.deviceManagementConfiguration';
const METADATA = 'https://graph.microsoft.com/beta/$metadata#deviceManagement/configurationPolicies';

/** Thousands of policies go to the same groups. */
const GROUP_COUNT = 3000;
const GROUPS_SEED = 3;

const departments = ['Finance', 'Zürich Office', 'Warehouse', 'Kiosk', 'Engineering', 'Café Terminals'];
const topics = ['Device Security', 'Browser', 'Updates', 'Credential Guard', 'Local Policies', 'Power'];
const areas = [
  'defender',
  'deviceguard',
  'microsoft_edgev~policy~microsoft_edge',
  'localpoliciessecurityoptions',
  'admx_microsoftdefenderantivirus',
  'update',
  'power',
  'browser',
];
const subjects = [
  'allowarchivescanning',
  'credentialguard_lsacfg',
  'networkaccess_restrictanonymousaccesstonamedpipesandshares',
  'pua_protection_level',
  'scheduled_scan_day_of_the_week',
  'smartscreen_prompt_override',
  'turn_off_picture_password_sign_in',
  'attack_surface_reduction_exclusions',
  'hardened_unc_paths',
  'require_private_store_only',
];
const descriptions = [
  '',
  'Baseline of the workplace team.\nAsk before you change it.',
  "The board's exception of 2023, reviewed each quarter",
  'Pilot ring "blue"',
];

/** A policy whose JSON text has about `textLength` characters. */
export function makePolicy(random: SeededRandom, textLength: number): Policy {
  const id = random.uuid();
  const policy: Policy = {
    '@odata.type': `${NAMESPACE}Policy`,
    id,
    createdDateTime: random.instant(),
    creationSource: null,
    description: random.pick(descriptions),
    lastModifiedDateTime: random.instant(),
    name: `Win - ${random.pick(departments)} - D - ${random.pick(topics)} - v${1 + random.below(4)}.${random.below(9)}`,
    platforms: 'windows10',
    priorityMetaData: null,
    roleScopeTagIds: ['0', String(1 + random.below(40))],
    settingCount: 0,
    technologies: 'mdm',
    templateReference: {
      templateId: '',
      templateFamily: 'none',
      templateDisplayName: null,
      templateDisplayVersion: null,
    },
    'settings@odata.context': `${METADATA}('${id}')/settings`,
    settings: [],
    'assignments@odata.context': `${METADATA}('${id}')/assignments`,
    assignments: [],
  };
  const assignmentCount = 1 + random.below(3);
  while (policy.assignments.length < assignmentCount) policy.assignments.push(makeAssignment(random, policy));
  let length = JSON.stringify(policy).length;
  // The last setting, of about 340 characters, makes it half a setting too long or too short.
  do {
    const setting = { id: '', settingInstance: makeSettingInstance(random, policy.settings) };
    policy.settings.push(setting);
    length += JSON.stringify(setting).length + 2;
  } while (length < textLength - 170);
  renumberSettings(policy);
  return policy;
}

/** What somebody did to a policy between two exports. Each touches one drift type only. */
export const policyEdits = ['value', 'setting_added', 'setting_removed', 'renamed', 'assigned'] as const;
export type PolicyEdit = (typeof policyEdits)[number];

/** The policy as it is after an edit; `policy` itself stays as it was. */
export function editPolicy(policy: Policy, edit: PolicyEdit, random: SeededRandom): Policy {
  const edited = structuredClone(policy);
  edited.lastModifiedDateTime = random.instant();
  const at = random.below(edited.settings.length);
  switch (edit) {
    case 'value':
      changeValue((edited.settings[at] as PolicySetting).settingInstance, random);
      break;
    case 'setting_added':
      edited.settings.splice(at, 0, {
        id: '',
        settingInstance: makeSettingInstance(random, edited.settings),
      });
      break;
    case 'setting_removed':
      edited.settings.splice(at, 1);
      break;
    case 'renamed':
      edited.name = `${policy.name} (renamed)`;
      edited.description = `${policy.description} Renamed.`;
      break;
    case 'assigned':
      edited.assignments.push(makeAssignment(random, policy));
      break;
  }
  renumberSettings(edited);
  return edited;
}

/** The policy as it is after somebody saved it without changing anything. */
export function resavePolicy(policy: Policy, random: SeededRandom): Policy {
  return { ...policy, lastModifiedDateTime: random.instant() };
}

/** One line, with apostrophes escaped as PowerShell's exports have them. */
export function policyText(policy: Policy): string {
  return JSON.stringify(policy).replaceAll("'", '\\u0027');
}

/** Graph numbers settings by position, so one more renumbers those behind it. */
function renumberSettings(policy: Policy): void {
  for (const [index, setting] of policy.settings.entries()) setting.id = String(index);
  policy.settingCount = policy.settings.length;
}

/** To a group that the policy does not go to yet. */
function makeAssignment(random: SeededRandom, policy: Policy): Assignment {
  const { id, assignments } = policy;
  const groupId = new SeededRandom(GROUPS_SEED, random.below(GROUP_COUNT)).uuid();
  if (assignments.some(({ target }) => target.groupId === groupId)) return makeAssignment(random, policy);
  return {
    id: `${id}_${groupId}`,
    source: 'direct',
    sourceId: id,
    target: {
      '@odata.type': `#microsoft.graph.${random.below(5) === 0 ? 'exclusionGroup' : 'group'}AssignmentTarget`,
      deviceAndAppManagementAssignmentFilterId: null,
      deviceAndAppManagementAssignmentFilterType: 'none',
      groupId,
    },
  };
}

function makeSettingInstance(random: SeededRandom, others: readonly PolicySetting[]): SettingInstance {
  const definitionId = pickDefinitionId(random, others);
  const kind = random.below(10);
  if (kind < 6) return choiceInstance(definitionId, random.below(4), []);
  if (kind < 7) {
    return choiceInstance(definitionId, 1, [
      integerInstance(`${definitionId}_seconds`, random.below(86_400)),
    ]);
  }
  if (kind < 9) return integerInstance(definitionId, random.below(1000));
  return collectionInstance(
    definitionId,
    Array.from({ length: 2 + random.below(4) }, () => `C:\\Program Files\\Contoso\\${random.uuid()}.exe`),
  );
}

/** One of the 2,000 settings of the catalog that is not among `others`. */
function pickDefinitionId(random: SeededRandom, others: readonly PolicySetting[]): string {
  for (;;) {
    const variant = 1 + random.below(25);
    const id = `device_vendor_msft_policy_config_${random.pick(areas)}_${random.pick(subjects)}_level${variant}`;
    if (!others.some(({ settingInstance }) => settingInstance.settingDefinitionId === id)) return id;
  }
}

function choiceInstance(
  settingDefinitionId: string,
  choice: number,
  children: readonly SettingInstance[],
): SettingInstance {
  return {
    '@odata.type': `${NAMESPACE}ChoiceSettingInstance`,
    settingDefinitionId,
    settingInstanceTemplateReference: null,
    choiceSettingValue: {
      settingValueTemplateReference: null,
      value: `${settingDefinitionId}_${choice}`,
      children,
    },
  };
}

function integerInstance(settingDefinitionId: string, value: number): SettingInstance {
  return {
    '@odata.type': `${NAMESPACE}SimpleSettingInstance`,
    settingDefinitionId,
    settingInstanceTemplateReference: null,
    simpleSettingValue: {
      '@odata.type': `${NAMESPACE}IntegerSettingValue`,
      settingValueTemplateReference: null,
      value,
    },
  };
}

function collectionInstance(settingDefinitionId: string, values: readonly string[]): SettingInstance {
  return {
    '@odata.type': `${NAMESPACE}SimpleSettingCollectionInstance`,
    settingDefinitionId,
    settingInstanceTemplateReference: null,
    simpleSettingCollectionValue: values.map(stringValue),
  };
}

function stringValue(value: string): SettingValue {
  return { '@odata.type': `${NAMESPACE}StringSettingValue`, settingValueTemplateReference: null, value };
}

/** To a value that no setting has at first. */
function changeValue(instance: SettingInstance, random: SeededRandom): void {
  const { settingDefinitionId, choiceSettingValue, simpleSettingValue, simpleSettingCollectionValue } =
    instance;
  if (choiceSettingValue !== undefined) choiceSettingValue.value = `${settingDefinitionId}_9`;
  if (simpleSettingValue !== undefined) simpleSettingValue.value = 1_000_000;
  simpleSettingCollectionValue?.push(stringValue(`D:\\Contoso\\${random.uuid()}.exe`));
}
