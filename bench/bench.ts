// `npm run bench -- NAME`: measures Driftplane beside its peers. Exit 0 whether goals are met or not, 2 when
// it could not be measured or an answer was wrong.
import { parseArgs } from 'node:util';
import { BenchError } from './bench-error.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchReport, formatReport } from './bench-report.ts';
import { runDiffBench } from './diff-bench.ts';
import { MIN_ITEMS } from './generate-inventory.ts';
import { runPipelineBench } from './pipeline-bench.ts';
import { runPlansBench } from './plans-bench.ts';

interface Benchmark {
  readonly title: string;
  readonly hasGrowth: boolean;
  readonly run: (options: BenchOptions) => Promise<BenchReport>;
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  diff: {
    title: 'compare two exports, beside git and one pass of SHA-256',
    hasGrowth: false,
    run: runDiffBench,
  },
  pipeline: {
    title: 'sync twice through a server, beside git, SHA-256 and COPY; drift and findings in the database',
    hasGrowth: true,
    run: runPipelineBench,
  },
  plans: {
    title: 'find a plan among many, beside unleash-client; hash plans; try one on stored runs',
    hasGrowth: false,
    run: runPlansBench,
  },
};

const USAGE = `npm run bench -- NAME [options]

${Object.entries(benchmarks)
  .map(([name, { title }]) => `  ${name.padEnd(10)}${title}`)
  .join('\n')}

  --items N   items of the inventory, from ${MIN_ITEMS} (default 100000); plans: a tenth of them plans
  --runs N    runs that count (default 3)
  --resaved N percent of the unchanged items that were saved again without a change (default 0)
  --growth    pipeline: sync twice the items too, for what memory grows by
  --dir PATH  put the files there and leave them, for the next time too (default: a temporary folder)
  --json      the result as JSON
`;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args);
  const [name, ...more] = positionals;
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const benchmark = name !== undefined && Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (benchmark === undefined || more.length > 0) {
    process.stderr.write(`bench: name one benchmark\n\n${USAGE}`);
    return 2;
  }
  if (values.growth && !benchmark.hasGrowth) throw new BenchError(`${name} has no --growth`);
  const report = await benchmark.run({
    items: readCount('--items', values.items, { min: MIN_ITEMS }),
    runs: readCount('--runs', values.runs, { min: 1 }),
    resavedPercent: readCount('--resaved', values.resaved, { min: 0, max: 100 }),
    isGrowthMeasured: values.growth,
    dir: values.dir,
    onProgress: (text) => process.stderr.write(`bench: ${text}\n`),
  });
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
  return 0;
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        items: { type: 'string', default: '100000' },
        runs: { type: 'string', default: '3' },
        resaved: { type: 'string', default: '0' },
        growth: { type: 'boolean', default: false },
        dir: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new BenchError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function readCount(
  option: string,
  text: string,
  { min, max = Number.MAX_SAFE_INTEGER }: { readonly min: number; readonly max?: number },
): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= min && count <= max) return count;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  throw new BenchError(`${option} must be a whole number ${range}, not "${text}"`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 2;
}
