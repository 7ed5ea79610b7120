import { isCollection, isMap, isScalar, isSeq, LineCounter, parseDocument, stringify } from 'yaml';
import type { ErrorDetail } from './errors.ts';
import { escapePointerToken, parsePointer } from './json-pointer.ts';
import type { JsonValue } from './json-value.ts';

/** Aliases that may be resolved in one document: enough for people, too few for a bomb. */
const MAX_ALIASES = 100;
/** Faults of one document that are told of: whoever has more will look again. */
const MAX_FAULTS = 100;

const TOO_DEEP = 'it is nested too deep';

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
    // Below, in linear time.
    uniqueKeys: false,
    logLevel: 'error',
  });
  const faults = [...document.errors, ...document.warnings].slice(0, MAX_FAULTS).map(({ message, pos }) => ({
    pointer: '',
    line: lines.linePos(pos[0]).line,
    detail: plainText(message),
  }));
  let value: unknown;
  try {
    const deep = faults.find(({ detail }) => detail === TOO_DEEP);
    // All else that is wrong comes of it.
    if (deep !== undefined) return { ok: false, details: [deep] };
    faults.push(...repeatedKeys(document.contents, lines));
    if (faults.length > 0) return { ok: false, details: faults };
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    const detail = plainText(cause instanceof Error ? cause.message : 'it can not be read');
    return { ok: false, details: [...faults, { pointer: '', line: null, detail }] };
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

/** The keys that a mapping has twice, as it is read; which of the two was meant nobody can tell. */
function repeatedKeys(contents: unknown, lines: LineCounter) {
  const faults: { pointer: string; line: number; detail: string }[] = [];
  const walk = (node: unknown, pointer: string): void => {
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) walk(item, `${pointer}/${index}`);
    }
    if (!isMap(node)) return;
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value ?? '') : null;
      const at = name === null ? pointer : `${pointer}/${escapePointerToken(name)}`;
      if (name !== null && seen.has(name) && faults.length < MAX_FAULTS) {
        const line = lines.linePos((isScalar(key) && key.range?.[0]) || 0).line;
        faults.push({
          pointer: at,
          line,
          detail: `the key ${JSON.stringify(name.slice(0, 100))} is there twice`,
        });
      }
      if (name !== null) seen.add(name);
      walk(value, at);
    }
  };
  walk(contents, '');
  return faults;
}

/** What the parser says, for people who do not call it. */
function plainText(message: string): string {
  if (message.startsWith('Excessive alias count')) return `more than ${MAX_ALIASES} aliases`;
  if (/call stack|stack overflow/i.test(message)) return TOO_DEEP;
  if (message.startsWith('Source contains multiple documents')) return 'it holds more than one document';
  return message;
}

/** A value as YAML 1.2 that `parseYaml` reads back as it is. Members keep their order; lines are not folded. */
export function formatYaml(value: JsonValue): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, schema: 'core' });
}
