// client.ts - one request to siftd: the session's cookie, its CSRF token, problems as errors
import type { Problem } from "./types";

const BASE = "/api/v1";

/** What went wrong, in siftd's own words where it had any; status 0: nobody answered. */
export class ApiError extends Error {
  readonly status: number;
  readonly requestId: string | null;
  readonly fields: ReadonlyMap<string, string>;

  constructor(status: number, detail: string, problem?: Partial<Problem>) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.requestId = problem?.request_id ?? null;
    this.fields = new Map((problem?.errors ?? []).map((one) => [one.field, one.detail]));
  }
}

// The cookie is HttpOnly; this token, which only auth answers tell, proves that our page asks.
let csrfToken: string | null = null;
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token ?? null;
}

let onSessionLost: () => void = () => undefined;
/** is called when an answer says that nobody is logged in any more */
export function watchSession(lost: () => void): void {
  onSessionLost = lost;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export function headersFor(method: Method, more: Record<string, string> = {}): Record<string, string> {
  const headers = { Accept: "application/json", ...more };
  return method !== "GET" && csrfToken ? { ...headers, "X-CSRF-Token": csrfToken } : headers;
}

/** The error that an answer's body tells; also for answers that are not JSON. */
export function problemOf(status: number, text: string): ApiError {
  try {
    const problem = JSON.parse(text) as Partial<Problem>;
    return new ApiError(status, problem.detail ?? problem.title ?? `HTTP ${status}`, problem);
  } catch {
    return new ApiError(status, text.slice(0, 200) || `siftd answered with HTTP ${status}.`);
  }
}

function bodyOf(body: unknown): BodyInit | null {
  if (body === undefined) return null;
  return body instanceof Blob || body instanceof FormData ? body : JSON.stringify(body);
}

async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const isJson = options.body !== undefined && !(options.body instanceof Blob || options.body instanceof FormData);
  const headers = headersFor(method, isJson ? { "Content-Type": "application/json", ...options.headers } : options.headers);
  try {
    return await fetch(BASE + path, {
      method,
      headers,
      body: bodyOf(options.body),
      signal: options.signal ?? null,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "siftd does not answer. It may be restarting, or the network may be down; the page goes on asking.");
  }
}

export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options);
  const text = await response.text();
  if (!response.ok) {
    if (response.status === 401 && !path.startsWith("/auth/")) onSessionLost();
    throw problemOf(response.status, text);
  }
  return (text === "" ? null : JSON.parse(text)) as T;
}

export function urlOf(path: string): string {
  return BASE + path;
}
