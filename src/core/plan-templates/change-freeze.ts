import { driftTypes } from '../drift-type.ts';
import { inputSources } from '../plan-vocabulary.ts';
import { deviceProtectionPath } from './condition-parts.ts';
import type { PlanTemplateData } from './plan-template-data.ts';

export const changeFreeze: PlanTemplateData = {
  id: 'change_freeze',
  title: 'Change freeze',
  description:
    'For the weeks in which nothing may change: a closing of the books, a peak season, a migration, an ' +
    'incident. All drift of every source counts, nobody and nothing is ignored, and each finding is told ' +
    'at once, a step graver than otherwise. Apply it to the plan that is in force, as a new version of it ' +
    '(--plan), and roll back when the freeze ends; services and repositories with plans of their own need ' +
    'it too. Accept the drift of a change that was allowed.',
  plan: {
    name: 'Change freeze',
    scopeType: 'workspace',
    inputSources: [...inputSources],
    driftTypes: [...driftTypes],
    allowedOutputs: ['slack', 'microsoft_teams', 'email', 'pagerduty', 'servicenow_incident'],
    // All of it at once, remarks too: they show that somebody was at it.
    thresholds: {
      minConfidence: 0,
      minImpactScore: 0,
      minDriftScore: 0,
      ignore: 0,
      digestOnly: 0,
      notify: 0,
      autoApprove: 1,
    },
    eligibility: { requiresIncident: false, minSeverity: 'sev4', requiresApproval: false, when: null },
    impactRules: {
      // As the item types judge, and then raised: 0.2 to sev3, 0.5 to sev2, 0.7 and 0.9 to sev1.
      baseImpact: null,
      multipliers: [
        {
          name: 'Setting, during the freeze',
          factor: 1.5,
          when: 'impact >= 0.4',
        },
        {
          name: 'Remark, during the freeze',
          factor: 2,
          when: 'impact < 0.4',
        },
        {
          // Nobody does it by mistake.
          name: 'Came or went',
          factor: 1.25,
          when: 'change != "changed"',
        },
        {
          name: 'What runs on devices and clusters',
          factor: 1.25,
          when: 'itemType == "microsoft.graph.mobileApp" || itemType.matches("^microsoft[.]graph[.]device[A-Za-z]*Script$") || paths.exists(p, p.matches("/(containers|initContainers)/[^/]+/image$"))',
        },
        {
          name: 'Protection of the device',
          factor: 1.25,
          when: `paths.exists(p, p.matches("${deviceProtectionPath}"))`,
        },
      ],
    },
    // Nothing changes, documents neither.
    writeback: { enabled: false, requiresApproval: true, autoMerge: false },
    // Pipelines and bots have no leave either, so nothing at all is noise.
    noiseControls: { ignorePatterns: [], ignorePaths: [], ignoreAuthors: [], ignoreChanges: [] },
    // However much it is: a mass of changes during a freeze is the news.
    budgets: { maxDriftsPerDay: null, maxDriftsPerWeek: null, maxNotificationsPerHour: null },
  },
};
