import type { JsonObject } from '../json-value.ts';
import { database } from './database.ts';
import { changed, describeTemplate, documentDrift, whole } from './test-template.ts';

const table = (more: JsonObject, name = 'orders'): JsonObject => ({ id: `public.${name}`, name, ...more });
const columns = (...list: JsonObject[]): JsonObject => table({ columns: list });
const setting = (name: string, value: string): JsonObject => ({ name, setting: value });
/** As a managed service tells of a server. */
const server = (more: JsonObject): JsonObject => ({ id: 'db-1', engine: 'postgres', ...more });

const id = { name: 'id', type: 'bigint' };
const total = { name: 'total', type: 'numeric' };

describeTemplate(database, [
  ['a table that is gone', whole('removed', table({})), ['Data went with it'], 'sev1', 'notify'],
  [
    'a column that is gone',
    changed(columns(id, total), columns(id)),
    ['Data went with it'],
    'sev1',
    'notify',
  ],
  ['a new table', whole('added', table({})), [], 'sev3', 'digest'],
  ['a new column', changed(columns(id), columns(id, total)), ['Only more of it'], 'sev4', 'digest'],
  [
    'a column of another type',
    changed(columns(id, total), columns(id, { ...total, type: 'real' })),
    ['Other type of a column'],
    'sev2',
    'notify',
  ],
  [
    'a comment',
    changed(table({ comment: 'Orders' }), table({ comment: 'All orders' })),
    ['Comment'],
    'sev4',
    'recorded',
  ],
  [
    'a server that no longer waits for its disk',
    changed(setting('fsync', 'on'), setting('fsync', 'off')),
    ['Durability'],
    'sev1',
    'notify',
  ],
  [
    'fewer days of backups',
    changed(server({ backup_retention_period: 30 }), server({ backup_retention_period: 1 })),
    ['Durability'],
    'sev1',
    'notify',
  ],
  [
    'any other setting',
    changed(setting('work_mem', '4MB'), setting('work_mem', '8MB')),
    [],
    'sev3',
    'digest',
  ],
  [
    'another grant',
    changed(table({ grants: ['app:SELECT'] }), table({ grants: ['app:SELECT', 'public:SELECT'] })),
    ['Who may read or write'],
    'sev1',
    'notify',
  ],
  [
    'no more row policies',
    changed(table({ row_security: true }), table({ row_security: false })),
    ['Who may read or write'],
    'sev1',
    'notify',
  ],
  [
    'steps for restore that are wrong',
    documentDrift('instruction', 'docs/restore.md'),
    ['Restore and failover'],
    'sev1',
    'notify',
  ],
  ['another process', documentDrift('process', 'docs/migrations.md'), [], 'sev3', 'digest'],
  [
    'another owner of the data',
    documentDrift('ownership', 'docs/data-owners.md'),
    ['Whose data it is'],
    'sev2',
    'notify',
  ],
  [
    'a table for TOAST',
    whole('added', table({}, 'pg_toast_2619')),
    [],
    'sev3',
    'noiseControls.ignorePatterns',
  ],
  ['a temporary schema', whole('added', table({}, 'pg_temp_3')), [], 'sev3', 'noiseControls.ignorePatterns'],
  [
    'the partition of a day that was dropped',
    whole('removed', table({}, 'events_p20261001')),
    ['Data went with it'],
    'sev1',
    'noiseControls.ignorePatterns',
  ],
  ...['last_value', 'reltuples', 'relpages', 'latest_restorable_time'].map(
    (name) =>
      [
        `what the server counts: ${name}`,
        changed(table({ [name]: 1 }), table({ [name]: 2 })),
        [],
        'sev3',
        'noiseControls.ignoreChanges',
      ] as const,
  ),
  ...['db/CHANGELOG.md', 'docs/adr/0001-uuid.md', 'docs/decisions/0001-uuid.md'].map(
    (path) =>
      [
        `what was once true: ${path}`,
        documentDrift('process', path),
        [],
        'sev3',
        'noiseControls.ignorePaths',
      ] as const,
  ),
]);
