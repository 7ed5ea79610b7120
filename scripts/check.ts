// `npm run check`: everything that can be said about the sources without the built product. All steps run, two at a
// time; a failing one shows its output.
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

interface Step {
  name: string;
  command: string;
}

interface StepResult {
  step: Step;
  isOk: boolean;
  output: string;
  seconds: number;
}

const root = join(import.meta.dirname, '..');
const concurrency = 2;
const steps: Step[] = [
  { name: 'unit tests', command: 'vitest run --project unit' },
  { name: 'format and lint', command: 'biome check --error-on-warnings .' },
  { name: 'types', command: 'tsc --project tsconfig.json' },
  { name: 'directions', command: 'depcruise --output-type err-long src test bench scripts' },
  { name: 'dead code', command: 'knip' },
  { name: 'error catalogue', command: 'node scripts/check-error-catalogue.ts' },
  { name: 'schema', command: 'node scripts/dump-schema.ts --check' },
  { name: 'lock file', command: 'node scripts/complete-lockfile.ts --check' },
];

function runStep(step: Step): Promise<StepResult> {
  const startedAt = performance.now();
  const binaries = join(root, 'node_modules', '.bin');
  const child = spawn(step.command, {
    cwd: root,
    shell: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}` },
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ step, isOk: code === 0, output, seconds: (performance.now() - startedAt) / 1000 });
    });
  });
}

function report({ step, isOk, output, seconds }: StepResult): void {
  console.log(`${isOk ? 'ok  ' : 'FAIL'} ${step.name} (${seconds.toFixed(1)} s)`);
  if (!isOk) console.log(`     $ ${step.command}\n${output.trimEnd()}\n`);
}

const waiting = [...steps];
const failed: string[] = [];
async function work(): Promise<void> {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const result = await runStep(step);
    report(result);
    if (!result.isOk) failed.push(step.name);
  }
}
await Promise.all(Array.from({ length: concurrency }, work));

if (failed.length > 0) {
  console.log(`check: ${failed.length} of ${steps.length} failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
