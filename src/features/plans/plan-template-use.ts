import type { ErrorDetail } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json-value.ts';
import { didYouMean } from '../../core/nearest.ts';
import { getAllTemplates, getTemplateById } from '../../core/plan-templates.ts';

/**
 * A document with what it leaves out taken from a template: whole fields, and within a group of settings its members.
 * A template that is not there is a fault, told with all others.
 */
export function completeFromTemplate(
  document: unknown,
  templateId: string | null,
): { readonly document: unknown; readonly details: readonly ErrorDetail[] } {
  if (templateId === null) return { document, details: [] };
  const template = getTemplateById(templateId);
  if (template === undefined) return { document, details: templateFaults(templateId) };
  if (!isJsonObject(document as JsonValue)) return { document, details: [] };
  return { document: fill(document as JsonObject, template.plan as unknown as JsonObject), details: [] };
}

/** That there is no such template. */
export function templateFaults(templateId: string | null): readonly ErrorDetail[] {
  if (templateId === null || getTemplateById(templateId) !== undefined) return [];
  const ids = getAllTemplates().map(({ id }) => id);
  const detail = `there is no template ${JSON.stringify(templateId.slice(0, 60))}, there are ${ids.join(', ')}${didYouMean(templateId, ids)}`;
  return [{ pointer: '/templateId', line: null, detail }];
}

function fill(own: JsonObject, base: JsonObject): JsonObject {
  const filled: JsonObject = { ...base, ...own };
  for (const [name, value] of Object.entries(own)) {
    const from = base[name];
    if (isJsonObject(value) && isJsonObject(from)) filled[name] = { ...from, ...value };
  }
  return filled;
}
