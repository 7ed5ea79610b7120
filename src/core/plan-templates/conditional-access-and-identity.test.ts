import type { JsonObject } from '../json-value.ts';
import { conditionalAccessAndIdentity } from './conditional-access-and-identity.ts';
import { changed, describeTemplate, whole } from './test-template.ts';

const graph = (type: string, more: JsonObject): JsonObject => ({
  '@odata.type': `#microsoft.graph.${type}`,
  id: '5d1c',
  displayName: 'One',
  ...more,
});

const policy = (more: JsonObject): JsonObject => graph('conditionalAccessPolicy', more);
const state = (text: string): JsonObject => policy({ state: text });
const onTrial = 'enabledForReportingButNotEnforced';
const users = (more: JsonObject): JsonObject =>
  policy({ conditions: { users: { includeUsers: ['All'], ...more } } });
const grants = (operator: string, ...builtInControls: string[]): JsonObject =>
  policy({ grantControls: { operator, builtInControls } });
const strength = (id: string): JsonObject => policy({ grantControls: { authenticationStrength: { id } } });
const frequency = (isEnabled: boolean): JsonObject =>
  policy({ sessionControls: { signInFrequency: { value: 4, isEnabled } } });

const ranges = (...cidrs: string[]): JsonObject =>
  graph('ipNamedLocation', { ipRanges: cidrs.map((cidrAddress) => ({ cidrAddress })) });
const trusted = (isTrusted: boolean): JsonObject => graph('ipNamedLocation', { isTrusted });
const countries = (...codes: string[]): JsonObject =>
  graph('countryNamedLocation', { countriesAndRegions: codes });

const sms = (text: string): JsonObject =>
  graph('smsAuthenticationMethodConfiguration', { id: 'Sms', state: text });
const methods = (text: string): JsonObject =>
  graph('authenticationMethodsPolicy', {
    authenticationMethodConfigurations: [
      { id: 'Voice', state: text },
      { id: 'Fido2', state: 'enabled' },
    ],
  });
const combinations = (...list: string[]): JsonObject =>
  graph('authenticationStrengthPolicy', { allowedCombinations: list });

const app = (more: JsonObject): JsonObject => graph('application', more);
const enterpriseApp = (more: JsonObject): JsonObject => graph('servicePrincipal', more);
const passwords = (...ids: string[]): JsonObject =>
  app({ passwordCredentials: ids.map((keyId) => ({ keyId, endDateTime: '2027-01-01' })) });
const group = (displayName: string, ...ids: string[]): JsonObject =>
  graph('group', { displayName, members: ids.map((id) => ({ id })) });

const CA = 'Conditional access policy';

describeTemplate(conditionalAccessAndIdentity, [
  [
    'a policy that is off',
    changed(state('enabled'), state('disabled')),
    [CA, 'Policy switched off'],
    'sev1',
    'notify',
  ],
  [
    'a policy back on trial',
    changed(state('enabled'), state(onTrial)),
    [CA, 'Policy switched off'],
    'sev1',
    'notify',
  ],
  ['a policy that is on', changed(state(onTrial), state('enabled')), [CA], 'sev2', 'notify'],
  [
    'a policy that is tried',
    changed(state('disabled'), state(onTrial)),
    [CA, 'Policy on trial or off before and after'],
    'sev4',
    'digest',
  ],
  ['a policy that is gone', whole('removed', state('enabled')), [CA, 'A guard is gone'], 'sev1', 'notify'],
  ['a new policy', whole('added', state('enabled')), [CA], 'sev2', 'notify'],
  [
    'a user who is excluded',
    changed(users({}), users({ excludeUsers: ['u-1'] })),
    [CA, 'Somebody or something is excluded'],
    'sev1',
    'notify',
  ],
  [
    'guests who are excluded',
    changed(
      users({}),
      users({ excludeGuestsOrExternalUsers: { guestOrExternalUserTypes: 'b2bCollaborationGuest' } }),
    ),
    [CA, 'Somebody or something is excluded'],
    'sev1',
    'notify',
  ],
  [
    'an exclusion that is withdrawn',
    changed(users({ excludeUsers: ['u-1'] }), users({})),
    [CA, 'Break-glass exclusion may be gone'],
    'sev1',
    'notify',
  ],
  [
    'a few instead of all',
    changed(users({}), users({ includeUsers: ['u-1'] })),
    [CA, 'Somebody or something is no longer included'],
    'sev1',
    'notify',
  ],
  ['one more group', changed(users({}), users({ includeGroups: ['g-1'] })), [CA], 'sev2', 'notify'],
  [
    'a control that is gone',
    changed(grants('AND', 'mfa', 'compliantDevice'), grants('AND', 'compliantDevice')),
    [CA, 'Asks for less'],
    'sev1',
    'notify',
  ],
  [
    'any control instead of all',
    changed(grants('AND', 'mfa', 'compliantDevice'), grants('OR', 'mfa', 'compliantDevice')),
    [CA, 'Asks for less'],
    'sev1',
    'notify',
  ],
  [
    'all controls instead of any',
    changed(grants('OR', 'mfa', 'compliantDevice'), grants('AND', 'mfa', 'compliantDevice')),
    [CA],
    'sev2',
    'notify',
  ],
  ['another strength', changed(strength('a'), strength('b')), [CA, 'Asks for less'], 'sev1', 'notify'],
  [
    'sessions without end',
    changed(frequency(true), frequency(false)),
    [CA, 'Asks for less'],
    'sev1',
    'notify',
  ],
  ['sessions with an end', changed(frequency(false), frequency(true)), [CA], 'sev2', 'notify'],
  ['another name', changed(policy({}), policy({ displayName: 'Two' })), [CA, 'Remark'], 'sev4', 'recorded'],
  [
    'a trusted network that is wider',
    changed(ranges('192.0.2.0/28'), ranges('192.0.2.0/28', '198.51.100.0/24')),
    ['Trusted location is wider'],
    'sev1',
    'notify',
  ],
  [
    'a network that is trusted',
    changed(trusted(false), trusted(true)),
    ['Trusted location is wider'],
    'sev1',
    'notify',
  ],
  ['a network that is trusted no more', changed(trusted(true), trusted(false)), [], 'sev3', 'notify'],
  [
    'one more country',
    changed(countries('DE'), countries('DE', 'FR')),
    ['Countries of a location'],
    'sev2',
    'notify',
  ],
  ['codes by text message', changed(sms('disabled'), sms('enabled')), ['Weaker sign-in'], 'sev1', 'notify'],
  ['no codes by text message', changed(sms('enabled'), sms('disabled')), [], 'sev3', 'notify'],
  [
    'codes by telephone',
    changed(methods('disabled'), methods('enabled')),
    ['Weaker sign-in'],
    'sev1',
    'notify',
  ],
  [
    'a strength that accepts more',
    changed(combinations('fido2'), combinations('fido2', 'password,sms')),
    ['Weaker sign-in'],
    'sev1',
    'notify',
  ],
  [
    'no security defaults',
    changed(
      graph('identitySecurityDefaultsEnforcementPolicy', { isEnabled: true }),
      graph('identitySecurityDefaultsEnforcementPolicy', { isEnabled: false }),
    ),
    ['Policy of the whole tenant'],
    'sev1',
    'notify',
  ],
  [
    'a new partner',
    whole('added', graph('crossTenantAccessPolicyConfigurationPartner', { tenantId: 't-1' })),
    ['Policy of the whole tenant'],
    'sev1',
    'notify',
  ],
  [
    'a domain that is federated',
    changed(
      graph('domain', { authenticationType: 'Managed' }),
      graph('domain', { authenticationType: 'Federated' }),
    ),
    ['Domain that others can sign in for'],
    'sev1',
    'notify',
  ],
  [
    'a new secret',
    changed(passwords('a'), passwords('a', 'b')),
    ['New credential of an application'],
    'sev1',
    'notify',
  ],
  [
    'a secret that is gone',
    changed(passwords('a', 'b'), passwords('a')),
    ['Credential of an application is gone'],
    'sev4',
    'digest',
  ],
  [
    'a permission that is granted',
    changed(enterpriseApp({}), enterpriseApp({ appRoleAssignments: [{ id: 'a' }] })),
    ['Powers'],
    'sev1',
    'notify',
  ],
  [
    'a new owner',
    changed(app({ owners: [{ id: 'a' }] }), app({ owners: [{ id: 'a' }, { id: 'b' }] })),
    ['Control over an application or group'],
    'sev2',
    'notify',
  ],
  [
    'another address for tokens',
    changed(app({ web: { redirectUris: ['https://a'] } }), app({ web: { redirectUris: ['https://b'] } })),
    ['Control over an application or group'],
    'sev2',
    'notify',
  ],
  [
    'a new member of an exclusion',
    changed(group('CA-Exclude-Legacy'), group('CA-Exclude-Legacy', 'a')),
    ['Members of privileged groups'],
    'sev1',
    'notify',
  ],
  [
    'a new member of the emergency accounts',
    changed(group('Break Glass'), group('Break Glass', 'a')),
    ['Break-glass access', 'Members of privileged groups'],
    'sev1',
    'notify',
  ],
  [
    'a new member of an ordinary group',
    changed(group('Sales Berlin'), group('Sales Berlin', 'a')),
    ['Members of ordinary groups'],
    'sev4',
    'recorded',
  ],
  [
    'a setting of devices',
    changed(
      graph('windows10GeneralConfiguration', { a: 1 }),
      graph('windows10GeneralConfiguration', { a: 2 }),
    ),
    ['Not of the directory'],
    'sev3',
    'digest',
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
]);
