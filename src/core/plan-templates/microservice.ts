import type { PlanTemplateData } from './plan-template-data.ts';

export const microservice: PlanTemplateData = {
  id: 'microservice',
  title: 'Microservice',
  description:
    'For the team that runs a service on Kubernetes and keeps its README and runbook in git. Tells at ' +
    'once of wrong steps in a runbook, of a new owner, of ports, probes, configuration and resources that ' +
    'changed, and of what is gone; other drift goes to the digest, and ordinary releases are only ' +
    'recorded. Proposes changes of the documents as pull requests, which the owners approve.',
  plan: {
    name: 'Microservice',
    scopeType: 'service',
    inputSources: ['git', 'kubernetes', 'files', 'push'],
    driftTypes: [
      'configuration',
      'presence',
      'instruction',
      'process',
      'ownership',
      'coverage',
      'environment_tooling',
    ],
    allowedOutputs: ['slack', 'microsoft_teams', 'github_issue', 'github_pull_request'],
    thresholds: { minConfidence: 0.6, digestOnly: 0.3, notify: 0.6 },
    eligibility: {
      // That something is not documented is a guess more often than that a sentence is wrong.
      when: 'driftType != "coverage" || confidence >= 0.8',
    },
    sectionTargets: {
      configuration: ['Configuration', 'Deployment'],
      presence: ['Dependencies', 'Deployment'],
      instruction: ['Getting started', 'Deployment', 'Rollback'],
      process: ['Deployment', 'Rollback', 'On call'],
      ownership: ['Ownership', 'On call'],
      coverage: ['Configuration', 'Observability'],
      environment_tooling: ['Prerequisites', 'Getting started'],
    },
    impactRules: {
      // Documents have no item types that would tell: the factors do.
      baseImpact: 0.5,
      multipliers: [
        {
          // Somebody follows it at night, when the service is down.
          name: 'Step of a runbook',
          factor: 1.8,
          when: 'driftType in ["instruction", "process"] && paths.exists(p, p.matches("(?i)runbook|playbook|rollback|on-?call|incident"))',
        },
        {
          // ownerReferences of Kubernetes name the controller, not the people.
          name: 'Who answers for it',
          factor: 1.6,
          when: 'driftType == "ownership" && !itemType.startsWith("kubernetes.")',
        },
        {
          name: 'Gone',
          factor: 1.8,
          when: 'change == "removed"',
        },
        {
          name: 'Scaled to zero',
          factor: 1.8,
          when: 'changes.exists(c, c.path.endsWith("/replicas") && c.after == 0.0)',
        },
        {
          name: 'How others reach it',
          factor: 1.5,
          when: 'itemType.startsWith("kubernetes.") && paths.exists(p, p.matches("/(ports|host|hosts|tls|livenessProbe|readinessProbe|startupProbe)(/|$)"))',
        },
        {
          name: 'What it is configured with',
          factor: 1.4,
          when: 'itemType.startsWith("kubernetes.") && paths.exists(p, p.matches("/(env|envFrom|volumes|volumeMounts)(/|$)|^/(data|stringData|binaryData)/"))',
        },
        {
          name: 'What it may use',
          factor: 1.2,
          when: 'itemType.startsWith("kubernetes.") && paths.exists(p, p.matches("/(resources|minReplicas|maxReplicas|minAvailable|maxUnavailable)(/|$)"))',
        },
        {
          name: 'Ordinary release',
          factor: 0.4,
          when: 'change == "changed" && changes.all(c, c.path.endsWith("/image") || c.path.matches("^/(spec/template/)?metadata/(labels|annotations)(/|$)"))',
        },
      ],
    },
    writeback: { enabled: true, requiresApproval: true, autoMerge: false, reviewers: ['service-owners'] },
    noiseControls: {
      // Bots are not ignored: they raise the very versions that a README names.
      ignoreAuthors: [],
      // What was true when it was written, and says so.
      ignorePaths: ['/**/CHANGELOG.md', '/docs/adr/**', '/docs/decisions/**'],
      ignoreChanges: [
        {
          itemType: 'kubernetes.object',
          path: '/spec/replicas',
          when: 'op == "replace" && after != 0.0',
          reason: 'Autoscalers set it. A service that is scaled to zero still counts.',
        },
        {
          itemType: 'kubernetes.object',
          path: '/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt',
          reason: 'When somebody restarted the pods; nothing else changed.',
        },
        {
          itemType: 'kubernetes.object',
          path: '/spec/template/metadata/annotations/checksum~1*',
          reason: 'Charts write it so that pods restart; what it is the sum of is compared itself.',
        },
        {
          itemType: 'kubernetes.object',
          path: '/**/labels/helm.sh~1chart',
          reason: 'The version of the chart; what the chart changed is compared itself.',
        },
      ],
    },
    budgets: { maxDriftsPerDay: 25, maxDriftsPerWeek: 75, maxNotificationsPerHour: 10 },
    docTargeting: {
      strategy: 'primary_first',
      maxDocsPerDrift: 3,
      priorityOrder: ['git', 'github_readme', 'backstage', 'confluence'],
    },
  },
};
