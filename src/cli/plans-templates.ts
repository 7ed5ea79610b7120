import { type Command, Option } from 'commander';
import type { z } from 'zod';
import type { JsonValue } from '../core/json-value.ts';
import { planTemplateCategories } from '../core/plan-templates.ts';
import { printable } from '../core/report/printable.ts';
import { formatYaml } from '../core/yaml-document.ts';
import type { templateSchema } from '../features/plans/plan-contract.ts';
import { openApiClient } from './api-client.ts';
import { type Column, printListing, printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

type TemplateResponse = z.infer<typeof templateSchema>;

const COMMENT_WIDTH = 98;

/** Adds `plans templates`. */
export function addPlanTemplates(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const templates = plans.command('templates').description('the templates that plans can be made of');
  templates
    .command('list')
    .description('list them')
    .addOption(
      new Option('--category <category>', 'only those that watch …').choices([...planTemplateCategories]),
    )
    .option('--json', 'as JSON')
    .action(async ({ category, json }: { category?: string; json?: true }) => {
      const path = ['templates'];
      const { items } = await openApiClient(process.env).call<{ items: TemplateResponse[] }>({
        resource: 'plans',
        isGlobal: true,
        path,
        query: { category },
      });
      await printListing(items, columns, { json, empty: 'There is no such template.' }, terminal);
      exitWith(0);
    });
  templates
    .command('show')
    .description('print one as a plan file to be edited')
    .argument('<template>', 'its id')
    .option('--json', 'as JSON')
    .action(async (id: string, options: { json?: true }) => {
      const template = await openApiClient(process.env).call<TemplateResponse>({
        resource: 'plans',
        isGlobal: true,
        path: ['templates', id],
      });
      if (options.json === true) await printRecord(template, [], options, terminal);
      else await terminal.write(planFileOf(template));
      exitWith(0);
    });
}

const columns: readonly Column<TemplateResponse>[] = [
  { title: 'TEMPLATE', value: ({ id }) => id },
  { title: 'CATEGORY', value: ({ category }) => category },
  { title: 'TITLE', value: ({ title }) => title },
  { title: 'DESCRIPTION', value: ({ description }) => description, canShrink: true },
];

/** The template as a plan file, with a head that says what it is and what is to be done with it. */
function planFileOf({ id, title, description, plan }: TemplateResponse): string {
  const { name, scopeType, ...more } = plan as Record<string, JsonValue>;
  const apply = `driftplane plans apply -f FILE --template ${id}`;
  const comment = [
    `${title} (template ${id})`,
    '',
    ...wrapWords(description),
    '',
    ...(scopeType === 'workspace'
      ? [`Edit it, then: ${apply}`]
      : [
          `Say as scopeRef which ${scopeType === 'repo' ? 'repository (owner/name)' : 'service (id)'} it is for, then:`,
          apply,
        ]),
    'What is left out has its default; driftplane plans schema has all fields.',
  ].map((line) => `# ${printable(line)}`.trimEnd());
  const head = { name, scopeType, ...(scopeType === 'workspace' ? {} : { scopeRef: null }) };
  return `${comment.join('\n')}\n\n${formatYaml({ ...head, ...more } as JsonValue)}`;
}

/** Lines of whole words; one that is longer than a line has it to itself. */
function wrapWords(text: string): string[] {
  const line = new RegExp(`\\S.{0,${COMMENT_WIDTH - 1}}(?=\\s|$)|\\S+`, 'g');
  return text.split(/\r\n|\r|\n/).flatMap((paragraph) => paragraph.match(line) ?? ['']);
}
