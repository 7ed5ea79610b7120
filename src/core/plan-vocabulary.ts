// The words that a plan is made of.
/** What a plan is for. `repo` plans may be narrowed to a document class. */
export const planScopeTypes = ['workspace', 'service', 'repo'] as const;

export type PlanScopeType = (typeof planScopeTypes)[number];

/** Only `active` plans are in force. */
export const planStatuses = ['draft', 'active', 'archived'] as const;

export type PlanStatus = (typeof planStatuses)[number];

/** Kinds of sources whose drift a plan may count. */
export const inputSources = [
  'files',
  'push',
  'microsoft_graph',
  'kubernetes',
  'terraform',
  'postgres',
  'git',
] as const;

/** Where documents are kept. */
export const docSystems = [
  'git',
  'github_readme',
  'github_wiki',
  'gitlab_wiki',
  'confluence',
  'notion',
  'gitbook',
  'backstage',
  'sharepoint',
] as const;

export type DocSystem = (typeof docSystems)[number];

/** Outputs that tell people; these alone can carry a digest. */
export const messageOutputs = ['webhook', 'slack', 'microsoft_teams', 'email'] as const;

/** Outputs that make somebody's work of a finding. */
export const ticketOutputs = [
  'pagerduty',
  'github_issue',
  'gitlab_issue',
  'jira_issue',
  'servicenow_incident',
] as const;

/** Outputs that change documents, and so need `writeback.enabled`. */
export const documentOutputs = [
  'github_pull_request',
  'gitlab_merge_request',
  'github_readme',
  'github_wiki',
  'confluence',
  'notion',
  'gitbook',
  'backstage',
  'sharepoint',
] as const;

export const planOutputs = [...messageOutputs, ...ticketOutputs, ...documentOutputs] as const;

export type PlanOutput = (typeof planOutputs)[number];

/** How documents are chosen for a finding. */
export const docStrategies = ['primary_only', 'primary_first', 'all_matching'] as const;

export type DocStrategy = (typeof docStrategies)[number];
