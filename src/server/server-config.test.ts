import { describe, expect, test } from 'vitest';
import { DriftplaneError } from '../core/errors.ts';
import { readServerConfig } from './server-config.ts';

function failureOf(env: NodeJS.ProcessEnv): DriftplaneError {
  try {
    readServerConfig(env);
  } catch (error) {
    if (error instanceof DriftplaneError) return error;
  }
  throw new Error('the environment was taken');
}

describe('the configuration of a server', () => {
  test('listens on this machine only, with a database of its own, unless told otherwise', () => {
    const config = readServerConfig({ DATABASE_URL: '', PATH: '/bin' });

    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 7400,
      databaseUrl: null,
      metricsToken: null,
      fileRoots: [],
    });
  });

  test('reads what is set', () => {
    const config = readServerConfig({
      HOST: '0.0.0.0',
      PORT: '0',
      DATABASE_URL: 'postgresql://me@host/db',
      DRIFTPLANE_FILE_ROOTS: '/srv/a:/srv/b',
      DRIFTPLANE_TRUST_PROXY: '10.0.0.0/8, 192.0.2.7,::1,loopback',
    });

    expect(config).toMatchObject({
      host: '0.0.0.0',
      port: 0,
      databaseUrl: 'postgresql://me@host/db',
      fileRoots: ['/srv/a', '/srv/b'],
      trustedProxies: ['10.0.0.0/8', '192.0.2.7', '::1', 'loopback'],
    });
  });

  test.each([
    ['', 0],
    ['0', 0],
    ['false', 0],
    ['1', 1],
    ['2', 2],
    ['2001:db8::/32', ['2001:db8::/32']],
  ])('takes %j for the proxies %j', (text, trustedProxies) => {
    expect(readServerConfig({ DRIFTPLANE_TRUST_PROXY: text })).toMatchObject({ trustedProxies });
  });

  test.each([
    'true',
    'yes',
    '-1',
    '11',
    '1.5',
    '10.0.0.0/0',
    '10.0.0.0/33',
    '::/0',
    'proxy.example.com',
    '10.0.0.1,',
  ])('refuses to trust %j', (text) => {
    const failure = failureOf({ DRIFTPLANE_TRUST_PROXY: text });

    expect(failure.details).toMatchObject([{ pointer: 'DRIFTPLANE_TRUST_PROXY' }]);
  });

  test('says all that is wrong at once, by the names of the variables', () => {
    const failure = failureOf({ PORT: 'x', DRIFTPLANE_FILE_ROOTS: 'relative', DRIFTPLANE_LOG_LEVEL: 'loud' });

    expect(failure.code).toBe('invalid_config');
    expect(failure.details.map(({ pointer }) => pointer).sort()).toEqual([
      'DRIFTPLANE_FILE_ROOTS',
      'DRIFTPLANE_LOG_LEVEL',
      'PORT',
    ]);
  });

  test('does not quote a secret that is wrong', () => {
    const failure = failureOf({
      DATABASE_URL: 'mysql://me:hunter2@host/db',
      DRIFTPLANE_METRICS_TOKEN: 'hunter2',
    });

    expect(JSON.stringify([failure.message, failure.details])).not.toContain('hunter2');
    expect(failure.details).toHaveLength(2);
  });
});
