import { DriftplaneError } from '../core/errors.ts';
import { type PlanText, readConfigFile, readPlanText } from './config-file.ts';

/** The plan in a file, or on stdin for `-`. Throws `unreadable_config`, and `invalid_plan` where it is not YAML. */
export async function readPlanFile(path: string): Promise<PlanText> {
  const { name, text } = await readConfigFile(path);
  return readPlanText(name, text);
}

/** Members of a request that are no part of the file. */
const besideThePlan = /^\/(?:templateId|parentId|workspaceId|changeNote|planId)(?:\/|$)/;

/** Does what a file is sent for; what the server finds wrong with it is told with the lines of the file. */
export async function withLinesOf<T>(file: PlanText | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOfPlan =
      error instanceof DriftplaneError && (error.code === 'invalid_plan' || error.code === 'scope_taken');
    if (file === null || !isOfPlan) throw error;
    const details = error.details.map((detail) =>
      besideThePlan.test(detail.pointer) ? detail : (file.withLines([detail])[0] ?? detail),
    );
    throw error.withDetails(details);
  }
}
