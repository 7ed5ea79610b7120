// Run by test-owner-process.ts: opens the data directory, says so on stdout, and stops when stdin ends (with
// DRIFTPLANE_TEST_LEAVE=1 it just ends).
import { once } from 'node:events';
import { DriftplaneError } from '../../core/errors.ts';
import { openEmbeddedDatabase } from './embedded-database.ts';

const say = (message: object): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

// As the server does: Ctrl-C is for a graceful stop, not for the end.
process.on('SIGINT', () => say({ log: 'SIGINT' }));
try {
  const database = await openEmbeddedDatabase({
    dataDir: process.argv[2] as string,
    log: (log) => say({ log }),
  });
  say({ ownerUrl: database.ownerUrl });
  process.stdin.resume();
  await once(process.stdin, 'end');
  if (process.env.DRIFTPLANE_TEST_LEAVE === '1') process.exit(3);
  await database.stop();
} catch (error) {
  if (!(error instanceof DriftplaneError)) throw error;
  say({ code: error.code, message: error.message });
}
