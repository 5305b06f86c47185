// A strict ingestion endpoint on a real socket: takes multipart, holds every run against the service's rules, keeps all.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { parseDottedOrder } from "../src/wire/dotted-order.js";
import type { Run } from "../src/wire/run.js";
import { microsOfIso } from "../src/wire/time.js";

/** A run as the receiver holds it: every field is there to look at. */
export type StoredRun = Run & { extra: Run["extra"] };

export interface Operation {
  readonly kind: "post" | "patch";
  readonly id: string;
  readonly run: StoredRun;
}

export interface Receiver {
  readonly url: string;
  /** Every run, its patch laid over its post. */
  readonly runs: Map<string, StoredRun>;
  readonly operations: Operation[];
  /** Rules that were broken: empty in a good test. */
  readonly problems: string[];
  readonly headers: IncomingMessage["headers"][];
  /** Bytes of attachments, as text, by `<run id>.<name>`. */
  readonly attachments: Map<string, { mimeType: string; text: string }>;
  byName(name: string): StoredRun[];
  one(name: string): StoredRun;
  close(): Promise<void>;
}

/** Starts a receiver on a free port of 127.0.0.1. */
export async function startReceiver(): Promise<Receiver> {
  const runs = new Map<string, StoredRun>();
  const operations: Operation[] = [];
  const problems: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const attachments: Receiver["attachments"] = new Map();
  const server = createServer((request, response) => {
    if (request.url === "/info") {
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({
          version: "test",
          batch_ingest_config: { use_multipart_endpoint: true, size_limit: 100, size_limit_bytes: 20_971_520 },
          instance_flags: { gzip_body_enabled: true },
        }),
      );
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      headers.push(request.headers);
      let body = Buffer.concat(chunks);
      if (request.headers["content-encoding"] === "gzip") body = gunzipSync(body);
      for (const operation of readMultipart(body, request.headers["content-type"] ?? "", attachments)) take(operation);
      response.statusCode = 202;
      response.end("{}");
    });
  });

  function take(operation: Operation): void {
    const { kind, id, run } = operation;
    operations.push(operation);
    const before = runs.get(id);
    if (kind === "post" && before) problems.push(`${id} (${run.name}) was posted twice`);
    if (kind === "patch" && !before) problems.push(`${id} (${run.name}) was patched before its post`);
    if (kind === "patch" && before?.end_time) problems.push(`${id} (${run.name}) was patched although complete`);
    const whole = { ...before, ...run };
    problems.push(...problemsOf(whole));
    runs.set(id, whole);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const byName = (name: string) => [...runs.values()].filter((run) => run.name === name);
  return {
    url: `http://127.0.0.1:${port}`,
    runs,
    operations,
    problems,
    headers,
    attachments,
    byName,
    one(name) {
      const [first, ...rest] = byName(name);
      if (!first || rest.length > 0) {
        const names = [...runs.values()].map((run) => run.name);
        throw new Error(`${rest.length + (first ? 1 : 0)} runs are named ${name}, of ${JSON.stringify(names)}`);
      }
      return first;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The rules of the service that a run breaks. */
export function problemsOf(run: Run): string[] {
  const problems: string[] = [];
  const segments = parseDottedOrder(run.dotted_order);
  if (!segments) return [`${run.id}: dotted_order ${run.dotted_order} is malformed`];
  if (segments.at(-1)?.runId !== run.id) problems.push(`${run.id}: the last segment is another run's`);
  if (segments[0]?.runId !== run.trace_id) problems.push(`${run.id}: the first segment is not the trace's root`);
  if (segments.at(-2)?.runId !== run.parent_run_id)
    problems.push(`${run.id}: the parent is not the second last segment`);
  if (microsOfIso(run.start_time) !== segments.at(-1)?.micros)
    problems.push(`${run.id}: start_time is not the segment's`);
  if (!run.name || !run.run_type) problems.push(`${run.id}: no name or run_type`);
  if (!run.session_name && !run.session_id) problems.push(`${run.id}: no project`);
  const end = run.end_time === undefined ? undefined : microsOfIso(run.end_time);
  if (run.end_time !== undefined && (end === undefined || end < (microsOfIso(run.start_time) ?? 0))) {
    problems.push(`${run.id}: ends before it starts`);
  }
  return problems;
}

/** Every parent must have been sent. */
export function orphansOf(runs: Iterable<Run>): string[] {
  const all = [...runs];
  const ids = new Set(all.map((run) => run.id));
  return all.filter((run) => run.parent_run_id !== undefined && !ids.has(run.parent_run_id)).map((run) => run.name);
}

function readMultipart(body: Buffer, contentType: string, attachments: Receiver["attachments"]): Operation[] {
  const boundary = /boundary="?([^";]+)/.exec(contentType)?.[1];
  if (!boundary) throw new Error(`no boundary in ${contentType}`);
  const operations = new Map<string, Operation>();
  let at = body.indexOf(`--${boundary}`);
  while (at >= 0) {
    const headEnd = body.indexOf("\r\n\r\n", at);
    if (headEnd < 0) break;
    const head = body.subarray(at, headEnd).toString();
    const name = /name="([^"]+)"/.exec(head)?.[1];
    const length = Number(/(?:content-length:\s*|length=)(\d+)/i.exec(head)?.[1]);
    if (!name || Number.isNaN(length)) throw new Error(`a part without name or length: ${head}`);
    const data = body.subarray(headEnd + 4, headEnd + 4 + length);
    const [kind, id, field] = name.split(".");
    if (kind === "attachment") {
      const mimeType = /content-type:\s*([^;\r\n]+)/i.exec(head)?.[1] ?? "";
      attachments.set(name.slice("attachment.".length), { mimeType, text: data.toString() });
    }
    if ((kind === "post" || kind === "patch") && id) {
      const key = `${kind}.${id}`;
      if (field === undefined) operations.set(key, { kind, id, run: JSON.parse(data.toString()) });
      else Object.assign(operations.get(key)?.run ?? {}, { [field]: JSON.parse(data.toString()) });
    }
    at = body.indexOf(`--${boundary}`, headEnd + 4 + length);
  }
  return [...operations.values()];
}
