// Makes runs for tests and brings them to a server as a client would.
import { randomBytes } from "node:crypto";
import { formatTime } from "../src/time.js";

export type TestRun = Record<string, unknown> & { id: string; trace_id: string; dotted_order: string };

/** A fixed beginning, so that tests name times; microseconds. */
export const T0 = Date.UTC(2026, 0, 15, 12) * 1000;
export const SECOND = 1_000_000;

export function newId(): string {
  const hex = randomBytes(16).toString("hex");
  return `01900000-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

export interface RunOptions {
  readonly parent?: TestRun;
  /** Microseconds after `T0`. */
  readonly at?: number;
  /** Seconds; null leaves the run pending. */
  readonly seconds?: number | null;
  readonly [field: string]: unknown;
}

/** A run in its right place, complete unless `seconds` is null. */
export function makeRun(options: RunOptions = {}): TestRun {
  const { parent, at = 0, seconds = 1, ...fields } = options;
  const id = typeof fields["id"] === "string" ? fields["id"] : newId();
  const start = formatTime(T0 + at);
  const segment = `${start.replace(/[-:.]/g, "")}${id}`;
  return {
    id,
    trace_id: parent?.trace_id ?? id,
    ...(parent ? { parent_run_id: parent.id } : {}),
    dotted_order: parent ? `${parent.dotted_order}.${segment}` : segment,
    name: "run",
    run_type: "chain",
    start_time: start,
    ...(seconds === null ? {} : { end_time: formatTime(T0 + at + Math.round(seconds * SECOND)) }),
    session_name: "tests",
    ...fields,
  };
}

const FIELDS = ["inputs", "outputs", "events", "error", "extra", "serialized"];

/** The multipart parts of operations, by name. */
export function partsOf(operations: { post?: readonly TestRun[]; patch?: readonly TestRun[] }): [string, string][] {
  const parts: [string, string][] = [];
  for (const kind of ["post", "patch"] as const) {
    for (const run of operations[kind] ?? []) {
      const main = Object.fromEntries(Object.entries(run).filter(([key]) => !FIELDS.includes(key)));
      parts.push([`${kind}.${run.id}`, JSON.stringify(main)]);
      for (const field of FIELDS) {
        if (run[field] !== undefined) parts.push([`${kind}.${run.id}.${field}`, JSON.stringify(run[field])]);
      }
    }
  }
  return parts;
}

export const BOUNDARY = "a-boundary";

export function multipart(parts: readonly (readonly [name: string, body: string, headers?: string])[]): {
  body: Buffer;
  headers: Record<string, string>;
} {
  const text = parts.map(([name, body, headers]) => {
    const length = Buffer.byteLength(body);
    const head = headers ?? `Content-Type: application/json; length=${length}`;
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n${head}\r\n\r\n${body}\r\n`;
  });
  return {
    body: Buffer.from(`${text.join("")}--${BOUNDARY}--\r\n`),
    headers: { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` },
  };
}

export async function sendMultipart(
  url: string,
  operations: { post?: readonly TestRun[]; patch?: readonly TestRun[] },
): Promise<Response> {
  return fetch(`${url}/runs/multipart`, { method: "POST", ...multipart(partsOf(operations)) });
}

export async function sendJson(url: string, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(url + path, {
    method,
    headers: { "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Posts runs, a hundred a request, and throws when they are not taken. */
export async function ingest(url: string, runs: readonly TestRun[]): Promise<void> {
  for (let from = 0; from < runs.length; from += 100) {
    const response = await sendMultipart(url, { post: runs.slice(from, from + 100) });
    if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
  }
}

/** The `detail` of an answer. */
export async function detailOf(response: Response): Promise<string> {
  const body: unknown = await response.json();
  return typeof body === "object" && body !== null && "detail" in body ? String(body.detail) : "";
}

export async function readJson(response: Response): Promise<Record<string, unknown>> {
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null) throw new Error(`not an object: ${JSON.stringify(body)}`);
  return { ...body };
}

/** Runs of a query answer. */
export async function query(url: string, body: Record<string, unknown>): Promise<Record<string, unknown>[]> {
  const response = await sendJson(url, "POST", "/runs/query", body);
  const answer = await readJson(response);
  if (response.status !== 200 || !Array.isArray(answer["runs"])) {
    throw new Error(`${response.status}: ${JSON.stringify(answer)}`);
  }
  return answer["runs"];
}

export async function namesOf(url: string, body: Record<string, unknown>): Promise<string[]> {
  return (await query(url, body)).map((run) => String(run["name"])).sort();
}
