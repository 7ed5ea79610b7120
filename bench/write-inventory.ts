import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { generateInventory, type InventoryCounts } from './generate-inventory.ts';
import { requireRoom, settleDisk } from './work-folder.ts';

/** Two exports of one inventory on disk, each as one NDJSON file and as one file per item. */
export interface WrittenInventory {
  readonly folder: string;
  readonly baselineFile: string;
  readonly currentFile: string;
  readonly baselineFolder: string;
  readonly currentFolder: string;
  readonly baselineBytes: number;
  readonly currentBytes: number;
}

/** An item takes 3.2 KB as a line and one block of 4 KB, a name and an inode as a file, on both sides. */
const BYTES_PER_ITEM = 16_000;
const FLUSH_BYTES = 1024 * 1024;
const sources = ['generate-inventory.ts', 'synthetic-policy.ts', 'seeded-random.ts', 'write-inventory.ts'];

/**
 * Writes an inventory below `parent`, or takes the one that an earlier call wrote there with the same counts,
 * seed and generator. Throws BenchError where the disk lacks room.
 */
export function writeInventory(
  parent: string,
  counts: InventoryCounts,
  options: { readonly seed: number; readonly onProgress: (text: string) => void },
): WrittenInventory {
  const { seed, onProgress } = options;
  const folder = join(parent, `driftplane-inventory-${counts.items}-${digestOf(counts, seed)}`);
  // Written last, so that an interrupted writing is known as such.
  const manifest = join(folder, 'inventory.json');
  if (existsSync(manifest)) {
    onProgress(`taking the inventory that is in ${folder}`);
    return JSON.parse(readFileSync(manifest, 'utf8')) as WrittenInventory;
  }
  requireRoom(parent, { bytes: counts.items * BYTES_PER_ITEM, files: 2 * counts.items + 1000 });
  rmSync(folder, { recursive: true, force: true });
  const baseline = new SideWriter(folder, 'baseline');
  const current = new SideWriter(folder, 'current');
  const step = Math.ceil(counts.items / 10);
  let count = 0;
  for (const item of generateInventory(counts, seed)) {
    if (++count % step === 0) onProgress(`writing the inventory: ${count} of ${counts.items} items`);
    if (item.baseline !== null) baseline.add(item.externalId, item.baseline);
    if (item.current !== null) current.add(item.externalId, item.current);
  }
  const written = {
    folder,
    baselineFile: baseline.file,
    currentFile: current.file,
    baselineFolder: baseline.folder,
    currentFolder: current.folder,
    baselineBytes: baseline.close(),
    currentBytes: current.close(),
  };
  writeFileSync(manifest, JSON.stringify(written));
  onProgress('waiting for the disk');
  settleDisk();
  return written;
}

/** Changes with anything that changes the files. */
function digestOf(counts: InventoryCounts, seed: number): string {
  const hash = createHash('sha256').update(JSON.stringify({ counts, seed }));
  for (const source of sources) hash.update(readFileSync(join(import.meta.dirname, source)));
  return hash.digest('hex').slice(0, 12);
}

class SideWriter {
  readonly file: string;
  readonly folder: string;
  readonly #descriptor: number;
  readonly #shards = new Set<string>();
  #lines: string[] = [];
  #waitingLength = 0;
  #bytes = 0;

  constructor(parent: string, name: string) {
    this.folder = join(parent, name);
    this.file = join(parent, `${name}.ndjson`);
    mkdirSync(this.folder, { recursive: true });
    this.#descriptor = openSync(this.file, 'w');
  }

  add(externalId: string, text: string): void {
    // Git inserts the names of a folder one by one into a sorted array: with 100,000 files in one folder it
    // takes a third more time, so they are spread over 256.
    const shard = join(this.folder, externalId.slice(0, 2));
    if (!this.#shards.has(shard)) {
      this.#shards.add(shard);
      mkdirSync(shard);
    }
    const line = `${text}\n`;
    writeFileSync(join(shard, `${externalId}.json`), line);
    this.#lines.push(line);
    this.#waitingLength += line.length;
    if (this.#waitingLength >= FLUSH_BYTES) this.#flush();
  }

  /** How many bytes the NDJSON file has. */
  close(): number {
    this.#flush();
    closeSync(this.#descriptor);
    return this.#bytes;
  }

  #flush(): void {
    const bytes = Buffer.from(this.#lines.join(''), 'utf8');
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    this.#bytes += bytes.length;
    this.#lines = [];
    this.#waitingLength = 0;
  }
}
