import { privilegedLabel } from './condition-parts.ts';
import type { PlanTemplateData } from './plan-template-data.ts';

export const conditionalAccessAndIdentity: PlanTemplateData = {
  id: 'conditional_access_and_identity',
  title: 'Conditional access and identity',
  description:
    'For identity and security teams that answer for who gets into a Microsoft Entra tenant. All drift of ' +
    'the directory but remarks is told at once, and sev1 is kept for what opens a door (policies that are ' +
    'switched off, exclude somebody or ask for less, wider trusted locations, weaker sign-in methods, new ' +
    'credentials, federated domains) and for what touches break-glass access. Give it to the service that ' +
    'the sources of your directory are bound to.',
  plan: {
    name: 'Conditional access and identity',
    scopeType: 'service',
    inputSources: ['microsoft_graph', 'files', 'push'],
    driftTypes: ['configuration', 'assignment', 'presence', 'ownership'],
    allowedOutputs: ['microsoft_teams', 'email', 'pagerduty', 'servicenow_incident'],
    thresholds: { digestOnly: 0.2, notify: 0.5 },
    sectionTargets: {
      configuration: ['Conditional access', 'Authentication methods', 'Named locations'],
      assignment: ['Roles and permissions'],
      presence: ['Conditional access', 'Applications'],
      ownership: ['Owners', 'Emergency access'],
    },
    impactRules: {
      // One base for all: the item types call every condition of a policy sev1, also those that make it
      // stricter.
      baseImpact: 0.6,
      multipliers: [
        {
          name: 'Conditional access policy',
          factor: 1.2,
          when: 'itemType == "microsoft.graph.conditionalAccessPolicy"',
        },
        {
          name: 'Policy switched off',
          factor: 1.6,
          when: 'itemType == "microsoft.graph.conditionalAccessPolicy" && changes.exists(c, c.path == "/state" && c.before == "enabled")',
        },
        {
          name: 'Policy on trial or off before and after',
          factor: 0.4,
          when: 'itemType == "microsoft.graph.conditionalAccessPolicy" && change == "changed" && changes.all(c, c.path == "/state" && c.before != "enabled" && c.after != "enabled")',
        },
        {
          name: 'Somebody or something is excluded',
          factor: 1.6,
          when: 'itemType == "microsoft.graph.conditionalAccessPolicy" && changes.exists(c, c.op == "add" && c.path.matches("^/conditions/[a-zA-Z]+/exclude[a-zA-Z]+(/|$)"))',
        },
        {
          name: 'Somebody or something is no longer included',
          factor: 1.6,
          when: 'itemType == "microsoft.graph.conditionalAccessPolicy" && changes.exists(c, c.op == "remove" && c.path.matches("^/conditions/[a-zA-Z]+/include[a-zA-Z]+(/|$)"))',
        },
        {
          // A control that is gone, any one where all were asked for, or another strength.
          name: 'Asks for less',
          factor: 1.6,
          when: 'itemType == "microsoft.graph.conditionalAccessPolicy" && changes.exists(c, (c.op == "remove" && c.path.matches("^/(grant|session)Controls(/|$)")) || (c.path == "/grantControls/operator" && c.after == "OR") || c.path == "/grantControls/authenticationStrength/id" || (c.path.matches("^/sessionControls/[^/]+/isEnabled$") && c.after == false))',
        },
        {
          // The next outage of multifactor authentication would lock everybody out. Only you know which
          // accounts these are: replace the pattern behind excludeUsers/ and excludeGroups/ by their ids.
          name: 'Break-glass exclusion may be gone',
          factor: 1.3,
          when: 'itemType == "microsoft.graph.conditionalAccessPolicy" && changes.exists(c, c.op == "remove" && c.path.matches("^/conditions/users/(excludeUsers|excludeGroups)/[^/]+$"))',
        },
        {
          name: 'Break-glass access',
          factor: 1.6,
          when: 'label.matches("(?i)break[ _-]?glass|emergency[ _-]?access")',
        },
        {
          // Sign-ins from there pass every policy that trusts it.
          name: 'Trusted location is wider',
          factor: 1.6,
          when: 'itemType == "microsoft.graph.namedLocation" && changes.exists(c, (c.op == "add" && c.path.startsWith("/ipRanges/")) || (c.path == "/isTrusted" && c.after == true))',
        },
        {
          // Policies let countries in or shut them out, so neither direction is the harmless one.
          name: 'Countries of a location',
          factor: 1.3,
          when: 'itemType == "microsoft.graph.namedLocation" && paths.exists(p, p.matches("^/(countriesAndRegions|includeUnknownCountriesAndRegions|countryLookupMethod)(/|$)"))',
        },
        {
          name: 'A guard is gone',
          factor: 1.6,
          when: 'change == "removed" && itemType in ["microsoft.graph.conditionalAccessPolicy", "microsoft.graph.namedLocation", "microsoft.graph.authenticationStrengthPolicy", "microsoft.graph.authenticationContextClassReference"]',
        },
        {
          // Methods that can be phished or intercepted, and strengths that accept more.
          name: 'Weaker sign-in',
          factor: 1.6,
          when: '(itemType == "microsoft.graph.authenticationMethodConfiguration" && externalId in ["Sms", "Voice", "Email"] && changes.exists(c, c.path == "/state" && c.after == "enabled")) || changes.exists(c, (c.path.matches("^/authenticationMethodConfigurations/(Sms|Voice|Email)/state$") && c.after == "enabled") || (c.op == "add" && c.path.startsWith("/allowedCombinations/")))',
        },
        {
          name: 'Policy of the whole tenant',
          factor: 1.5,
          when: 'itemType.matches("^microsoft[.]graph[.](authorizationPolicy|identitySecurityDefaultsEnforcementPolicy|permissionGrantPolicy|crossTenantAccessPolicy.*)$")',
        },
        {
          name: 'Domain that others can sign in for',
          factor: 1.6,
          when: 'itemType == "microsoft.graph.domain" && (change == "added" || paths.exists(p, p.matches("^/(authenticationType|federationConfiguration)(/|$)")))',
        },
        {
          // Whoever holds it signs in as the application, past every policy.
          name: 'New credential of an application',
          factor: 1.6,
          when: 'changes.exists(c, c.op == "add" && c.path.matches("^/(passwordCredentials|keyCredentials|federatedIdentityCredentials)/[^/]+$"))',
        },
        {
          name: 'Credential of an application is gone',
          factor: 0.5,
          when: 'change == "changed" && changes.all(c, c.op == "remove" && c.path.matches("^/(passwordCredentials|keyCredentials|federatedIdentityCredentials)/[^/]+$"))',
        },
        {
          name: 'Powers',
          factor: 1.5,
          when: 'paths.exists(p, p.matches("^/(rolePermissions|scopedRoleMembers|appRoleAssignments|isAssignableToRole|isMemberManagementRestricted)(/|$)"))',
        },
        {
          // An owner can give the application a credential; who gets the token of a sign-in is who signs in.
          name: 'Control over an application or group',
          factor: 1.2,
          when: 'driftType == "ownership" || paths.exists(p, p.matches("^/(web/|spa/|publicClient/)?(redirectUris|replyUrls)(/|$)|^/membershipRule"))',
        },
        {
          name: 'Members of privileged groups',
          factor: 1.5,
          when: `itemType == "microsoft.graph.group" && paths.exists(p, p.startsWith("/members/")) && label.matches("${privilegedLabel}")`,
        },
        {
          // People come and go, and rules fill dynamic groups. By the label, as nothing else of the group is
          // at hand.
          name: 'Members of ordinary groups',
          factor: 0.3,
          when: `itemType == "microsoft.graph.group" && paths.all(p, p.startsWith("/members/")) && !label.matches("${privilegedLabel}")`,
        },
        {
          // Where one source holds the whole tenant: to the digest with it.
          name: 'Not of the directory',
          factor: 0.7,
          when: '!itemType.matches("^microsoft[.]graph[.](conditionalAccess|namedLocation|authenti|authorization|identity|permissionGrant|crossTenant|group$|application$|servicePrincipal|unifiedRole|administrativeUnit|domain)")',
        },
        {
          name: 'Remark',
          factor: 0.2,
          when: 'paths.all(p, p in ["/displayName", "/description"])',
        },
      ],
    },
    writeback: { enabled: false },
    noiseControls: {
      // Privileged automation is what an intruder uses, so nobody is ignored.
      ignoreAuthors: [],
      ignoreChanges: [
        {
          itemType: 'microsoft.graph.servicePrincipal',
          path: '/*PermissionScopes/**',
          reason: "What an application offers is its publisher's doing; Microsoft's own change all the time.",
        },
        {
          itemType: 'microsoft.graph.servicePrincipal',
          path: '/appRoles/**',
          reason: "What an application offers is its publisher's doing. What is granted still counts.",
        },
      ],
    },
    // No budgets: an attack must not hide behind a mass of small changes.
    docTargeting: {
      strategy: 'primary_only',
      maxDocsPerDrift: 1,
      priorityOrder: ['sharepoint', 'confluence', 'git'],
    },
  },
};
