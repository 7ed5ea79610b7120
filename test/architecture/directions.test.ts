import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Cruise {
  /** `rule: from → to`, sorted */
  violations: string[];
  /** module → what it imports */
  imports: Map<string, string[]>;
}

const root = join(import.meta.dirname, '../..');

/** Runs the very command of `npm run check`, with the configuration of this repository, on `folder`. */
async function cruise(folder: string, paths: string[]): Promise<Cruise> {
  const command = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = join(root, '.dependency-cruiser.mjs');
  const json = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      [command, '--config', config, '--output-type', 'json', ...paths],
      { cwd: folder, maxBuffer: 256 * 1024 * 1024 },
      (error, stdout, stderr) =>
        stdout.startsWith('{') ? resolve(stdout) : reject(error ?? new Error(stderr)),
    );
  });
  const result: {
    modules: { source: string; dependencies: { resolved: string }[] }[];
    summary: { violations: { rule: { name: string }; from: string; to: string }[] };
  } = JSON.parse(json);
  return {
    violations: result.summary.violations
      .map(({ rule, from, to }) => (from === to ? `${rule.name}: ${from}` : `${rule.name}: ${from} → ${to}`))
      .sort(),
    imports: new Map(
      result.modules.map(({ source, dependencies }) => [
        source,
        dependencies.map(({ resolved }) => resolved),
      ]),
    ),
  };
}

/** A tree like ours: its own package.json, empty packages under the names of ours. */
async function plantTree(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'driftplane-architecture-'));
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  const packages = ['zod', 'yaml', 'vitest'].flatMap((name) => [
    [`node_modules/${name}/package.json`, `{ "name": "${name}", "main": "index.js" }`],
    [`node_modules/${name}/index.js`, ''],
  ]);
  for (const [path, text] of [...packages, ...Object.entries(files)] as [string, string][]) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const innocent = {
  'src/core/sha256.ts': "import { createHash } from 'node:crypto';\nexport const sha256 = createHash;\n",
  'src/core/hash.ts': "import { sha256 } from './sha256.ts';\nexport const hash = sha256;\n",
  'src/core/schema.ts': "import { z } from 'zod';\nexport type Schema = z.ZodType;\n",
  'src/core/schema.test.ts':
    "import { readFileSync } from 'node:fs';\nimport { it } from 'vitest';\nimport type { Schema } from './schema.ts';\nit('x', () => readFileSync as unknown as Schema);\n",
  'src/connectors/files/reader.ts':
    "import { open } from 'node:fs/promises';\nimport type { Schema } from '../../core/schema.ts';\nexport const read = (_: Schema) => open;\n",
  'src/cli/main.ts':
    "import { read } from '../connectors/files/reader.ts';\nimport { parse } from 'yaml';\nexport const main = { read, parse };\n",
  'src/features/plans/plan-store.ts': 'export const findPlan = 1;\n',
  'src/features/plans/plan-contract.ts': "export type { Schema } from '../../core/schema.ts';\n",
  'src/features/plans/plan-service.ts': "export { findPlan as plan } from './plan-store.ts';\n",
  'src/features/outputs/output-service.ts': "export { plan } from '../plans/plan-service.ts';\n",
  'src/web/plan-page.ts': "export type { Schema } from '../features/plans/plan-contract.ts';\n",
};

/** Files that break a rule, with every violation that must be reported for them. */
const planted: { file: string; text: string; expected: string[] }[] = [
  {
    file: 'src/core/reads-files.ts',
    text: "import { readFileSync } from 'node:fs';\nexport const x: typeof readFileSync = readFileSync;\n",
    expected: ['core-no-node: src/core/reads-files.ts → fs'],
  },
  {
    file: 'src/core/reads-bare.ts',
    text: "import { join } from 'path';\nexport const x = join;\n",
    expected: ['core-no-node: src/core/reads-bare.ts → path'],
  },
  {
    file: 'src/core/reads-lazily.ts',
    text: "export const x = async (): Promise<unknown> => import('node:fs/promises');\n",
    expected: ['core-no-node: src/core/reads-lazily.ts → fs/promises'],
  },
  {
    file: 'src/core/hashes-itself.ts',
    text: "import { createHash } from 'node:crypto';\nexport const x = createHash;\n",
    expected: ['core-no-node: src/core/hashes-itself.ts → crypto'],
  },
  {
    file: 'src/core/prints.ts',
    text: "import type { main } from '../cli/main.ts';\nexport type X = typeof main;\n",
    expected: [
      'direction-core: src/core/prints.ts → src/cli/main.ts',
      'nothing-imports-cli: src/core/prints.ts → src/cli/main.ts',
    ],
  },
  {
    file: 'src/core/parses-yaml.ts',
    text: "import { parse } from 'yaml';\nexport const x = parse;\n",
    expected: ['core-yaml-in-one-file: src/core/parses-yaml.ts → node_modules/yaml/index.js'],
  },
  {
    file: 'src/core/cycle-here.ts',
    text: "import { there } from './cycle-there.ts';\nexport const here = (): unknown => there;\n",
    expected: ['no-cycle: src/core/cycle-here.ts → src/core/cycle-there.ts'],
  },
  {
    file: 'src/core/cycle-there.ts',
    text: "import { here } from './cycle-here.ts';\nexport const there = (): unknown => here;\n",
    expected: [], // the cycle is reported once
  },
  {
    file: 'src/core/lost.ts',
    text: "import { x } from './nowhere.ts';\nexport const y: unknown = x;\n",
    expected: ['resolvable: src/core/lost.ts → ./nowhere.ts'],
  },
  {
    file: 'src/db/pool.ts',
    text: "export { read } from '../connectors/files/reader.ts';\n",
    expected: ['direction-db: src/db/pool.ts → src/connectors/files/reader.ts'],
  },
  {
    file: 'src/features/findings/finding-service.ts',
    text: "export { plan } from '../plans/plan-service.ts';\n",
    expected: [
      'direction-findings: src/features/findings/finding-service.ts → src/features/plans/plan-service.ts',
    ],
  },
  {
    file: 'src/features/outputs/output-digest.ts',
    text: "export { findPlan } from '../plans/plan-store.ts';\n",
    expected: ['store-is-private: src/features/outputs/output-digest.ts → src/features/plans/plan-store.ts'],
  },
  {
    file: 'src/server/plan-server.ts',
    text: "export { findPlan } from '../features/plans/plan-store.ts';\n",
    expected: ['store-is-private-to-features: src/server/plan-server.ts → src/features/plans/plan-store.ts'],
  },
  {
    file: 'src/web/service-page.ts',
    text: "export type { plan } from '../features/plans/plan-service.ts';\n",
    expected: ['direction-web: src/web/service-page.ts → src/features/plans/plan-service.ts'],
  },
  {
    file: 'src/web/hash-page.ts',
    text: "export { hash } from '../core/hash.ts';\n",
    expected: [
      'web-browser-safe: src/web/hash-page.ts → crypto',
      'web-browser-safe: src/web/hash-page.ts → src/core/sha256.ts',
    ],
  },
  {
    file: 'src/cli/tested.ts',
    text: "import { it } from 'vitest';\nexport const x = it;\n",
    expected: ['no-development-packages: src/cli/tested.ts → node_modules/vitest/index.js'],
  },
  {
    file: 'src/cli/stowaway.ts',
    text: "import leftPad from 'left-pad';\nexport const x: unknown = leftPad;\n",
    expected: ['resolvable: src/cli/stowaway.ts → left-pad'],
  },
  {
    file: 'src/cli/helped.ts',
    text: "export { helper } from '../../test/helper.ts';\n",
    expected: ['src-not-to-tests: src/cli/helped.ts → test/helper.ts'],
  },
  {
    file: 'src/utils/everything.ts',
    text: "export { hash } from '../core/hash.ts';\n",
    expected: ['known-folder: src/utils/everything.ts → src/core/hash.ts'],
  },
];

describe('the directions between folders', () => {
  const folders: string[] = [];
  let found: Cruise;

  beforeAll(async () => {
    const violating = planted.map(({ file, text }) => [file, text]);
    const folder = await plantTree({
      ...innocent,
      'test/helper.ts': 'export const helper = 1;\n',
      ...Object.fromEntries(violating),
    });
    folders.push(folder);
    found = await cruise(folder, ['src', 'test']);
  });

  afterAll(async () => {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  });

  it.each(planted)('are checked: $file is caught', ({ file, expected }) => {
    const here = found.violations.filter((violation) => violation.split(/: | → /)[1] === file);

    expect(here).toEqual(expected);
  });

  it('are broken by nothing else in the planted tree', () => {
    expect(found.violations).toEqual(planted.flatMap(({ expected }) => expected).sort());
  });

  it('are kept by a tree that keeps them', async () => {
    const folder = await plantTree(innocent);
    folders.push(folder);

    const { violations, imports } = await cruise(folder, ['src']);

    expect(violations).toEqual([]);
    expect(imports.get('src/core/hash.ts')).toEqual(['src/core/sha256.ts']);
  });

  it('are kept by this repository', async () => {
    const { violations, imports } = await cruise(root, ['src', 'test', 'bench', 'scripts']);

    expect(violations).toEqual([]);
    expect(imports.get('test/architecture/directions.test.ts')).toContain('path');
  });
});
