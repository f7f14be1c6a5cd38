// upload.ts - sends a file: small ones in one request, larger ones in parts (tus 1.0) that are tried again
import { addresses, type Scope } from "../api/calls";
import { ApiError, headersFor, problemOf, request } from "../api/client";
import type { Accepted } from "../api/types";

/** below every body limit that is likely; a part that is refused as too large is halved */
export const PART_BYTES = 8 * 1024 * 1024;
const PART_BYTES_MIN = 64 * 1024;
const TRIES = 6;

export interface Progress {
  sent: number;
  total: number;
  /** of the part under way, when it had to be sent again */
  tries: number;
}

interface Job {
  file: File;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function tus(url: string, method: "POST" | "PATCH" | "GET" | "DELETE", headers: Record<string, string>, body: Blob | null, signal?: AbortSignal) {
  let response: Response;
  try {
    response = await fetch(url, { method, body, signal: signal ?? null, headers: headersFor(method, { "Tus-Resumable": "1.0.0", ...headers }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "The connection broke while the file was sent.");
  }
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response;
}

async function offsetOf(url: string, signal: AbortSignal): Promise<number> {
  const response = await tus(url, "GET", {}, null, signal);
  return Number(response.headers.get("Upload-Offset") ?? "0");
}

/** worth another try: nobody answered, siftd is busy, or it stands elsewhere than we thought */
const isPassing = (error: unknown): boolean => error instanceof ApiError && (error.status === 0 || error.status === 409 || error.status === 429 || error.status >= 500);

async function sendParts(url: string, { file, signal, onProgress }: Job): Promise<void> {
  let offset = 0;
  let size = PART_BYTES;
  let tries = 0;
  while (offset < file.size) {
    onProgress({ sent: offset, total: file.size, tries });
    try {
      // after a failure nobody but siftd knows how much of the part it has
      if (tries > 0) offset = await offsetOf(url, signal);
      if (offset >= file.size) break;
      const part = file.slice(offset, offset + size);
      const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) };
      const response = await tus(url, "PATCH", headers, part, signal);
      offset = Number(response.headers.get("Upload-Offset") ?? offset + part.size);
      tries = 0;
    } catch (error) {
      if (error instanceof ApiError && error.status === 413 && size > PART_BYTES_MIN) {
        size /= 2;
        continue;
      }
      if (!isPassing(error) || ++tries > TRIES) throw error;
      await wait(250 * 2 ** tries);
    }
  }
  onProgress({ sent: file.size, total: file.size, tries: 0 });
}

async function sendInParts(project: Scope, ingestion: number, job: Job): Promise<void> {
  const base = addresses.uploads(project, ingestion);
  const made = await tus(base, "POST", { "Upload-Length": String(job.file.size) }, null, job.signal);
  const url = made.headers.get("Location");
  if (url === null) throw new ApiError(made.status, "siftd did not tell where the parts of the file go.");
  try {
    await sendParts(url, job);
  } catch (error) {
    // room on the server is not kept for what nobody will finish
    if (job.signal.aborted) void tus(url, "DELETE", {}, null).catch(() => undefined);
    throw error;
  }
}

async function sendWhole(project: Scope, ingestion: number, { file, signal, onProgress }: Job): Promise<void> {
  onProgress({ sent: 0, total: file.size, tries: 0 });
  const headers = { "Content-Type": "application/octet-stream" };
  await request<Accepted>("POST", `${project}/ingestions/${ingestion}/logs/upload`, { body: file, headers, signal });
  onProgress({ sent: file.size, total: file.size, tries: 0 });
}

export function uploadFile(project: Scope, ingestion: number, job: Job): Promise<void> {
  return job.file.size > PART_BYTES ? sendInParts(project, ingestion, job) : sendWhole(project, ingestion, job);
}

const PREVIEW_LINES = 30;
const PREVIEW_BYTES = 64 * 1024;
const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

export interface Preview {
  lines: string[];
  /** whether there is more behind the lines */
  more: boolean;
  packed: "gzip" | "zstd" | null;
}

export function previewText(text: string): Preview {
  const lines = text.slice(0, PREVIEW_BYTES).split(/\r?\n/, PREVIEW_LINES + 1);
  if (lines.at(-1) === "") lines.pop();
  return { lines: lines.slice(0, PREVIEW_LINES), more: lines.length > PREVIEW_LINES || text.length > PREVIEW_BYTES, packed: null };
}

const beginsWith = (bytes: Uint8Array, magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);

/** The text at the begin of a gzip file; the browser unpacks it, and stops with an error where we cut it. */
async function unpackBegin(file: File): Promise<string> {
  const reader = file.slice(0, PREVIEW_BYTES).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (let step = await reader.read(); !step.done && text.length < PREVIEW_BYTES; step = await reader.read())
      text += decoder.decode(step.value, { stream: true });
  } catch {
    // what came before the cut is the preview
  }
  return text;
}

/** The first lines of a file, which stays where it is. */
export async function previewFile(file: File): Promise<Preview> {
  const begin = new Uint8Array(await file.slice(0, PREVIEW_BYTES).arrayBuffer());
  if (beginsWith(begin, ZSTD)) return { lines: [], more: true, packed: "zstd" };
  if (beginsWith(begin, GZIP)) return { ...previewText(await unpackBegin(file)), packed: "gzip" };
  const preview = previewText(new TextDecoder().decode(begin));
  return { ...preview, more: preview.more || file.size > PREVIEW_BYTES };
}
