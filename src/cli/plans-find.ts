import { DriftplaneError } from '../core/errors.ts';
import { nearestWord } from '../core/nearest.ts';
import type { PlanResponse } from '../features/plans/plan-contract.ts';
import type { ApiClient } from './api-client.ts';
import { scopeText } from './plans-print.ts';

/** How a command takes a plan. */
export const PLAN_ARGUMENT = ['<plan>', 'its id, or its name where no other plan has it'] as const;

/**
 * The plan of an id or a name; of a name the live one where archived ones have it too, for `isRestored` the archived
 * one. Throws `plan_not_found`, and `plan_ambiguous` where several have the name.
 */
export async function findPlan(
  api: ApiClient,
  idOrName: string,
  { isRestored = false }: { readonly isRestored?: boolean } = {},
): Promise<PlanResponse> {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(idOrName)) {
    return api.call<PlanResponse>({ resource: 'plans', path: [idOrName] });
  }
  const name = idOrName.normalize('NFC').trim();
  const names: string[] = [];
  for (const query of isRestored ? [archived, live] : [live, archived]) {
    const found: PlanResponse[] = [];
    for await (const plan of api.listAll<PlanResponse>({ resource: 'plans', query })) {
      if (plan.name === name) found.push(plan);
      names.push(plan.name);
    }
    const [plan] = found;
    if (found.length > 1) throw ambiguous(name, found);
    if (plan !== undefined) return plan;
  }
  const nearest = nearestWord(name, names);
  const hint = nearest === null ? '' : `; did you mean ${JSON.stringify(nearest)}?`;
  throw new DriftplaneError('plan_not_found', `there is no plan ${JSON.stringify(name)}${hint}`);
}

/** Without a status the server lists what is not archived. */
const live = {};
const archived = { status: 'archived' };

function ambiguous(name: string, found: readonly PlanResponse[]): DriftplaneError {
  const details = found.map((plan) => ({
    pointer: '',
    line: null,
    detail: `${plan.planId} (${plan.status}, ${scopeText(plan)})`,
  }));
  return new DriftplaneError('plan_ambiguous', `${found.length} plans are called ${JSON.stringify(name)}`, {
    details,
  });
}
