import { readFileSync, statSync } from 'node:fs';
import { systemErrorText } from '../connectors/files/export-files.ts';
import { DriftplaneError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { builtInPlan, parsePlanFile } from '../core/parse-plan.ts';
import type { PlanDocument } from '../core/plan-schema.ts';
import { parseYaml } from '../core/yaml-document.ts';

/** The text of a configuration file in UTF-8. Throws `unreadable_config`. */
export function readConfigText(path: string): string {
  let bytes: Buffer;
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new DriftplaneError('unreadable_config', `${path} is not a regular file`);
    if (stats.size > limits.maxConfigBytes) {
      throw new DriftplaneError(
        'unreadable_config',
        `${path} is larger than ${limits.maxConfigBytes / 1024} KiB`,
      );
    }
    bytes = readFileSync(path);
  } catch (cause) {
    if (cause instanceof DriftplaneError) throw cause;
    throw new DriftplaneError('unreadable_config', `${path}: ${systemErrorText(cause)}`, { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DriftplaneError('unreadable_config', `${path} is not UTF-8`, { cause });
  }
}

/** The plan in a file, or the built-in one where there is none. Throws `invalid_plan` with all that is wrong. */
export function loadPlan(path: string | undefined): PlanDocument {
  if (path === undefined) return builtInPlan;
  const yaml = parseYaml(readConfigText(path));
  if (!yaml.ok)
    throw new DriftplaneError('invalid_plan', `${path} is not valid YAML`, { details: yaml.details });
  const parsed = parsePlanFile(yaml.value ?? {});
  if (parsed.ok) return parsed.plan;
  const details = yaml.withLines(parsed.details);
  throw new DriftplaneError('invalid_plan', `${path} is not a valid plan`, { details });
}
