// Who may import whom: the table of docs/architecture.md as rules. test/architecture/ plants a violation of each.
import { builtinModules } from 'node:module';

/** Folder → the folders of src/ that it may import besides itself. */
const mayImport = {
  core: [],
  db: ['core'],
  http: ['core', 'db'],
  connectors: ['core'],
  'features/audit': ['core', 'db', 'http'],
  'features/workspaces': ['core', 'db', 'http'],
  'features/sources': ['core', 'db', 'http', 'features/audit', 'features/workspaces'],
  'features/inventory': [
    'core',
    'db',
    'http',
    'connectors',
    'features/audit',
    'features/workspaces',
    'features/sources',
  ],
  'features/plans': ['core', 'db', 'http', 'features/audit', 'features/workspaces'],
  'features/findings': ['core', 'db', 'http', 'features/audit', 'features/workspaces'],
  'features/executions': [
    'core',
    'db',
    'http',
    'features/audit',
    'features/workspaces',
    'features/plans',
    'features/findings',
    'features/inventory',
  ],
  ...Object.fromEntries(
    ['features/drift', 'features/docs-drift'].map((generator) => [
      generator,
      [
        'core',
        'db',
        'http',
        'connectors',
        'features/audit',
        'features/workspaces',
        'features/sources',
        'features/inventory',
        'features/plans',
        'features/findings',
        'features/executions',
      ],
    ]),
  ),
  'features/outputs': ['core', 'db', 'http', 'features/audit', 'features/findings', 'features/plans'],
  server: ['core', 'db', 'http', 'features', 'connectors'],
  worker: ['core', 'db', 'http', 'features', 'connectors'],
  cli: ['core', 'db', 'http', 'features', 'connectors', 'server', 'worker'],
  web: ['core', 'features/[^/]+/[^/]+-contract[.]ts$'],
};

/** Tests and what only tests import, e.g. db/test-database.ts. */
const testFile = '[.]test[.]tsx?$|/test-[^/]+[.]ts$';
const builtin = `^(node:)?(${builtinModules.map((name) => name.replace(/^node:/, '')).join('|')})$`;

const inFolder = (folder) => (folder.endsWith('$') ? `^src/${folder}` : `^src/${folder}/`);
const folders = Object.keys(mayImport);

const directions = folders.map((folder) => ({
  name: `direction-${folder.replace('features/', '')}`,
  comment: `src/${folder} may import ${['itself', ...mayImport[folder]].join(', ')}.`,
  severity: 'error',
  from: { path: inFolder(folder) },
  to: { path: '^src/', pathNot: [folder, ...mayImport[folder]].map(inFolder) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...directions,
    {
      name: 'known-folder',
      comment: 'Every folder of src/ has a row in the table, or there is no direction to check.',
      severity: 'error',
      from: { path: '^src/', pathNot: folders.map(inFolder) },
      to: {},
    },
    {
      name: 'core-packages',
      comment:
        'The domain depends on zod, CEL and (in one file) yaml, nothing else. See docs/decisions/0002.',
      severity: 'error',
      from: { path: '^src/core/', pathNot: testFile },
      to: {
        path: 'node_modules/',
        pathNot: [
          'node_modules/zod/',
          // CEL with its parts: protobuf for instants, re2 for patterns. See docs/decisions/0009.
          'node_modules/@bufbuild/(cel|protobuf|re2)/',
          'node_modules/yaml/',
        ],
      },
    },
    {
      name: 'core-yaml-in-one-file',
      severity: 'error',
      from: { path: '^src/core/', pathNot: [testFile, '^src/core/yaml-document[.]ts$'] },
      to: { path: 'node_modules/yaml/' },
    },
    {
      name: 'core-no-node',
      comment:
        'The domain has no I/O, no clock, no process: no Node module in it, but node:crypto in sha256.ts.',
      severity: 'error',
      from: { path: '^src/core/', pathNot: [testFile, '^src/core/sha256[.]ts$'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-sha256-only-crypto',
      severity: 'error',
      from: { path: '^src/core/sha256[.]ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'web-browser-safe',
      comment: 'Nothing that web reaches, however far away, may need Node.',
      severity: 'error',
      from: { path: '^src/web/', pathNot: testFile },
      to: {
        path: [
          builtin,
          '^src/core/sha256[.]ts$',
          '^src/(db|connectors|server|worker|cli)/',
          '^src/http/(?!(instant|page|problem-contract)[.]ts$)',
        ],
        reachable: true,
      },
    },
    {
      name: 'store-is-private',
      comment: "A feature's SQL is its own; others call its service or its read model.",
      severity: 'error',
      from: { path: '^src/features/([^/]+)/' },
      to: { path: '^src/features/.+-store[.]ts$', pathNot: '^src/features/$1/' },
    },
    {
      name: 'store-is-private-to-features',
      comment: "A feature's SQL is its own; others call its service or its read model.",
      severity: 'error',
      from: { pathNot: '^src/features/' },
      to: { path: '^src/features/.+-store[.]ts$' },
    },
    {
      name: 'nothing-imports-cli',
      comment: 'Only tests of the whole product use its client.',
      severity: 'error',
      from: { pathNot: '^(src/cli|test)/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'src-not-to-tests',
      comment: 'The product knows neither its tests nor its benchmarks nor its tooling.',
      severity: 'error',
      from: { path: '^src/', pathNot: testFile },
      to: { path: ['^(test|bench|scripts)/', testFile] },
    },
    {
      name: 'no-development-packages',
      comment: 'A published file can only import what is installed with the package.',
      severity: 'error',
      from: { path: '^src/', pathNot: testFile },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    // dependency-cruiser doesn't read TypeScript 7 by itself; without a parser it would skip every .ts in silence.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(test/fixtures|samples)/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'types', 'default'],
    },
  },
};
