import type { KnownSubject } from '../findings/generated-finding.ts';

type Item = Pick<KnownSubject, 'itemType' | 'externalId'>;

/** Most subjects that are handed out at once. */
const BATCH = 100;

/**
 * Subjects that wait for word of a run, handed out as far as its drift has come. Both are in the order of item type
 * and external id, so neither has to be held as a whole.
 */
export class WaitingSubjects {
  readonly #pages: AsyncIterator<readonly KnownSubject[]>;
  #page: readonly KnownSubject[] = [];
  #at = 0;

  /** Begins with the first page, so that the subjects are those that wait now. */
  static async open(pages: AsyncIterable<readonly KnownSubject[]>): Promise<WaitingSubjects> {
    const waiting = new WaitingSubjects(pages[Symbol.asyncIterator]());
    await waiting.#peek();
    return waiting;
  }

  private constructor(pages: AsyncIterator<readonly KnownSubject[]>) {
    this.#pages = pages;
  }

  /** Those up to and with the last item that was looked at, or all that are left, without those named already. */
  async *upTo(last: Item | null, named: ReadonlySet<string> = new Set()): AsyncGenerator<KnownSubject[]> {
    let batch: KnownSubject[] = [];
    for (let next = await this.#peek(); next !== null; next = await this.#peek()) {
      if (last !== null && compareItems(next, last) > 0) break;
      this.#at++;
      if (named.has(next.subjectKey)) continue;
      batch.push(next);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  async #peek(): Promise<KnownSubject | null> {
    while (this.#at >= this.#page.length) {
      const { done, value } = await this.#pages.next();
      if (done === true) return null;
      this.#page = value;
      this.#at = 0;
    }
    return this.#page[this.#at] ?? null;
  }
}

/** By their bytes, as the database has them in collation "C". */
function compareItems(one: Item, other: Item): number {
  return compareBytes(one.itemType, other.itemType) || compareBytes(one.externalId, other.externalId);
}

function compareBytes(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}
