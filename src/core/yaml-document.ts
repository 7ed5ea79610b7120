import { isCollection, isScalar, LineCounter, parseDocument, stringify } from 'yaml';
import type { ErrorDetail } from './errors.ts';
import { parsePointer } from './json-pointer.ts';
import type { JsonValue } from './json-value.ts';

/** Aliases that may be resolved in one document: enough for people, too few for a bomb. */
const MAX_ALIASES = 100;

export type YamlResult =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** Adds the line to each detail whose pointer is in the document, or at least the nearest above it. */
      withLines(details: readonly ErrorDetail[]): ErrorDetail[];
    }
  | { readonly ok: false; readonly details: readonly ErrorDetail[] };

/** Parses YAML 1.2 (and so JSON). Duplicate keys, unknown tags and alias bombs are errors; all are returned together. */
export function parseYaml(text: string): YamlResult {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: 'error',
  });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const details = faults.map(({ message, pos }) => ({
      pointer: '',
      line: lines.linePos(pos[0]).line,
      detail: message,
    }));
    return { ok: false, details };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : 'it can not be read';
    const detail = said.startsWith('Excessive alias count') ? `more than ${MAX_ALIASES} aliases` : said;
    return { ok: false, details: [{ pointer: '', line: null, detail }] };
  }
  const lineOf = (pointer: string): number | null => {
    for (let tokens = parsePointer(pointer); ; tokens = tokens.slice(0, -1)) {
      const node: unknown = tokens.length === 0 ? document.contents : document.getIn(tokens, true);
      const range = isScalar(node) || isCollection(node) ? node.range : null;
      if (range) return lines.linePos(range[0]).line;
      if (tokens.length === 0) return null;
    }
  };
  return {
    ok: true,
    value,
    withLines: (details) => details.map((detail) => ({ ...detail, line: lineOf(detail.pointer) })),
  };
}

/** A value as YAML 1.2 that `parseYaml` reads back as it is. Members keep their order; lines are not folded. */
export function formatYaml(value: JsonValue): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, schema: 'core' });
}
