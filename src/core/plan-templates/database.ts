import type { PlanTemplateData } from './plan-template-data.ts';

export const database: PlanTemplateData = {
  id: 'database',
  title: 'Database',
  description:
    'For those who run a database and write down its schema, its access rules and how to restore it. ' +
    'Tells at once of tables and columns that are gone, of grants and row policies, of server settings on ' +
    'which durability depends, and of steps for restore and failover that are wrong. New columns and ' +
    'indexes go to the digest; comments are recorded; statistics, sequences and daily partitions are ' +
    'noise.',
  plan: {
    name: 'Database',
    scopeType: 'service',
    inputSources: ['postgres', 'terraform', 'git', 'files', 'push'],
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
    allowedOutputs: ['slack', 'microsoft_teams', 'pagerduty', 'jira_issue', 'github_pull_request'],
    thresholds: { minConfidence: 0.7, digestOnly: 0.2, notify: 0.6 },
    sectionTargets: {
      configuration: ['Configuration', 'Schema'],
      assignment: ['Access'],
      presence: ['Schema', 'Extensions'],
      instruction: ['Backup and restore', 'Migrations'],
      process: ['Failover', 'Migrations', 'Rollback'],
      ownership: ['Ownership', 'On call'],
      coverage: ['Schema', 'Data classification'],
      environment_tooling: ['Prerequisites'],
    },
    impactRules: {
      // Schemas are pushed in many shapes, so the factors go by the names that these have in common.
      baseImpact: 0.5,
      multipliers: [
        {
          // An index can be built again from what is there; a table or a column can not.
          name: 'Data went with it',
          factor: 2,
          when: '(change == "removed" && !itemType.matches("(?i)index")) || changes.exists(c, c.op == "remove" && c.path.matches("/(tables|columns|partitions)/[^/]+$"))',
        },
        {
          // The names of PostgreSQL's settings and of the managed services, as an item or as a member of one.
          name: 'Durability',
          factor: 2,
          when: 'label.matches("^(fsync|full_page_writes|synchronous_commit|wal_level|archive_mode|archive_command|archive_library)$") || paths.exists(p, p.matches("/(fsync|full_page_writes|synchronous_commit|wal_level|archive_mode|archive_command|archive_library|backup_retention_period|deletion_protection|skip_final_snapshot|storage_encrypted)$"))',
        },
        {
          // Somebody follows it while the data is gone.
          name: 'Restore and failover',
          factor: 2,
          when: 'driftType in ["instruction", "process"] && paths.exists(p, p.matches("(?i)backup|restore|recover|failover|runbook"))',
        },
        {
          name: 'Who may read or write',
          factor: 1.9,
          when: 'driftType == "assignment" || paths.exists(p, p.matches("(?i)/(grants?|privileges?|acl|policies|row_?security|rls|roles?|superuser|bypassrls|pg_hba|publicly_accessible)(/|$)"))',
        },
        {
          name: 'Other type of a column',
          factor: 1.5,
          when: 'changes.exists(c, c.op == "replace" && c.path.matches("/columns/[^/]+/(type|data_type|nullable|is_nullable|not_null)$"))',
        },
        {
          name: 'Whose data it is',
          factor: 1.4,
          when: 'driftType == "ownership"',
        },
        {
          // Nobody's query breaks by it.
          name: 'Only more of it',
          factor: 0.5,
          when: 'change == "changed" && changes.all(c, c.op == "add" && c.path.matches("/(columns|indexes|indices)/[^/]+$"))',
        },
        {
          name: 'Comment',
          factor: 0.3,
          when: 'change == "changed" && paths.all(p, p.matches("/(comment|description)$"))',
        },
      ],
    },
    writeback: { enabled: true, requiresApproval: true, autoMerge: false, reviewers: ['database-owners'] },
    noiseControls: {
      // What PostgreSQL makes for itself, and the partitions that pg_partman makes by the day (…_p20261001).
      ignorePatterns: ['*pg_toast*', '*pg_temp_*', '*_p20*'],
      ignorePaths: ['/**/CHANGELOG.md', '/docs/adr/**', '/docs/decisions/**'],
      ignoreChanges: [
        {
          path: '/**/last_value',
          reason: 'Where a sequence stands: every row that is inserted moves it.',
        },
        {
          path: '/**/reltuples',
          reason: 'An estimate that every ANALYZE writes anew, as are the pages.',
        },
        {
          path: '/**/relpages',
          reason: 'An estimate that every ANALYZE writes anew, as are the tuples.',
        },
        {
          path: '/**/latest_restorable_time',
          reason: 'Managed services raise it every few minutes.',
        },
      ],
    },
    budgets: { maxDriftsPerDay: 30, maxDriftsPerWeek: 100, maxNotificationsPerHour: 10 },
    docTargeting: {
      strategy: 'primary_first',
      maxDocsPerDrift: 3,
      priorityOrder: ['git', 'confluence', 'notion'],
    },
  },
};
