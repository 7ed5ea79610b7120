import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { listDescendants, readPeakBytes, readTreeCpuSeconds } from '../../bench/proc-usage.ts';

const isLinux = process.platform === 'linux';

test.skipIf(!isLinux)('finds the processes that a process started, and theirs', async () => {
  const shell = spawn('sh', ['-c', 'sleep 600 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const inner = await firstNumber(shell.stdout);

  const found = listDescendants(process.pid);

  expect(found).toEqual(expect.arrayContaining([shell.pid, inner]));
  process.kill(inner, 'SIGKILL');
  await once(shell, 'exit');
  expect(listDescendants(process.pid)).not.toContain(shell.pid);
});

test.skipIf(!isLinux)('counts the CPU time of children that have ended', async () => {
  const work = 'const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end);';
  const parent = spawn('sh', ['-c', `"${process.execPath}" -e '${work}'; echo 1; read line`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await firstNumber(parent.stdout);

  const cpuSeconds = readTreeCpuSeconds(parent.pid as number);

  expect(cpuSeconds).toBeGreaterThanOrEqual(0.3);
  parent.stdin.end('\n');
  await once(parent, 'exit');
  expect(readTreeCpuSeconds(parent.pid as number)).toBeNull();
  expect(readPeakBytes(parent.pid as number)).toBeNull();
});

async function firstNumber(stream: NodeJS.ReadableStream): Promise<number> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    const number = /^(\d+)$/m.exec(text)?.[1];
    if (number !== undefined) return Number(number);
  }
  throw new Error(`no number in ${text}`);
}
