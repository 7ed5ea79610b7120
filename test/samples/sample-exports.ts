import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/core/json-value.ts';
import { type Run, runCli } from '../cli/run-cli.ts';

// The bundled samples, ways to compare them, and ways to write an export of the same meaning in other bytes.

export const root = join(import.meta.dirname, '../..');

export const samples = {
  october: join(root, 'samples/contoso/2026-10-01'),
  november: join(root, 'samples/contoso/2026-11-01'),
  firewallBaseline: join(root, 'samples/firewall/baseline.ndjson'),
  firewallCurrent: join(root, 'samples/firewall/current.ndjson'),
  types: join(root, 'samples/types.yaml'),
  plan: join(root, 'samples/plan.yaml'),
};

/** A finding as `driftplane/diff@1` writes it. */
export interface FindingDocument {
  fingerprint: string;
  change: string;
  itemType: string;
  externalId: string;
  label: string;
  driftType: string;
  severity: string;
  changes: { path: string; op: string; before: JsonValue; after: JsonValue }[];
}

export interface DiffDocument {
  schema: string;
  summary: Record<string, number>;
  coverage: { itemType: string; status: string; reason: string | null }[];
  problems: { code: string; path: string; detail: string }[];
  unprovenRemovals: unknown[];
  unprovenAdditions: unknown[];
  ambiguous: unknown[];
  findings: FindingDocument[];
  inputsDigest: string;
  findingsDigest: string;
}

export interface Comparison {
  readonly exitCode: number | null;
  /** What `--format json` prints. */
  readonly text: string;
  /** `text`, read. */
  readonly document: DiffDocument;
  /** The findings of `text`, as text: equal texts are equal bytes. */
  readonly findings: string;
  /** What the program said beside it. */
  readonly stderr: string;
}

export interface CompareOptions {
  readonly types?: string;
  readonly plan?: string;
}

/** Runs `driftplane diff` on two exports and reads its JSON. */
export async function compare(
  baselinePath: string,
  currentPath: string,
  options: CompareOptions = {},
): Promise<Comparison> {
  const { status, stdout, stderr } = await runDiff(baselinePath, currentPath, 'json', options);
  if (!stdout.startsWith('{')) throw new Error(`exit code ${status}: ${stderr}`);
  const document = JSON.parse(stdout) as DiffDocument;
  return {
    exitCode: status,
    text: stdout,
    document,
    findings: JSON.stringify(document.findings, null, 1),
    stderr,
  };
}

/** What `driftplane diff` prints in any format. */
export async function printed(
  baselinePath: string,
  currentPath: string,
  format: string,
  options: CompareOptions & { isColoured?: boolean } = {},
): Promise<string> {
  return (await runDiff(baselinePath, currentPath, format, options)).stdout;
}

function runDiff(
  baselinePath: string,
  currentPath: string,
  format: string,
  { types, plan, isColoured = false }: CompareOptions & { isColoured?: boolean },
): Promise<Run> {
  return runCli(
    [
      ...['diff', baselinePath, currentPath, '--format', format],
      ...(types === undefined ? [] : ['--types', types]),
      ...(plan === undefined ? [] : ['--plan', plan]),
    ],
    { cwd: root, ...(isColoured ? { env: { NO_COLOR: '', FORCE_COLOR: '1' } } : {}) },
  );
}

/** Each finding without its fingerprint: what a person would read. */
export function readable({ findings }: DiffDocument): Omit<FindingDocument, 'fingerprint'>[] {
  return findings.map(({ fingerprint: _, ...rest }) => rest);
}

export const encodings = ['utf8', 'utf8bom', 'utf16le', 'utf16be'] as const;
export type Encoding = (typeof encodings)[number];

export interface SampleFile {
  /** Relative to the export, with slashes. */
  readonly path: string;
  readonly bytes: Buffer;
}

export interface SampleItem extends SampleFile {
  readonly encoding: Encoding;
  /** Decoded, without byte order mark. */
  readonly text: string;
  readonly value: JsonObject;
}

/** All files of an export, those that hold no JSON too. */
export function readFiles(exportPath: string): SampleFile[] {
  return readdirSync(exportPath, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      path: relative(exportPath, path).replaceAll('\\', '/'),
      bytes: readFileSync(path),
    }));
}

/** The items of an export of one item in a file. */
export function readItems(exportPath: string): SampleItem[] {
  return readFiles(exportPath)
    .filter(({ path }) => path.endsWith('.json'))
    .map((file) => {
      const encoding = encodingOf(file.bytes);
      const text = decode(file.bytes, encoding);
      return { ...file, encoding, text, value: JSON.parse(text) as JsonObject };
    });
}

/** The item of an export whose file is named so. */
export function itemNamed(exportPath: string, name: string): SampleItem {
  const item = readItems(exportPath).find(({ path }) => path.endsWith(`/${name}.json`));
  if (item === undefined) throw new Error(`${exportPath} has no ${name}.json`);
  return item;
}

/** By byte order mark: UTF-8 where there is none. */
function encodingOf(bytes: Buffer): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf16be';
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 'utf8bom' : 'utf8';
}

function decode(bytes: Buffer, encoding: Encoding): string {
  const label = { utf8: 'utf-8', utf8bom: 'utf-8', utf16le: 'utf-16le', utf16be: 'utf-16be' }[encoding];
  return new TextDecoder(label, { fatal: true }).decode(bytes);
}

export function encode(text: string, encoding: Encoding): Buffer {
  if (encoding === 'utf8') return Buffer.from(text, 'utf8');
  if (encoding === 'utf8bom') return Buffer.from(`\ufeff${text}`, 'utf8');
  const littleEndian = Buffer.from(`\ufeff${text}`, 'utf16le');
  return encoding === 'utf16le' ? littleEndian : littleEndian.swap16();
}

/** Writes an export into a folder that is gone when the test is over. */
export function writeExport(files: readonly SampleFile[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'driftplane-samples-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const { path, bytes } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

/** Writes an export again with the bytes of each item made by `toBytes`. */
export function rewriteBytes(exportPath: string, toBytes: (item: SampleItem) => Buffer): string {
  return writeExport(readItems(exportPath).map((item) => ({ path: item.path, bytes: toBytes(item) })));
}

/** Writes an export again with each item changed by `change`, which works on a copy. */
export function rewriteValues(
  exportPath: string,
  change: (value: JsonObject, item: SampleItem) => JsonValue,
): string {
  return rewriteBytes(exportPath, (item) =>
    encode(JSON.stringify(change(structuredClone(item.value), item), null, 2), item.encoding),
  );
}

/** `value` with every object in it, the innermost first, replaced by what `change` makes of it. */
export function mapObjects(value: JsonValue, change: (object: JsonObject) => JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((element) => mapObjects(element, change));
  if (value === null || typeof value !== 'object') return value;
  return change(mapMembers(value, (name, member) => [name, mapObjects(member, change)]));
}

/** `object` with each member replaced by what `change` makes of it; null leaves it out. */
export function mapMembers(
  object: JsonObject,
  change: (name: string, value: JsonValue) => [string, JsonValue] | null,
): JsonObject {
  return Object.fromEntries(
    Object.entries(object)
      .map(([name, value]) => change(name, value))
      .filter((member) => member !== null),
  );
}
