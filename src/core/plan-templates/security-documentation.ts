import type { PlanTemplateData } from './plan-template-data.ts';

export const securityDocumentation: PlanTemplateData = {
  id: 'security_documentation',
  title: 'Security documentation',
  description:
    'For security and compliance teams that keep policies, control descriptions and incident procedures ' +
    'in a repository (documents of the class "security"), which auditors and responders rely on. Tells at ' +
    'once of wrong incident steps and contacts, of access and key handling that no longer are as ' +
    'described, and of controls without description. Tickets and changes wait until a person has looked, ' +
    'as a finding may tell of a hole; every change is reviewed.',
  plan: {
    name: 'Security documentation',
    scopeType: 'repo',
    docClass: 'security',
    inputSources: ['git', 'kubernetes', 'terraform', 'microsoft_graph', 'files', 'push'],
    driftTypes: [
      'configuration',
      'assignment',
      'presence',
      'instruction',
      'process',
      'ownership',
      'coverage',
      'environment_tooling',
    ],
    // No issue of a repository and no wiki: those may have readers who must not know yet.
    allowedOutputs: ['microsoft_teams', 'email', 'servicenow_incident', 'github_pull_request'],
    // More is told than elsewhere, and on weaker signs: a document that an auditor finds wrong costs more
    // than a look.
    thresholds: { minConfidence: 0.5, digestOnly: 0.2, notify: 0.5, autoApprove: 1 },
    eligibility: { requiresApproval: true },
    sectionTargets: {
      configuration: ['Controls', 'Hardening'],
      assignment: ['Access control', 'Privileged access'],
      presence: ['Controls', 'Assets in scope'],
      instruction: ['Incident response', 'Key rotation', 'Evidence'],
      process: ['Incident response', 'Access review', 'Vulnerability management'],
      ownership: ['Contacts', 'Control owners'],
      coverage: ['Controls', 'Exceptions'],
      environment_tooling: ['Scanning', 'Evidence'],
    },
    impactRules: {
      // Below notify; documents have no item types that would tell what is more: the factors do.
      baseImpact: 0.4,
      multipliers: [
        {
          name: 'Steps in an incident',
          factor: 2.5,
          when: 'driftType in ["instruction", "process"] && paths.exists(p, p.matches("(?i)incident|breach|runbook|playbook|forensic|containment"))',
        },
        {
          // Who reports a hole, or has one, needs the right address.
          name: 'Contacts and owners',
          factor: 2.2,
          when: 'driftType == "ownership" || paths.exists(p, p.matches("(?i)security[.](md|txt)$|contacts?|escalation"))',
        },
        {
          name: 'Keys and secrets',
          factor: 2,
          when: 'itemType == "kubernetes.secret" || paths.exists(p, p.matches("(?i)rotat|kms|vault|encrypt|certificate|secret|credential"))',
        },
        {
          name: 'Who has access',
          factor: 2,
          when: 'driftType == "assignment" || itemType in ["microsoft.graph.conditionalAccessPolicy", "microsoft.graph.authorizationPolicy", "microsoft.graph.unifiedRoleDefinition"] || paths.exists(p, p.matches("(?i)access|rbac|privileged|^/(rules|roleRef|subjects)(/|$)|/(assume_role_policy|policy)(/|$)"))',
        },
        {
          name: 'Control without description',
          factor: 1.5,
          when: 'driftType == "coverage"',
        },
        {
          name: 'Controls that auditors test',
          factor: 1.5,
          when: 'driftType in ["instruction", "process", "environment_tooling"] && paths.exists(p, p.matches("(?i)controls?/|soc-?2|iso-?27001|pci|audit|evidence"))',
        },
        {
          name: 'Tags and labels',
          factor: 0.4,
          when: 'change == "changed" && paths.all(p, p.matches("/(tags|tags_all|labels|annotations)(/|$)"))',
        },
      ],
    },
    writeback: {
      enabled: true,
      requiresApproval: true,
      autoMerge: false,
      reviewers: ['security-owners', 'compliance'],
    },
    noiseControls: {
      // Reports say what was true on their day.
      ignorePaths: ['/**/CHANGELOG.md', '/**/postmortems/**', '/**/audit-reports/**'],
    },
    // No budgets: what is told late here is told too late.
    docTargeting: {
      strategy: 'primary_first',
      maxDocsPerDrift: 5,
      priorityOrder: ['git', 'sharepoint', 'confluence'],
    },
  },
};
