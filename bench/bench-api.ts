import { BenchError } from './bench-error.ts';
import type { ServeProcess } from './serve-process.ts';

/** The API of a server, as any client would call it. */
export class BenchApi {
  readonly #server: ServeProcess;

  constructor(server: ServeProcess) {
    this.#server = server;
  }

  get<T>(resource: string, path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.#call<T>(`${this.#urlOf(resource)}${path}?${new URLSearchParams(query)}`, { method: 'GET' });
  }

  post<T>(resource: string, body: unknown): Promise<T> {
    return this.#call<T>(this.#urlOf(resource), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** All items of a listing, page by page. */
  async listAll<T>(resource: string, query: Readonly<Record<string, string>>): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: T[]; nextCursor: string | null } = await this.get(resource, '', {
        ...query,
        limit: '200',
        ...(cursor === null ? {} : { cursor }),
      });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  }

  #urlOf(resource: string): string {
    return `${this.#server.url}/api/${resource}/${this.#server.workspaceId}`;
  }

  async #call<T>(url: string, init: RequestInit & { headers?: Record<string, string> }): Promise<T> {
    const headers = { ...init.headers, authorization: `Bearer ${this.#server.adminToken}` };
    const response = await fetch(url, { ...init, headers });
    const text = await response.text();
    if (!response.ok) throw new BenchError(`${init.method} ${url} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
}
