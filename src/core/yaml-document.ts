import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Range,
  visit,
} from 'yaml';
import type { ErrorDetail } from './errors.ts';
import { escapePointerToken, parsePointer } from './json-pointer.ts';
import type { JsonValue } from './json-value.ts';

/** Aliases that may be resolved in one document: enough for people, too few for a bomb. */
const MAX_ALIASES = 100;
/** Faults of one document that are told of: whoever has more will look again. */
const MAX_FAULTS = 100;

const TOO_DEEP = 'it is nested too deep';
const TOO_MANY_ALIASES = `more than ${MAX_ALIASES} aliases`;
const OWN_ALIAS = 'an alias stands for what it is a part of';

/** A document that was read. */
export interface YamlContent {
  readonly value: unknown;
  /** Adds the line to each detail whose pointer is in the document, or at least the nearest above it. */
  withLines(details: readonly ErrorDetail[]): ErrorDetail[];
}

export type YamlResult =
  | (YamlContent & { readonly ok: true })
  | {
      readonly ok: false;
      readonly details: readonly ErrorDetail[];
      /** Where nothing but repeated keys is wrong, so that all else can be told as well: the last of each counts. */
      readonly readable: YamlContent | null;
    };

/** Parses YAML 1.2 (and so JSON) to values of JSON. Duplicate keys, unknown tags and alias bombs are errors; all are returned together. */
export function parseYaml(text: string): YamlResult {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Whatever a document says of itself: dates, sets and ordered maps are no values of JSON.
    schema: 'core',
    resolveKnownTags: false,
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
  let targets: AliasTargets = new Map();
  let repeated: readonly ErrorDetail[] = [];
  try {
    const deep = faults.find(({ detail }) => detail === TOO_DEEP);
    // All else that is wrong comes of it.
    if (deep !== undefined) return { ok: false, details: [deep], readable: null };
    targets = aliasTargets(document);
    // The library looks for what each of them stands for in the whole document.
    if (targets.size > MAX_ALIASES) throw new Error(TOO_MANY_ALIASES);
    repeated = repeatedKeys(document.contents, targets, lines);
    if (faults.length > 0) return { ok: false, details: [...faults, ...repeated], readable: null };
    // It counts what they stand for, too.
    value = document.toJS({ maxAliasCount: MAX_ALIASES + 1 });
  } catch (cause) {
    const detail = plainText(cause instanceof Error ? cause.message : 'it can not be read');
    const details = [...faults, ...repeated, { pointer: '', line: null, detail }];
    return { ok: false, details, readable: null };
  }
  const lineOf = (pointer: string): number | null => {
    const range = nearestRange(document.contents, targets, parsePointer(pointer));
    return range === null ? null : lines.linePos(range[0]).line;
  };
  const content: YamlContent = {
    value,
    withLines: (details) => details.map((detail) => ({ ...detail, line: lineOf(detail.pointer) })),
  };
  return repeated.length > 0 ? { ok: false, details: repeated, readable: content } : { ok: true, ...content };
}

/** What each alias stands for. */
type AliasTargets = ReadonlyMap<unknown, unknown>;

/** In one pass: the library looks through the whole document for each of them. */
function aliasTargets(document: Document): AliasTargets {
  const anchors = new Map<string, unknown>();
  const targets = new Map<unknown, unknown>();
  visit(document, {
    Node(_, node, path) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (path.includes(target as (typeof path)[number])) throw new Error(OWN_ALIAS);
        targets.set(node, target);
      }
      if (!isAlias(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** Where the value at a pointer stands, or else the nearest above it. */
function nearestRange(contents: unknown, targets: AliasTargets, tokens: readonly string[]): Range | null {
  let node = contents;
  let found: Range | null = null;
  for (const token of [...tokens, null]) {
    const range = isScalar(node) || isCollection(node) || isAlias(node) ? node.range : null;
    if (range) found = range;
    const inside = targets.get(node) ?? node;
    if (isSeq(inside)) node = inside.items[Number(token)];
    else if (isMap(inside)) {
      const pair = inside.items.find(({ key }) => keyName(key, targets) === token);
      // Of a key without a value the key.
      node = pair?.value ?? pair?.key;
    } else node = undefined;
  }
  return found;
}

/** What a key is called as a member of an object; null where that is not a plain word. */
function keyName(key: unknown, targets: AliasTargets): string | null {
  const node = targets.get(key) ?? key;
  return isScalar(node) ? String(node.value ?? '') : null;
}

/** The keys that a mapping has twice, as it is read; which of the two was meant nobody can tell. */
function repeatedKeys(contents: unknown, targets: AliasTargets, lines: LineCounter) {
  const faults: { pointer: string; line: number; detail: string }[] = [];
  const walk = (node: unknown, pointer: string): void => {
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) walk(item, `${pointer}/${index}`);
    }
    if (!isMap(node)) return;
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const name = keyName(key, targets);
      const at = name === null ? pointer : `${pointer}/${escapePointerToken(name)}`;
      if (name !== null && seen.has(name) && faults.length < MAX_FAULTS) {
        const range = isScalar(key) || isAlias(key) ? key.range : null;
        faults.push({
          pointer: at,
          line: lines.linePos(range?.[0] ?? 0).line,
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
  if (message.startsWith('Excessive alias count')) return TOO_MANY_ALIASES;
  if (/call stack|stack overflow/i.test(message)) return TOO_DEEP;
  if (message.startsWith('Source contains multiple documents')) return 'it holds more than one document';
  return message;
}

/** A line of nothing but blanks: in a block of lines the library does not write it so that it is read back. */
const BLANK_LINE = /(?:^|\n)[ \t]+(?:\n|$)/;

/** A value as YAML 1.2 that `parseYaml` reads back as it is. Members keep their order; lines are not folded. */
export function formatYaml(value: JsonValue): string {
  const document = new Document(value, { schema: 'core', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && BLANK_LINE.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({
    lineWidth: 0,
    // What folding makes of such a line is read back as something else.
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  });
}
