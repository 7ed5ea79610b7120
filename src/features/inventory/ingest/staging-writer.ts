import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** Text that is handed to COPY at once, in UTF-16 code units. */
const CHUNK_LENGTH = 256 * 1024;

/** Writes rows into one table by COPY, on a connection of its own while it lasts. */
export class StagingWriter {
  readonly #stream: Writable;
  #chunk = '';
  #error: unknown = null;
  /** Rejects when nothing more can be written. */
  readonly #closed: Promise<never>;

  /** `client` is busy until `end` or `destroy`. Table and columns are ours, never from outside. */
  constructor(client: pg.ClientBase, table: string, columns: readonly string[]) {
    this.#stream = client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`));
    this.#stream.on('error', (error) => {
      this.#error ??= error;
    });
    this.#closed = new Promise((_, reject) => {
      this.#stream.once('close', () => reject(this.#error ?? new Error('COPY ended early')));
    });
    this.#closed.catch(() => {});
  }

  /** Adds a row of values that `copyText` and `copyBytes` made. Resolve `drain` now and then. */
  add(values: readonly string[]): void {
    this.#chunk += `${values.join('\t')}\n`;
  }

  /** Hands on what has gathered, and waits where the database is behind. */
  async drain(): Promise<void> {
    if (this.#error !== null) throw this.#error;
    if (this.#chunk.length < CHUNK_LENGTH) return;
    const chunk = this.#chunk;
    this.#chunk = '';
    if (!this.#stream.write(chunk)) await Promise.race([once(this.#stream, 'drain'), this.#closed]);
  }

  async end(): Promise<void> {
    if (this.#error !== null) throw this.#error;
    this.#stream.end(this.#chunk);
    this.#chunk = '';
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

/** Whether PostgreSQL can hold the text: no NUL, no lone surrogate. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}

/** The text with U+FFFD in place of what PostgreSQL can't hold; for what is only shown. */
export function storableText(text: string): string {
  return isStorable(text) ? text : text.toWellFormed().replaceAll('\u0000', '\ufffd');
}
