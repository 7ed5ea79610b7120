import { deviceProtectionPath, privilegedLabel } from './condition-parts.ts';
import type { PlanTemplateData } from './plan-template-data.ts';

export const tenantConfigurationBaseline: PlanTemplateData = {
  id: 'tenant_configuration_baseline',
  title: 'Tenant configuration baseline',
  description:
    'For administrators of a Microsoft 365 tenant, and for providers who hold many tenants to one ' +
    'baseline; best with a pinned baseline run. Tells at once of policies that lost or gained everybody, ' +
    'of compliance, encryption, Defender, firewall and update settings, of scripts and of administrators; ' +
    'other settings go to the digest. Descriptions, branding and the members of ordinary groups are only ' +
    'recorded.',
  plan: {
    name: 'Tenant configuration baseline',
    scopeType: 'workspace',
    inputSources: ['microsoft_graph', 'files', 'push'],
    driftTypes: ['configuration', 'assignment', 'presence', 'ownership'],
    allowedOutputs: ['microsoft_teams', 'email', 'servicenow_incident', 'jira_issue'],
    // The item types give 0.2 to remarks, 0.5 to settings, 0.7 and 0.9 to what is grave.
    thresholds: { digestOnly: 0.3, notify: 0.6 },
    sectionTargets: {
      configuration: ['Settings'],
      assignment: ['Assignments'],
      presence: ['Policies'],
      ownership: ['Administration'],
    },
    impactRules: {
      multipliers: [
        {
          name: 'Reaches everybody',
          factor: 1.3,
          when: 'driftType == "assignment" && changes.exists(c, c.op == "add" && c.path.matches("^/assignments/#microsoft[.]graph[.](allDevices|allLicensedUsers)AssignmentTarget$"))',
        },
        {
          // Taken from the policy, or excluded from it, which looks like an assignment and is the opposite.
          name: 'No longer reaches a group',
          factor: 1.3,
          when: 'driftType == "assignment" && changes.exists(c, (c.path.matches("^/assignments/[^/]+$") && (c.op == "remove" || (c.op == "add" && "target" in c.after && "@odata.type" in c.after.target && c.after.target["@odata.type"] == "#microsoft.graph.exclusionGroupAssignmentTarget"))) || (c.path.endsWith("/target/@odata.type") && c.after == "#microsoft.graph.exclusionGroupAssignmentTarget"))',
        },
        {
          // Conditional access lets compliant devices in.
          name: 'Compliance policy',
          factor: 1.4,
          when: 'driftType == "configuration" && itemType in ["microsoft.graph.deviceCompliancePolicy", "microsoft.graph.deviceManagementCompliancePolicy"]',
        },
        {
          // In the settings catalog, in endpoint security policies and in the profiles from before both.
          name: 'Protection of the device',
          factor: 1.4,
          when: `paths.exists(p, p.matches("${deviceProtectionPath}"))`,
        },
        {
          name: 'Updates held back',
          factor: 1.3,
          when: 'itemType == "microsoft.graph.windowsUpdateForBusinessConfiguration" && changes.exists(c, c.path.matches("^/(quality|feature)Updates(Paused|WillBeRolledBack)$") && c.after == true)',
        },
        {
          name: 'Members of privileged groups',
          factor: 1.8,
          when: `itemType == "microsoft.graph.group" && paths.exists(p, p.startsWith("/members/")) && label.matches("${privilegedLabel}")`,
        },
        {
          // People come and go, and rules fill dynamic groups. By the label, as nothing else of the group is
          // at hand.
          name: 'Members of ordinary groups',
          factor: 0.4,
          when: `itemType == "microsoft.graph.group" && paths.all(p, p.startsWith("/members/")) && !label.matches("${privilegedLabel}")`,
        },
        {
          name: 'New version of an app',
          factor: 0.5,
          when: 'itemType == "microsoft.graph.mobileApp" && change == "changed" && paths.all(p, p in ["/committedContentVersion", "/displayVersion", "/fileName", "/setupFilePath", "/size"])',
        },
        {
          name: 'Look and wording',
          factor: 0.4,
          when: 'change == "changed" && itemType in ["microsoft.graph.intuneBrandingProfile", "microsoft.graph.notificationMessageTemplate", "microsoft.graph.deviceCategory"]',
        },
      ],
    },
    writeback: { enabled: false },
    noiseControls: {
      // An administrator's tool is not ignored: it is how most unwanted changes are made.
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
        {
          itemType: 'microsoft.graph.windowsDriverUpdateProfile',
          path: '/driverInventories/*',
          when: 'op != "replace"',
          reason: 'Drivers that Microsoft came to offer, or no longer does. Their approval still counts.',
        },
        {
          itemType: 'microsoft.graph.mobileApp',
          path: '/totalLicenseCount',
          reason: 'Licences are bought and given back; the app stays as it is.',
        },
      ],
    },
    // A failed import touches every policy at once: the hundred worst are enough to see it.
    budgets: { maxDriftsPerDay: 100, maxDriftsPerWeek: 300, maxNotificationsPerHour: 20 },
    docTargeting: {
      strategy: 'primary_only',
      maxDocsPerDrift: 1,
      priorityOrder: ['sharepoint', 'confluence', 'git'],
    },
  },
};
