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

test.each([['--version'], ['diff', '--help'], ['findings', 'list', '--help']])(
  'driftplane %s loads neither the server nor the database: nobody who starts it often waits for them',
  (...args) => {
    const loaded = loadedBy(...args);

    expect(loaded).toContainEqual(expect.stringMatching(/src\/cli\/main\.ts$/));
    expect(
      loaded.filter((url) =>
        /\/src\/(server|worker)\/|node_modules\/(fastify|pg|graphile-worker)\//.test(url),
      ),
    ).toEqual([]);
  },
);
