// What every command against a server talks through.
import { randomUUID } from 'node:crypto';
import { DriftplaneError, type ErrorCode, errorCatalogue } from '../core/errors.ts';
import type { JsonObject } from '../core/json-value.ts';
import { workspaceOfToken } from '../features/workspaces/token-text.ts';
import type { ProblemResponse } from '../http/problem-contract.ts';

type QueryValue = string | number | boolean | undefined | readonly (string | number)[];

/** What is asked for: `/api/<resource>/<workspace>/<path…>?<query>`. */
interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The first part of the address, such as `findings`. */
  readonly resource: string;
  /** What follows the workspace's id; each is encoded. */
  readonly path?: readonly string[];
  /** True for the few addresses without a workspace, such as /api/types. */
  readonly isGlobal?: boolean;
  /** Undefined values are left out; an array is repeated. */
  readonly query?: Readonly<Record<string, QueryValue>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, with its media type. */
  readonly content?: { readonly type: string; readonly body: NonNullable<RequestInit['body']> };
  /** The revision that a change applies to. */
  readonly ifMatch?: number;
  /** For writes that create: repeated with the same key they happen once. `callOnce` makes one. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface ApiClient {
  readonly workspaceId: string;
  /** The answer's body; undefined where it has none. Throws DriftplaneError with the code of the problem. */
  call<T>(request: ApiRequest): Promise<T>;
  /** The same with the revision that it is at, for a later `ifMatch`. */
  read<T>(request: ApiRequest): Promise<{ readonly body: T; readonly revision: number | null }>;
  /** The same with an Idempotency-Key of its own, sent again when the connection breaks before the answer. */
  callOnce<T>(request: ApiRequest): Promise<T>;
  /** All items of a listing, page by page, `most` at most. */
  listAll<T>(request: ApiRequest, most?: number): AsyncGenerator<T, void, undefined>;
  /** The answer itself, for a body that is read as it comes. Throws like `call`. */
  open(request: ApiRequest): Promise<Response>;
}

const DEFAULT_URL = 'http://127.0.0.1:7400';
const PAGE_SIZE = 200;
/** How often a creating write is sent when the connection breaks. */
const MAX_ATTEMPTS = 3;

/**
 * The client for the server of `DRIFTPLANE_URL`, in the name of `DRIFTPLANE_TOKEN`, whose workspace it works in.
 * Throws `invalid_arguments` where they can not be used.
 */
export function openApiClient(env: NodeJS.ProcessEnv): ApiClient {
  const token = (env.DRIFTPLANE_TOKEN ?? '').trim();
  if (token === '') {
    throw new DriftplaneError(
      'invalid_arguments',
      'DRIFTPLANE_TOKEN is not set: it names the workspace and proves that you may use it',
    );
  }
  const workspaceId = workspaceOfToken(token);
  if (workspaceId === null) {
    throw new DriftplaneError('invalid_arguments', 'DRIFTPLANE_TOKEN is not a token of Driftplane (dp_…)');
  }
  const baseUrl = parseBaseUrl(env.DRIFTPLANE_URL || DEFAULT_URL);

  async function open(request: ApiRequest): Promise<Response> {
    const url = urlOf(baseUrl, workspaceId as string, request);
    let response: Response;
    try {
      response = await fetch(url, requestInit(request, token));
    } catch (cause) {
      if (request.signal?.aborted === true) throw cause;
      throw new DriftplaneError(
        'server_unreachable',
        `${baseUrl.origin} does not answer: ${reasonOf(cause)}`,
        { cause },
      );
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  async function read<T>(request: ApiRequest): Promise<{ body: T; revision: number | null }> {
    const response = await open(request);
    const text = await response.text();
    const revision = /^(?:W\/)?"(\d+)"$/.exec(response.headers.get('etag') ?? '')?.[1];
    return {
      body: (text === '' ? undefined : JSON.parse(text)) as T,
      revision: revision === undefined ? null : Number(revision),
    };
  }

  async function callOnce<T>(request: ApiRequest): Promise<T> {
    const idempotencyKey = request.idempotencyKey ?? randomUUID();
    for (let attempt = 1; ; attempt++) {
      try {
        return (await read<T>({ ...request, idempotencyKey })).body;
      } catch (error) {
        const isBroken = error instanceof DriftplaneError && error.code === 'server_unreachable';
        if (!isBroken || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  async function* listAll<T>(request: ApiRequest, most = Number.POSITIVE_INFINITY): AsyncGenerator<T> {
    let left = most;
    let cursor: string | undefined;
    while (left > 0) {
      const query = { ...request.query, limit: Math.min(PAGE_SIZE, left), cursor };
      const { body } = await read<{ items: T[]; nextCursor: string | null }>({ ...request, query });
      yield* body.items;
      if (body.nextCursor === null) return;
      left -= body.items.length;
      cursor = body.nextCursor;
    }
  }

  return {
    workspaceId,
    open,
    read,
    callOnce,
    listAll,
    call: async <T>(request: ApiRequest) => (await read<T>(request)).body,
  };
}

function parseBaseUrl(text: string): URL {
  const url = URL.parse(text.endsWith('/') ? text : `${text}/`);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new DriftplaneError('invalid_arguments', 'DRIFTPLANE_URL is not an http or https address');
  }
  return url;
}

function urlOf(baseUrl: URL, workspaceId: string, request: ApiRequest): URL {
  const { resource, path = [], isGlobal = false, query = {} } = request;
  const parts = [resource, ...(isGlobal ? [] : [workspaceId]), ...path].map(encodeURIComponent);
  const url = new URL(`api/${parts.join('/')}`, baseUrl);
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of typeof value === 'object' ? value : [value])
      url.searchParams.append(name, String(each));
  }
  return url;
}

function requestInit(request: ApiRequest, token: string): RequestInit {
  const { method = 'GET', body, content, ifMatch, idempotencyKey, signal } = request;
  const headers: Record<string, string> = {
    authorization: `Bearer ${token}`,
    accept: 'application/json, */*',
  };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (content !== undefined) headers['content-type'] = content.type;
  if (ifMatch !== undefined) headers['if-match'] = `"${ifMatch}"`;
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  return {
    method,
    headers,
    // A redirection would hand the token to whoever it leads to.
    redirect: 'error',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    // A stream can only be sent with this; the types of the platform do not know it yet.
    ...(content === undefined ? {} : { body: content.body, duplex: 'half' }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** The error that a problem document stands for; an answer that is none comes from something in between. */
async function errorOf(response: Response): Promise<DriftplaneError> {
  const problem = parseProblem(await response.text().catch(() => ''));
  if (problem === null) {
    return new DriftplaneError(
      'server_unreachable',
      `the server answered ${response.status}, not as Driftplane does`,
    );
  }
  const { code, detail, requestId, details = [], type, title, status, action, ...extensions } = problem;
  const isKnown = Object.hasOwn(errorCatalogue, code);
  const hint = status >= 500 ? ` (request ${requestId})` : '';
  return new DriftplaneError(
    isKnown ? (code as ErrorCode) : 'internal_error',
    isKnown ? `${detail}${hint}` : `${detail} [${code}]${hint}`,
    {
      details: details.map((each) => ({ pointer: each.pointer, line: null, detail: each.detail })),
      extensions: extensions as JsonObject,
    },
  );
}

function parseProblem(text: string): ProblemResponse | null {
  try {
    const value = JSON.parse(text) as ProblemResponse | null;
    return typeof value?.code === 'string' && typeof value.detail === 'string' ? value : null;
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string') return inner.code;
  return inner instanceof Error ? inner.message : String(inner);
}
