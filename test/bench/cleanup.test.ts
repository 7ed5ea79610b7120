import { expect, test } from 'vitest';
import { Cleanup } from '../../bench/cleanup.ts';

test('what was made last is undone first, and each thing once', async () => {
  const cleanup = new Cleanup();
  const undone: string[] = [];
  cleanup.defer(async () => void undone.push('folder'));
  const stop = cleanup.defer(async () => void undone.push('server'));
  cleanup.defer(async () => void undone.push('connection'));

  await stop();
  await cleanup.run();

  expect(undone).toEqual(['server', 'connection', 'folder']);
});

test('a step that fails is told, and does not keep the others from being done', async () => {
  const cleanup = new Cleanup();
  const undone: string[] = [];
  cleanup.defer(async () => void undone.push('folder'));
  cleanup.defer(() => Promise.reject(new Error('the server does not stop')));

  const running = cleanup.run();

  await expect(running).rejects.toThrow('the server does not stop');
  expect(undone).toEqual(['folder']);
});

test('an error of the work is thrown after all is undone', async () => {
  const cleanup = new Cleanup();
  const undone: string[] = [];

  const working = cleanup.after(async () => {
    cleanup.defer(async () => void undone.push('server'));
    throw new Error('a wrong answer');
  });

  await expect(working).rejects.toThrow('a wrong answer');
  expect(undone).toEqual(['server']);
});

test('once it is interrupted, work that fails because of that does not settle', async () => {
  const cleanup = new Cleanup();
  const { promise: connection, reject: breakConnection } = Promise.withResolvers<never>();
  cleanup.defer(async () => breakConnection(new Error('the connection broke')));
  let hasSettled = false;
  const settle = () => {
    hasSettled = true;
  };
  void cleanup.after(() => connection).then(settle, settle);

  await cleanup.interrupt();
  await new Promise((resolve) => setImmediate(resolve));

  expect(hasSettled).toBe(false);
});
