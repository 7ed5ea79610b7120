import type { PlanTemplateData } from './plan-template-data.ts';

export const infrastructure: PlanTemplateData = {
  id: 'infrastructure',
  title: 'Infrastructure',
  description:
    'For platform and SRE teams with a repository of Terraform or Kubernetes manifests, and the runbooks ' +
    'beside them. Tells at once of networks that opened, of access rights, of protection against loss ' +
    'that was switched off, of what is gone, and of recovery steps that are wrong. Tags and labels are ' +
    'only recorded; what clusters write into objects by themselves is noise.',
  plan: {
    name: 'Infrastructure',
    scopeType: 'repo',
    inputSources: ['terraform', 'kubernetes', 'git', 'files', 'push'],
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
    allowedOutputs: ['slack', 'microsoft_teams', 'pagerduty', 'github_issue', 'github_pull_request'],
    thresholds: { minConfidence: 0.6, digestOnly: 0.3, notify: 0.6 },
    eligibility: {
      // That something is not documented is a guess more often than that a sentence is wrong.
      when: 'driftType != "coverage" || confidence >= 0.8',
    },
    sectionTargets: {
      configuration: ['Architecture', 'Network', 'Configuration'],
      assignment: ['Access'],
      presence: ['Architecture', 'Inventory'],
      instruction: ['Bootstrap', 'Deployment', 'Disaster recovery'],
      process: ['Change process', 'Rollback', 'Disaster recovery'],
      ownership: ['Ownership', 'On call'],
      coverage: ['Architecture', 'Modules'],
      environment_tooling: ['Prerequisites', 'Tool versions'],
    },
    impactRules: {
      // Most resources have no item type of their own that would tell: the factors do, by the names of
      // attributes.
      baseImpact: 0.5,
      multipliers: [
        {
          name: 'Recovery steps',
          factor: 1.9,
          when: 'driftType in ["instruction", "process"] && paths.exists(p, p.matches("(?i)runbook|playbook|disaster|recover|restore|failover|rollback"))',
        },
        {
          // Security groups and firewall rules, NetworkPolicies, exposed Services; databases and buckets.
          name: 'Who can reach it',
          factor: 1.9,
          when: 'paths.exists(p, p.matches("/(ingress|egress|[a-z0-9_]*cidr[a-z_]*|source_ranges|[a-z_]*security_group[a-z_]*|loadBalancerSourceRanges)(/|$)") || p.matches("/(publicly_accessible|public_[a-z_]*|block_public_[a-z]+)$"))',
        },
        {
          // IAM policies and trust, RBAC rules and bindings.
          name: 'Who may do what',
          factor: 1.9,
          when: 'driftType == "assignment" || paths.exists(p, p.matches("(?i)/(assume_role_policy|policy|policy_document|inline_policy|members?|role_definition_id|serviceAccountName)(/|$)|^/(rules|roleRef|subjects|aggregationRule)(/|$)"))',
        },
        {
          name: 'Protection against loss',
          factor: 2,
          when: 'paths.exists(p, p.matches("/(deletion_protection[a-z_]*|force_destroy|skip_final_snapshot|backup_retention[a-z_]*|versioning|purge_protection[a-z_]*|persistentVolumeReclaimPolicy)(/|$)") || p.matches("/(storage_encrypted|kms_key_id)$"))',
        },
        {
          name: 'Gone',
          factor: 1.8,
          when: 'change == "removed"',
        },
        {
          name: 'Secret of a cluster',
          factor: 1.5,
          when: 'itemType == "kubernetes.secret"',
        },
        {
          // Made by hand, or by code that nobody has seen here.
          name: 'Nobody described it',
          factor: 1.3,
          when: 'change == "added"',
        },
        {
          name: 'Tags and labels',
          factor: 0.4,
          when: 'change == "changed" && paths.all(p, p.matches("/(tags|tags_all|labels|annotations)(/|$)"))',
        },
      ],
    },
    writeback: { enabled: true, requiresApproval: true, autoMerge: false, reviewers: ['platform-team'] },
    noiseControls: {
      // The pipeline's account is not ignored: what it applies is what the documents should say.
      ignoreAuthors: [],
      ignorePaths: ['/**/CHANGELOG.md', '/docs/adr/**', '/docs/decisions/**', '/**/.terraform/**'],
      ignoreChanges: [
        {
          itemType: 'kubernetes.object',
          path: '/webhooks/*/clientConfig/caBundle',
          reason: 'Controllers renew the certificate and write it here.',
        },
        {
          itemType: 'kubernetes.object',
          path: '/spec/conversion/webhook/clientConfig/caBundle',
          reason: 'Controllers renew the certificate and write it here.',
        },
        {
          itemType: 'kubernetes.object',
          path: '/spec/replicas',
          when: 'op == "replace" && after != 0.0',
          reason: 'Autoscalers set it. What is scaled to zero still counts.',
        },
        {
          itemType: 'kubernetes.object',
          path: '/**/labels/helm.sh~1chart',
          reason: 'The version of the chart; what the chart changed is compared itself.',
        },
        {
          path: '/**/latest_restorable_time',
          reason: 'Managed databases raise it every few minutes.',
        },
      ],
    },
    budgets: { maxDriftsPerDay: 50, maxDriftsPerWeek: 200, maxNotificationsPerHour: 15 },
    docTargeting: {
      strategy: 'primary_first',
      maxDocsPerDrift: 5,
      priorityOrder: ['git', 'backstage', 'confluence'],
    },
  },
};
