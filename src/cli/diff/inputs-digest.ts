import { contentHash } from '../../core/content-hash.ts';
import { ENGINE_VERSION } from '../../core/engine-version.ts';
import type { ItemTypeRegistry } from '../../core/item-type-registry.ts';
import { generatePlanHash } from '../../core/plan-hash.ts';
import type { PlanDocument } from '../../core/plan-schema.ts';
import { sha256Hex } from '../../core/sha256.ts';
import type { Side } from './side.ts';

/** Over the bytes of all items, whatever their order and files, the rules, the plan and the engine. */
export function digestInputs(inputs: {
  baseline: Side;
  current: Side;
  registry: ItemTypeRegistry;
  plan: PlanDocument;
}): string {
  const { baseline, current, registry, plan } = inputs;
  const digestSide = (side: Side): string =>
    sha256Hex(
      Buffer.from(
        side.records
          .map(({ content }) => content.key)
          .sort()
          .join('\n'),
        'utf8',
      ),
    );
  return contentHash({
    engine: ENGINE_VERSION,
    rules: registry.digest,
    plan: generatePlanHash(plan),
    baseline: digestSide(baseline),
    current: digestSide(current),
  });
}
