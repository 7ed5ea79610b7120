import { readFileSync, statSync } from 'node:fs';
import { systemErrorText } from '../connectors/files/export-files.ts';
import { DriftplaneError, type ErrorDetail } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { builtInPlan, type PlanResult, parsePlanFile } from '../core/parse-plan.ts';
import type { PlanDocument } from '../core/plan-schema.ts';
import { parseYaml, type YamlContent } from '../core/yaml-document.ts';

/** The text of a configuration file. Throws `unreadable_config`. */
export function readConfigText(path: string): string {
  let bytes: Buffer;
  try {
    const stats = statSync(path);
    if (!stats.isFile()) throw new DriftplaneError('unreadable_config', `${path} is not a regular file`);
    if (stats.size > limits.maxConfigBytes) throw tooLarge(path);
    bytes = readFileSync(path);
  } catch (cause) {
    if (cause instanceof DriftplaneError) throw cause;
    throw new DriftplaneError('unreadable_config', `${path}: ${systemErrorText(cause)}`, { cause });
  }
  return decodeConfig(path, bytes);
}

/** The text in a file, or on stdin for `-`, and what messages call it. Throws `unreadable_config`. */
export async function readConfigFile(
  path: string,
): Promise<{ readonly name: string; readonly text: string }> {
  if (path !== '-') return { name: path, text: readConfigText(path) };
  return { name: 'stdin', text: await readConfigStream('stdin', process.stdin) };
}

/** The text of a stream, which messages call by `name`. */
async function readConfigStream(name: string, stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limits.maxConfigBytes) throw tooLarge(name);
    chunks.push(chunk);
  }
  return decodeConfig(name, Buffer.concat(chunks));
}

function tooLarge(name: string): DriftplaneError {
  return new DriftplaneError(
    'unreadable_config',
    `${name} is larger than ${limits.maxConfigBytes / 1024} KiB`,
  );
}

/** Editors and shells of Windows write UTF-16, with a mark that says so; all else is UTF-8. */
function decodeConfig(name: string, bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isLittle = first === 0xff && second === 0xfe;
  const isBig = first === 0xfe && second === 0xff;
  const encoding = isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DriftplaneError('unreadable_config', `${name} is not ${encoding.toUpperCase()}`, { cause });
  }
}

/** A plan as it stands in a file: YAML that was read, and not looked at otherwise. */
export interface PlanText {
  /** What messages call it. */
  readonly name: string;
  /** An empty file is a plan that says nothing. */
  readonly content: unknown;
  /** Adds the line to each detail whose pointer is in the file, or at least the nearest above it. */
  withLines(details: readonly ErrorDetail[]): ErrorDetail[];
}

/** Throws `invalid_plan` where the text is not YAML, with the lines, and what else is wrong as far as it can be read. */
export function readPlanText(name: string, text: string): PlanText {
  const yaml = parseYaml(text);
  if (!yaml.ok) {
    const details = inOrder([...yaml.details, ...faultsIn(yaml.readable)]);
    throw new DriftplaneError('invalid_plan', `${name} is not valid YAML`, { details });
  }
  return { name, content: yaml.value ?? {}, withLines: yaml.withLines };
}

/** The plan that a file was found to be. Throws `invalid_plan` with all that is wrong, each with its line. */
export function requireValid({ name, withLines }: PlanText, parsed: PlanResult): PlanDocument {
  if (parsed.ok) return parsed.plan;
  const details = inOrder(withLines(parsed.details));
  throw new DriftplaneError('invalid_plan', `${name} is not a valid plan`, { details });
}

/** What is wrong with the plan in a document, as far as that can be read. */
function faultsIn(document: YamlContent | null): ErrorDetail[] {
  if (document === null) return [];
  const parsed = parsePlanFile(document.value);
  return parsed.ok ? [] : document.withLines(parsed.details);
}

function inOrder(details: readonly ErrorDetail[]): ErrorDetail[] {
  return [...details].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** The plan in a file, or the built-in one where there is none. Throws `invalid_plan` with all that is wrong. */
export function loadPlan(path: string | undefined): PlanDocument {
  if (path === undefined) return builtInPlan;
  const file = readPlanText(path, readConfigText(path));
  return requireValid(file, parsePlanFile(file.content));
}
