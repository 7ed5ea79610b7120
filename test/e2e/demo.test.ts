// `driftplane demo` as people run it: as root, as an ordinary user, again, and until Ctrl-C.
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findBlockingDirectory } from '../../src/db/embedded/server-user.ts';
import { cleanUpAfterTests, listPostgres, makeFolder, runProduct, startProduct } from './product.ts';

cleanUpAfterTests();

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534, name: 'nobody' };
/** An ordinary user can only run this checkout where it may enter it. */
const canRunAsNobody =
  isRoot &&
  findBlockingDirectory(nobody, import.meta.dirname) === null &&
  findBlockingDirectory(nobody, process.execPath) === null;

const STORY = /drift generated in a job: \d+ findings/;
/** The same drift without and with a plan, what it held back and why, and both of them computed again. */
const PLAN_STORY = [
  /created: "Contoso, settings only", version 1, active/,
  /assignment is not among the drift types/,
  /10 findings without a plan, 7 with it: 3 were held back/,
  /replay [0-9a-f-]{36}\n {2}the same findings, byte for byte: [0-9a-f]{64}\n\$ .*replay [0-9a-f-]{36}\n {2}the same/,
];

test.runIf(canRunAsNobody)(
  'an ordinary user sees the story of the demo, in a home of their own',
  async () => {
    const home = makeFolder();
    chownSync(home, nobody.uid, nobody.gid);

    const demo = await runProduct(['demo', '--no-wait'], {
      uid: nobody.uid,
      env: { HOME: home, USER: 'nobody' },
    });

    expect(demo).toMatchObject({ code: 0, said: expect.stringMatching(STORY) });
    expect(demo.said).toContain(join(home, '.local/share/driftplane/demo'));
    expect(listPostgres(home)).toEqual([]);
  },
);

test('started again on its data the demo finds it, and Ctrl-C stops everything', async () => {
  const dataDir = makeFolder();
  const env = { DRIFTPLANE_DATA_DIR: dataDir };

  const first = await runProduct(['demo', '--no-wait'], { env });
  const leftByFirst = listPostgres(dataDir);
  const second = startProduct(['demo'], { env });
  await second.says(/until you press Ctrl-C/);
  const runningUnderSecond = listPostgres(dataDir);
  const code = await second.stop();

  expect(first).toMatchObject({ code: 0, said: expect.stringMatching(STORY) });
  for (const part of PLAN_STORY) expect(first.said).toMatch(part);
  expect(leftByFirst).toEqual([]);
  expect(second.said()).toContain('The data of the last time is there');
  expect(listedFindings(second.said())).toEqual(listedFindings(first.said));
  expect(listedFindings(second.said()).length).toBeGreaterThan(3);
  expect(runningUnderSecond.length).toBeGreaterThan(0);
  expect(code).toBe(0);
  expect(listPostgres(dataDir)).toEqual([]);
});

test('Ctrl-C while the demo still starts stops it too, and the next start is whole', async () => {
  const dataDir = makeFolder();
  const env = { DRIFTPLANE_DATA_DIR: dataDir };

  const early = startProduct(['demo'], { env });
  await early.says(/Starting Driftplane/);
  const code = await early.stop();
  const leftByEarly = listPostgres(dataDir);
  const next = await runProduct(['demo', '--no-wait'], { env });

  expect(code).toBe(0);
  expect(leftByEarly).toEqual([]);
  expect(next.code).toBe(0);
  expect(listedFindings(next.said).length).toBeGreaterThan(3);
});

/** The rows of the listing of findings. */
const listedFindings = (said: string): string[] =>
  said.split('\n').filter((line) => /\bsev[1-4]\b/.test(line));
