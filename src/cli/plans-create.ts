import { type Command, Option } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import { isJsonObject, type JsonValue } from '../core/json-value.ts';
import { parsePlan } from '../core/parse-plan.ts';
import { planScopeTypes } from '../core/plan-vocabulary.ts';
import type { PlanResponse } from '../features/plans/plan-contract.ts';
import { completeFromTemplate } from '../features/plans/plan-template-use.ts';
import { openApiClient } from './api-client.ts';
import { type PlanText, requireValid } from './config-file.ts';
import { readPlanFile, withLinesOf } from './plans-file.ts';
import { findPlan, PLAN_ARGUMENT } from './plans-find.ts';
import { printPlan, sayWhatIsPending } from './plans-print.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true;
}

interface CreateOptions extends JsonOption {
  readonly file?: string;
  readonly template?: string;
  readonly name?: string;
  readonly description?: string;
  readonly scopeType?: string;
  readonly scope?: string;
  readonly docClass?: string;
  readonly activate?: true;
  readonly parent?: string;
  readonly note?: string;
}

/** Adds `plans create`, `plans archive` and `plans restore`. */
export function addPlanCreate(plans: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  plans
    .command('create')
    .description('create one, of a file, of a template, or of a file that a template completes')
    .option('-f, --file <file>', 'a plan (YAML); - for stdin')
    .option('--template <id>', 'a template that fills in what is left out; see plans templates list')
    .option('--name <name>', 'what people call it')
    .option('--description <text>', 'what it is for')
    .addOption(new Option('--scope-type <type>', 'what it is for').choices([...planScopeTypes]))
    .option('--scope <ref>', 'the service (id) or repository (owner/name) that it is for')
    .option('--doc-class <class>', 'the document class that it is narrowed to')
    .option('--activate', 'put it in force at once; without, it is a draft unless the file says otherwise')
    .option('--parent <plan>', 'the plan that it is made of (id or name)')
    .option('--note <text>', 'why; kept with its first version')
    .option('--json', 'as JSON')
    .action(async (options: CreateOptions) => {
      await createPlan(options, terminal);
      exitWith(0);
    });
  plans
    .command('archive')
    .description('take one out of force; it can be restored')
    .argument(...PLAN_ARGUMENT)
    .option('--json', 'as JSON')
    .action(async (idOrName: string, options: JsonOption) => {
      const api = openApiClient(process.env);
      const { planId, revision: ifMatch } = await findPlan(api, idOrName);
      const request = { method: 'DELETE', resource: 'plans', path: [planId], ifMatch } as const;
      await printPlan(await api.call(request), options, terminal);
      exitWith(0);
    });
  plans
    .command('restore')
    .description('make an archived one what it was')
    .argument('<plan>', 'its id, or its name where no other archived plan has it')
    .option('--draft', 'as a draft with what was in force, to go through review')
    .option('--json', 'as JSON')
    .action(async (idOrName: string, options: JsonOption & { readonly draft?: true }) => {
      const api = openApiClient(process.env);
      const { planId, revision: ifMatch } = await findPlan(api, idOrName, { isRestored: true });
      const body = { asDraft: options.draft === true };
      const restored = await api.call<PlanResponse>({
        method: 'POST',
        resource: 'plans',
        path: [planId, 'restore'],
        body,
        ifMatch,
      });
      await printPlan(restored, options, terminal);
      sayWhatIsPending(restored, terminal);
      exitWith(0);
    });
}

async function createPlan(options: CreateOptions, terminal: Terminal): Promise<void> {
  const api = openApiClient(process.env);
  const file = options.file === undefined ? null : await readPlanFile(options.file);
  const document = documentOf(file, options);
  const parentId = options.parent === undefined ? undefined : (await findPlan(api, options.parent)).planId;
  const body = { ...document, templateId: options.template, parentId, changeNote: options.note };
  const plan = await withLinesOf(file, () =>
    api.callOnce<PlanResponse>({ method: 'POST', resource: 'plans', isGlobal: true, body }),
  );
  await printPlan(plan, options, terminal);
  if (options.json !== true) sayWhatIsPending(plan, terminal);
}

/** The file with what the options say in its place, as people write plans. Throws `invalid_plan`. */
function documentOf(file: PlanText | null, options: CreateOptions): object {
  const { template, name, description, scopeType, scope, docClass, activate } = options;
  if (file === null && template === undefined && name === undefined) {
    throw new DriftplaneError(
      'invalid_arguments',
      'say what to make it of: -f FILE, --template ID, or --name and --scope-type',
    );
  }
  const said = {
    name,
    description,
    scopeType,
    scopeRef: scope,
    docClass,
    status: activate === true ? 'active' : undefined,
  };
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  const content = (file?.content ?? {}) as JsonValue;
  const document = isJsonObject(content) ? { ...content, ...given } : content;
  const { document: completed, details } = completeFromTemplate(document, template ?? null);
  // A template that is not known here may be known to the server.
  if (file !== null && details.length === 0) requireValid(file, parsePlan(completed));
  return document as object;
}
