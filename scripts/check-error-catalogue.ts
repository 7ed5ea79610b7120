// The error catalogue is a contract: every code in it is used by the sources and explained in docs/errors.md (as a
// heading or in the first column of a table), and nothing else is explained there.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCatalogue } from '../src/core/errors.ts';

const root = join(import.meta.dirname, '..');
const catalogueFile = 'src/core/errors.ts';
const documentFile = 'docs/errors.md';

const document = readFileSync(join(root, documentFile), 'utf8');

/** Names in quotes anywhere in the product's sources; tests and the catalogue itself don't count as use. */
function findQuotedNames(): Set<string> {
  const names = new Set<string>();
  for (const file of globSync('src/**/*.{ts,tsx}', { cwd: root })) {
    if (file === join(catalogueFile) || /\.test\.tsx?$/.test(file)) continue;
    for (const [, name] of readFileSync(join(root, file), 'utf8').matchAll(/['"`]([a-z][a-z0-9_]*)['"`]/g)) {
      names.add(name as string);
    }
  }
  return names;
}

/** Line of each documented code: "### `code`", or the first cell of a table row, "| `code` | … |". */
function findDocumentedCodes(): Map<string, number> {
  const codes = new Map<string, number>();
  document.split('\n').forEach((line, index) => {
    const code = /^(?:#{1,6}|\|)\s*`([^`]+)`/.exec(line)?.[1];
    if (code !== undefined) codes.set(code, index + 1);
  });
  return codes;
}

function findDisagreements(): string[] {
  const codes = Object.keys(errorCatalogue);
  const used = findQuotedNames();
  const documented = findDocumentedCodes();
  return [
    ...codes
      .filter((code) => !used.has(code))
      .map((code) => `${catalogueFile}: ${code} is used nowhere in src/`),
    ...codes
      .filter((code) => !documented.has(code))
      .map(
        (code) =>
          `${documentFile}: ${code} is not documented (a heading or a table row starting with \`${code}\`)`,
      ),
    ...[...documented]
      .filter(([code]) => !Object.hasOwn(errorCatalogue, code))
      .map(([code, line]) => `${documentFile}:${line}: ${code} is not in ${catalogueFile}`),
    ...Object.entries(errorCatalogue)
      .filter(([code]) => documented.has(code))
      .filter(([code, { title, action }]) => !document.includes(`| \`${code}\` | ${title} | ${action} |`))
      .map(([code]) => `${documentFile}: the row of ${code} does not say what ${catalogueFile} says`),
  ];
}

const disagreements = findDisagreements();
for (const line of disagreements) console.error(line);
if (disagreements.length > 0) process.exitCode = 1;
