import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { isStorable } from '../../../core/storable-text.ts';

/** Text that is handed to COPY at once, in UTF-16 code units. */
const CHUNK_LENGTH = 256 * 1024;

/** A table and the columns that are written; ours, never from outside. */
export interface StagingTable {
  readonly name: string;
  readonly columns: readonly string[];
}

/**
 * Writes rows into several tables by COPY on one connection. Only one COPY can be open on it: where rows of another
 * table have gathered, it ends and one into that table begins.
 */
export class StagingWriter {
  readonly #client: pg.ClientBase;
  readonly #waiting = new Map<StagingTable, string>();
  #copy: { readonly table: StagingTable; readonly stream: CopyStream } | null = null;

  /** `client` is busy from the first `drain` until `end` or `destroy`. */
  constructor(client: pg.ClientBase) {
    this.#client = client;
  }

  /** Adds a row of values that `copyText` and `copyBytes` made. Resolve `drain` now and then. */
  add(table: StagingTable, values: readonly string[]): void {
    this.#waiting.set(table, `${this.#waiting.get(table) ?? ''}${values.join('\t')}\n`);
  }

  /** Hands on what has gathered, and waits where the database is behind. */
  async drain(): Promise<void> {
    this.#copy?.stream.check();
    await this.#write(CHUNK_LENGTH);
  }

  async end(): Promise<void> {
    await this.#write(1);
    await this.#close();
  }

  destroy(error: Error): void {
    this.#copy?.stream.destroy(error);
    this.#copy = null;
  }

  /** The table that is open comes first, so that no COPY is ended in vain. */
  async #write(minLength: number): Promise<void> {
    const open = this.#copy?.table;
    const tables = [...this.#waiting.keys()].sort((a, b) => Number(b === open) - Number(a === open));
    for (const table of tables) {
      const text = this.#waiting.get(table) ?? '';
      if (text.length < minLength) continue;
      this.#waiting.delete(table);
      const stream = await this.#open(table);
      await stream.write(text);
    }
  }

  async #open(table: StagingTable): Promise<CopyStream> {
    if (this.#copy?.table === table) return this.#copy.stream;
    await this.#close();
    const stream = new CopyStream(this.#client, table);
    this.#copy = { table, stream };
    return stream;
  }

  async #close(): Promise<void> {
    const copy = this.#copy;
    this.#copy = null;
    await copy?.stream.end();
  }
}

/** One COPY. */
class CopyStream {
  readonly #stream: Writable;
  #error: unknown = null;
  /** Rejects when nothing more can be written. */
  readonly #closed: Promise<never>;

  constructor(client: pg.ClientBase, { name, columns }: StagingTable) {
    this.#stream = client.query(copyFrom(`copy ${name} (${columns.join(', ')}) from stdin`));
    this.#stream.on('error', (error) => {
      this.#error ??= error;
    });
    this.#closed = new Promise((_, reject) => {
      this.#stream.once('close', () => reject(this.#error ?? new Error('COPY ended early')));
    });
    this.#closed.catch(() => {});
  }

  /** Throws what the database has refused meanwhile. */
  check(): void {
    if (this.#error !== null) throw this.#error;
  }

  async write(text: string): Promise<void> {
    this.check();
    if (!this.#stream.write(text)) await Promise.race([once(this.#stream, 'drain'), this.#closed]);
  }

  async end(): Promise<void> {
    this.check();
    this.#stream.end();
    await once(this.#stream, 'finish');
  }

  destroy(error: Error): void {
    this.#stream.destroy(error);
  }
}

const SPECIAL = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A text as COPY reads it. It must hold no NUL and no lone surrogate (see `storableText`). */
export function copyText(text: string): string {
  return text.replace(SPECIAL, (character) => ESCAPES[character] as string);
}

/** Bytes as COPY reads them. */
export function copyBytes(hex: string): string {
  return `\\\\x${hex}`;
}

/** The text with U+FFFD in place of what PostgreSQL can't hold; for what is only shown. */
export function storableText(text: string): string {
  return isStorable(text) ? text : text.toWellFormed().replaceAll('\u0000', '\ufffd');
}
