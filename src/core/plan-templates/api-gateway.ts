import type { PlanTemplateData } from './plan-template-data.ts';

export const apiGateway: PlanTemplateData = {
  id: 'api_gateway',
  title: 'API gateway',
  description:
    'For the team behind an API gateway or ingress and the reference that its consumers read. Tells at ' +
    'once of routes that are gone, of changes of who may call, of limits, TLS and upstreams, of endpoints ' +
    'that nobody documented, and of examples that no longer work. Shifts of traffic between versions and ' +
    'the wording of the reference are only recorded.',
  plan: {
    name: 'API gateway',
    scopeType: 'service',
    inputSources: ['git', 'kubernetes', 'terraform', 'files', 'push'],
    driftTypes: [
      'configuration',
      'presence',
      'instruction',
      'process',
      'ownership',
      'coverage',
      'environment_tooling',
    ],
    allowedOutputs: ['slack', 'microsoft_teams', 'github_issue', 'github_pull_request', 'gitbook'],
    thresholds: { minConfidence: 0.7, digestOnly: 0.3, notify: 0.6 },
    sectionTargets: {
      configuration: ['Authentication', 'Rate limits', 'Time-outs'],
      presence: ['Endpoints', 'Versions'],
      instruction: ['Quick start', 'Examples'],
      process: ['Onboarding a consumer', 'Deprecation', 'Rollback'],
      ownership: ['Ownership', 'Support'],
      coverage: ['Endpoints', 'Errors'],
      environment_tooling: ['Client libraries'],
    },
    impactRules: {
      // Documents and the objects of most gateways have no item types that would tell: the factors do.
      baseImpact: 0.5,
      multipliers: [
        {
          // Of an Ingress, an HTTPRoute, a Kong route or an OpenAPI document. Callers notice at once.
          name: 'A route is gone',
          factor: 1.9,
          when: 'change == "removed" || changes.exists(c, c.op == "remove" && c.path.matches("/(paths|routes|rules|hosts|hostnames|methods|matches)/[^/]+(/[^/]+)?$"))',
        },
        {
          name: 'Who may call',
          factor: 1.9,
          when: 'paths.exists(p, p.matches("(?i)[/_.-](auth[nz]?|acl|cors|mtls)([/_.-]|$)|authenti|authoriz|oauth|oidc|jwt|api[_-]?key|/security(schemes)?(/|$)|ip-restriction"))',
        },
        {
          name: 'TLS',
          factor: 1.6,
          when: 'paths.exists(p, p.matches("(?i)/tls(/|$)|certificate|cipher|min_?tls|ssl"))',
        },
        {
          name: 'Example that callers copy',
          factor: 1.5,
          when: 'driftType == "instruction"',
        },
        {
          name: 'Limits and time-outs',
          factor: 1.4,
          when: 'paths.exists(p, p.matches("(?i)rate[_-]?limit|quota|throttl|time-?_?out|retr(y|ies)|circuit"))',
        },
        {
          // An endpoint that nobody documented is one that nobody reviewed.
          name: 'Endpoint without documentation',
          factor: 1.4,
          when: 'driftType == "coverage"',
        },
        {
          name: 'Where it leads',
          factor: 1.3,
          when: 'change == "changed" && paths.exists(p, p.matches("(?i)/(backend|backendRefs|upstreams?|targets?|service)(/|$)")) && !paths.all(p, p.endsWith("/weight"))',
        },
        {
          name: 'Shift of traffic',
          factor: 0.4,
          when: 'change == "changed" && paths.all(p, p.endsWith("/weight"))',
        },
        {
          name: 'Wording of the reference',
          factor: 0.4,
          when: 'change == "changed" && driftType == "configuration" && paths.all(p, p.matches("/(summary|description|title|tags|examples?)(/|$)"))',
        },
      ],
    },
    writeback: {
      enabled: true,
      requiresApproval: true,
      autoMerge: false,
      reviewers: ['api-owners', 'developer-experience'],
    },
    noiseControls: {
      // The reference of a version that is gone, and what was true when it was written.
      ignorePaths: ['/**/CHANGELOG.md', '/docs/archive/**'],
      ignoreChanges: [
        {
          itemType: 'kubernetes.object',
          path: '/spec/ports/*/nodePort',
          reason: 'The cluster chooses it when the Service is made anew.',
        },
        {
          itemType: 'kubernetes.object',
          path: '/spec/clusterIP*/**',
          reason: 'The cluster chooses it when the Service is made anew.',
        },
        {
          itemType: 'kubernetes.object',
          path: '/**/labels/helm.sh~1chart',
          reason: 'The version of the chart; what the chart changed is compared itself.',
        },
      ],
    },
    budgets: { maxDriftsPerDay: 20, maxDriftsPerWeek: 60, maxNotificationsPerHour: 10 },
    docTargeting: {
      // The reference, the portal and the guides say the same thing, each in its own words.
      strategy: 'all_matching',
      maxDocsPerDrift: 5,
      priorityOrder: ['git', 'gitbook', 'backstage', 'confluence'],
    },
  },
};
