import type { Command } from 'commander';
import { parsePlan, parsePlanFile } from '../core/parse-plan.ts';
import { generatePlanHash } from '../core/plan-hash.ts';
import { planJsonSchema } from '../features/plans/plan-contract.ts';
import { requireValid } from './config-file.ts';
import { readPlanFile } from './plans-file.ts';
import { scopeText } from './plans-print.ts';
import { printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

/** Adds `plans schema` and `plans check`, which need no server. */
export function addPlanCheck(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  plans
    .command('schema')
    .description('print the JSON Schema of plan files, for editors that complete them; needs no server')
    .action(async () => {
      await terminal.write(`${JSON.stringify(planJsonSchema, null, 2)}\n`);
      exitWith(0);
    });
  plans
    .command('check')
    .description('check a plan file; needs no server')
    .argument('<file>', 'a plan (YAML); - for stdin')
    .option('--for-diff', 'as diff --plan takes it: name and scopeType may be left out')
    .option('--json', 'as JSON')
    .action(async (path: string, options: { json?: true; forDiff?: true }) => {
      const file = await readPlanFile(path);
      const parse = options.forDiff === true ? parsePlanFile : parsePlan;
      const plan = requireValid(file, parse(file.content));
      const versionHash = generatePlanHash(plan);
      const fields = [
        ['name', plan.name],
        ['scope', scopeText(plan)],
        ['version hash', versionHash],
      ] as const;
      if (options.json !== true) terminal.say(`${file.name} is valid.`);
      await printRecord({ ...plan, versionHash }, fields, options, terminal);
      exitWith(0);
    });
}
