import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runDiff } from './diff/diff-command.ts';
import type { Terminal } from './terminal.ts';

const samplesFolder = new URL('../../samples/contoso/', import.meta.url);

/** Compares the two bundled exports and says how to go on. 0 where it worked, whatever it found. */
export async function runDemo(terminal: Terminal): Promise<number> {
  const [baseline, current] = ['2026-10-01', '2026-11-01'].map((name) => samplePath(name)) as [
    string,
    string,
  ];
  terminal.say(`Two exports of the tenant Contoso, a month apart: what drifted between them?\n`);
  terminal.say(`$ npx driftplane diff ${baseline} ${current}\n`);
  await runDiff(baseline, current, { format: 'table' }, terminal);
  terminal.say('\nTry it on your own exports (folders of JSON, .ndjson or .json files):');
  terminal.say('  npx driftplane diff BASELINE CURRENT');
  terminal.say('  npx driftplane diff BASELINE CURRENT --format markdown   (or json, ndjson, sarif, junit)');
  terminal.say('  npx driftplane diff --help');
  return 0;
}

/** The path as one would type it from here. */
function samplePath(name: string): string {
  const path = fileURLToPath(new URL(name, samplesFolder));
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}
