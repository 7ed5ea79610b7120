import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseMeter, type Meter, measureProcess } from '../../bench/measure-process.ts';

const meters = [...new Set<Meter>([chooseMeter(), 'proc_polling'])].filter(
  (meter) => meter === 'gnu_time' || (meter === 'proc_polling' && process.platform === 'linux'),
);

describe('measureProcess', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'driftplane-measure-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(meters)('sees with %s the most memory that a process had, and no more', async (meter) => {
    const bytes = 400_000_000;
    // Freed again long before the end: a look at the memory in use would miss it.
    const script = `Buffer.alloc(${bytes}, 1); gc(); setTimeout(() => console.log('done'), 200);`;

    const outcome = await measureProcess(
      { file: process.execPath, args: ['--expose-gc', '--eval', script] },
      { meter, folder },
    );

    expect(outcome.exitCode).toBe(0);
    expect(readFileSync(outcome.stdoutPath, 'utf8')).toBe('done\n');
    expect(outcome.measurement.peakBytes).toBeGreaterThan(bytes);
    expect(outcome.measurement.peakBytes).toBeLessThan(1.5 * bytes);
    expect(outcome.measurement.cpuSeconds).toBeGreaterThan(0);
  });

  test.each(meters)('does not count with %s the memory of who measures', async (meter) => {
    const ballast = Buffer.alloc(200_000_000, 1);

    const { measurement } = await measureProcess({ file: 'sleep', args: ['0.2'] }, { meter, folder });

    expect(ballast[0]).toBe(1);
    expect(measurement.peakBytes).toBeLessThan(50_000_000);
  });

  test('passes the exit code on', async () => {
    const { exitCode } = await measureProcess(
      { file: 'sh', args: ['-c', 'exit 3'] },
      { meter: chooseMeter(), folder },
    );

    expect(exitCode).toBe(3);
  });
});
