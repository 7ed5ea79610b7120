import { createHash, createHmac } from 'node:crypto';
import { expect } from 'vitest';
import { expectHonest, expectNoTrace } from './expect-honest.ts';
import { formats as allFormats, runDiff, writeExport, writeFiles } from './run-cli.ts';

const sha256 = (text: string) => createHash('sha256').update(text);
/** The documented key (docs/fingerprint.md): whoever knows it could try secrets out on a digest. */
const hmac = (text: string) => createHmac('sha256', 'driftplane/offline').update(text);

/** Everything that would give a secret away. */
function traces(secret: string): string[] {
  const canonical = JSON.stringify(secret);
  const digests = [sha256(secret), sha256(canonical), hmac(secret), hmac(canonical)].map((hash) =>
    hash.digest(),
  );
  return [
    secret,
    canonical.slice(1, -1),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('hex'),
    encodeURIComponent(secret),
    secret.slice(0, Math.max(8, secret.length / 2)),
    ...digests.flatMap((digest) => [digest.toString('hex'), digest.toString('base64').slice(0, 42)]),
    ...digests.map((digest) => digest.toString('hex').slice(0, 12)),
  ];
}

/** Runs one comparison in every format; expects no trace of any secret. Answers with the JSON report. */
export async function runSecretly(options: {
  cwd: string;
  baseline: unknown[];
  current: unknown[];
  secrets: readonly string[];
  types?: string;
  formats?: readonly string[];
}) {
  const formats = options.formats ?? allFormats;
  const { cwd } = options;
  await writeExport(cwd, 'baseline', 'folder', options.baseline);
  await writeExport(cwd, 'current', 'folder', options.current);
  if (options.types !== undefined) await writeFiles(cwd, { 'types.yaml': options.types });
  const args = options.types === undefined ? [] : ['--types', 'types.yaml'];
  const runs = await Promise.all(formats.map((format) => runDiff({ cwd, format, args })));

  for (const [index, run] of runs.entries()) {
    expectNoTrace(run);
    const said = `${run.stdout}\n${run.stderr}`;
    for (const secret of options.secrets) {
      const found = traces(secret).filter((trace) => said.includes(trace));
      expect({ format: formats[index], secret, found }).toEqual({
        format: formats[index],
        secret,
        found: [],
      });
    }
    expect(said).not.toContain('hmac-sha256');
  }
  return expectHonest(runs[formats.indexOf('json')]!);
}
