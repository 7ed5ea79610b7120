import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { cliPath } from './run-cli.ts';

/** Prints every module that is loaded after it, a line each. */
const listing = `
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    process.stderr.write(url + '\\n');
    return next(url, context);
  },
});`;

function loadedBy(...args: string[]): string[] {
  const hook = `data:text/javascript,${encodeURIComponent(listing)}`;
  const script = `${JSON.stringify(process.execPath)} --import ${JSON.stringify(hook)} "$@" 2>&1 >/dev/null`;
  return execFileSync('sh', ['-c', script, 'sh', cliPath, ...args], { encoding: 'utf8' }).split('\n');
}

const heavy = /\/src\/(server|worker)\/|node_modules\/(fastify|pg|graphile-worker)\//;
/** What only conditions and plans need. */
const plans = /node_modules\/@bufbuild\//;

test.each([['--help'], ['--version'], ['diff', '--help'], ['plans', 'list', '--help']])(
  'driftplane %s loads neither the server nor the database: nobody who starts it often waits for them',
  (...args) => {
    const loaded = loadedBy(...args);

    expect(loaded).toContainEqual(expect.stringMatching(/src\/cli\/main\.ts$/));
    expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
  },
);

test.each([
  ['findings', 'list', '--help'],
  ['sync', '--help'],
  ['serve', '--help'],
])('driftplane %s %s loads nothing of other commands either', (...args) => {
  const loaded = loadedBy(...args);

  expect(loaded).toContainEqual(expect.stringMatching(new RegExp(`src/cli/${args[0]}-command\\.ts$`)));
  expect(loaded.filter((url) => heavy.test(url) || plans.test(url))).toEqual([]);
  expect(loaded.filter((url) => /-command\.ts$/.test(url)).length).toBeLessThan(3);
});
