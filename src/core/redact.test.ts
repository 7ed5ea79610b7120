import { describe, expect, it } from 'vitest';
import {
  digestSensitive,
  factName,
  hideDigests,
  isSecretName,
  isSensitiveDigest,
  looksLikeSecret,
  secretOfPair,
} from './redact.ts';

describe('digestSensitive', () => {
  it('says whether two secrets are the same, and nothing else of them', () => {
    const digest = digestSensitive('hunter2', 'key');

    expect(digest).toEqual(digestSensitive('hunter2', 'key'));
    expect(digest).not.toEqual(digestSensitive('hunter3', 'key'));
    expect(digest).not.toEqual(digestSensitive('hunter2', 'other key'));
    expect(digest).not.toEqual(digestSensitive(['hunter2'], 'key'));
    expect(JSON.stringify(digest)).toMatch(/^\{"\$sensitive":"hmac-sha256:[0-9a-f]{64}"\}$/);
  });

  it('is known again', () => {
    expect(isSensitiveDigest(digestSensitive({ a: 1 }, 'key'))).toBe(true);
    for (const other of [null, 'a', [], {}, { a: 1 }, { $sensitive: 'x', a: 1 }, [{ $sensitive: 'x' }]])
      expect(isSensitiveDigest(other)).toBe(false);
  });
});

describe('isSecretName', () => {
  it.each([
    ...[
      'password',
      'DB_PASSWORD',
      'adminPassword',
      'user-passwd',
      'pwd',
      'clientSecret',
      'client.secret',
      'token',
    ],
    ...[
      'accessToken',
      'API-Key',
      'api key',
      'privateKey',
      'sharedAccessKey',
      'preSharedKey',
      'ConnectionString',
    ],
    ...[
      'Authorization',
      'passphrase',
      'storage_account_key',
      'secretText',
      'masterKey',
      'apiKeys',
      'passwords',
      'wifiPsk',
    ],
  ])('hides what is called %s', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each([
    ...[
      'passwordRequired',
      'tokenLifetime',
      'key',
      'publicKey',
      'secretsEnabled',
      'name',
      'passwordMinimumLength',
    ],
    ...['', 'pw', 'keyId', 'secretReference', 'monkey'],
  ])('does not hide what is called %s', (name) => {
    expect(isSecretName(name)).toBe(false);
  });

  it('does not look at names of more than 100 characters', () => {
    expect(isSecretName(`${'x'.repeat(92)}password`)).toBe(true);
    expect(isSecretName(`${'x'.repeat(93)}password`)).toBe(false);
  });
});

describe('a member name that is a secret itself', () => {
  const token = `ghp_${'aB3'.repeat(12)}`;

  it('is a digest in facts, and hidden wherever it is shown', () => {
    const name = factName(token, 'key', false);

    expect(name).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
    expect(name).toBe(factName(token, 'key', false));
    expect(name).not.toBe(factName(token, 'other key', false));
    expect(hideDigests(`/a/${name}/b/${name}`)).toBe('/a/[redacted]/b/[redacted]');
  });

  it('is not what any other name is', () => {
    for (const name of ['name', 'password', '', 'a-long-name-that-is-no-secret', '__proto__']) {
      expect(factName(name, 'key', false)).toBe(name);
      expect(hideDigests(name)).toBe(name);
    }
  });
});

describe('secretOfPair', () => {
  it.each([
    [{ name: 'DB_PASSWORD', value: 'x' }, 'value'],
    [{ Name: 'DB_PASSWORD', Value: 'x' }, 'Value'],
    [{ ParameterKey: 'DBPassword', ParameterValue: 'x' }, 'ParameterValue'],
    [{ key: 'apiKey', value: 'x' }, 'value'],
    [{ name: 'LOG_LEVEL', value: 'x' }, null],
    [{ name: 17, value: 'x' }, null],
    [{ value: 'x' }, null],
    [{ name: ['password'] }, null],
  ])('of %j is %s', (object, expected) => {
    expect(secretOfPair(object)).toBe(expected);
  });
});

describe('looksLikeSecret', () => {
  // Put together here, so that no scanner of secrets takes this file for one.
  it.each([
    ['a private key', `-----BEGIN ${'RSA PRIVATE'} KEY-----\nMII`],
    ['an access key of AWS', `key AKIA${'A1B2C3D4'.repeat(2)}`],
    ['a token of GitHub', `ghp_${'aB3'.repeat(12)}`],
    ['a fine-grained token of GitHub', `github_pat_${'aB3_'.repeat(10)}`],
    ['a token of GitLab', `glpat-${'aB3-_'.repeat(5)}`],
    ['a token of Slack', `xoxb-${'1234567890'}-abc`],
    ['a key of Google', `AIza${'aB3_-'.repeat(7)}`],
    ['a key of Stripe', `sk_live_${'aB3'.repeat(6)}`],
    ['a JSON Web Token', `eyJ${'hbGciOiJI'}.eyJ${'zdWIiOiIx'}.sig`],
    ['a connection string', `Endpoint=x;SharedAccessKey=${'aB3+'.repeat(5)}=`],
    ['a shared access signature', `https://x/y?sv=1&sig=${'aB3%2F'.repeat(5)}`],
    ['a URL with a password', 'deploy to postgres://user:pass@host/db'],
  ])('knows %s', (_, text) => {
    expect(looksLikeSecret(text)).toBe(true);
  });

  it.each([
    'an ordinary sentence about a password',
    '-----BEGIN CERTIFICATE-----',
    'https://example.com:8080/a/b@c',
    'AKIA is a prefix',
    '0123456789abcdef0123456789abcdef',
    '6f9619ff-8b86-d011-b42d-00c04fc964ff',
    'mailto:someone@example.com',
    '',
  ])('lets %j pass', (text) => {
    expect(looksLikeSecret(text)).toBe(false);
  });

  it('takes no time for long texts that are nearly one', () => {
    const texts = ['a:', 'http://', 'eyJ', 'x://a:', 'AKIA', '-----BEGIN '].map((part) =>
      part.repeat(20_000),
    );

    expect(texts.map(looksLikeSecret)).toEqual(texts.map(() => false));
  });
});
