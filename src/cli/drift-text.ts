import type { ExecutionResponse } from '../features/executions/execution-contract.ts';

/** What an execution came to, in a line or two: what a plan held back of it is never dropped without a word. */
export function driftText({
  executionId,
  counts,
}: Pick<ExecutionResponse, 'executionId' | 'counts'>): string {
  const { findings = 0, opened = 0, heldBack = 0 } = counts;
  const held = `${heldBack} held back by the plan. See: driftplane executions held ${executionId}`;
  if (findings === 0)
    return heldBack === 0 ? 'Nothing drifted.' : `No findings: all that drifted was held back.\n${held}`;
  const found = `${findings} drifted, ${opened} of them new. See: driftplane findings list`;
  return heldBack === 0 ? found : `${found}\n${held}`;
}
