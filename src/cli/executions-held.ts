import { type Command, Option } from 'commander';
import { holdCodes } from '../core/plan-hold.ts';
import type { HeldCandidateResponse } from '../features/executions/execution-contract.ts';
import { openApiClient } from './api-client.ts';
import { parsePositive } from './parse-positive.ts';
import { printKept } from './print-kept.ts';
import type { Column } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface HeldOptions {
  readonly code?: string;
  readonly limit: number;
  readonly json?: true;
}

/** Adds `executions held`. */
export function addHeld(executions: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  executions
    .command('held')
    .description('list the drift that the plan of one held back, with every reason')
    .argument('<execution>', 'its id')
    .addOption(
      new Option('--code <code>', 'only what this field of the plan held back').choices([...holdCodes]),
    )
    .option('--limit <count>', 'most that are listed', parsePositive, 100)
    .option('--json', 'as JSON')
    .action(async (id: string, options: HeldOptions) => {
      const path = [id, 'held'];
      const query = { code: options.code };
      const listing = {
        resource: 'executions',
        path,
        query,
        linesOf,
        columns,
        empty: 'Nothing was held back.',
      };
      await printKept(openApiClient(process.env), listing, options, terminal);
      exitWith(0);
    });
}

/** A reason of a candidate; the first one has it beside it. */
interface HeldLine {
  readonly held: HeldCandidateResponse | null;
  readonly reason: string;
}

function linesOf(held: HeldCandidateResponse): HeldLine[] {
  const texts = held.reasons.map(({ code, detail }) => `${code}: ${detail}`);
  const more = held.reasonCount - texts.length;
  if (more > 0) texts.push(`… and ${more} more`);
  return texts.map((reason, index) => ({ held: index === 0 ? held : null, reason }));
}

/** Nothing is cut here: why something is not told is what people look for. */
const columns: readonly Column<HeldLine>[] = [
  { title: 'SEVERITY', value: ({ held }) => held?.severity ?? null },
  { title: 'DRIFT', value: ({ held }) => held?.driftType ?? null },
  { title: 'CHANGE', value: ({ held }) => held?.change ?? null },
  { title: 'ITEM TYPE', value: ({ held }) => held?.itemType ?? null, canDrop: true },
  { title: 'LABEL', value: ({ held }) => held?.label ?? null },
  { title: 'REASONS', value: ({ reason }) => reason },
];
