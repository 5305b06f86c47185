// A LangSmith that misbehaves on order: real sockets, the service's own answers, and a ledger of what it took.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as zlib from "node:zlib";
import { gunzipSync } from "node:zlib";
import { checkRun } from "../../src/delivery/check.js";
import type { Run } from "../../src/wire/run.js";

/** What to do with one ingestion request. `take` does as the service does. */
export type Behaviour =
  | { do: "take" }
  | { do: "answer"; status: number; headers?: Record<string, string>; body?: string }
  | { do: "reset_before" }
  | { do: "reset_middle" }
  | { do: "reset_after" }
  | { do: "take_then_answer"; status: number }
  | { do: "hang"; millis?: number };

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly at: number;
  /** Digest of the raw body. */
  readonly digest: string;
  /** `verb.id` of each operation. */
  readonly operations: readonly string[];
  status: number | undefined;
}

export interface StoredRun {
  fields: Record<string, unknown>;
  post: string | undefined;
  patch: string | undefined;
  attachments: Record<string, { type: string; data: Buffer }>;
}

export interface MisbehavingServer {
  readonly url: string;
  readonly port: number;
  /** Decides for each ingestion request, in the order in which they come; default `take`. */
  behave: (request: SeenRequest, index: number) => Behaviour;
  /** The answer of `/info`; a function may answer as it likes. */
  info: unknown | ((response: ServerResponse) => void);
  /** 413 beyond this many uncompressed bytes. */
  maxBytes: number;
  readonly runs: Map<string, StoredRun>;
  readonly requests: SeenRequest[];
  /** Operations that came again, and those of them that came with other bytes. */
  repeated: number;
  changed: number;
  /** Operations answered with 202. */
  accepted: number;
  /** Why runs were refused. */
  readonly refusals: string[];
  infoRequests: number;
  /** Stops listening and breaks every connection; `start` listens on the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export const GENEROUS_INFO = {
  version: "0.0.0",
  batch_ingest_config: { use_multipart_endpoint: true, size_limit: 100, size_limit_bytes: 20_971_520 },
  instance_flags: { gzip_body_enabled: true, zstd_compression_enabled: "zstdCompress" in zlib },
};

export async function startMisbehavingServer(): Promise<MisbehavingServer> {
  let port = 0;
  let ingested = 0;
  const state: MisbehavingServer = {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    get port() {
      return port;
    },
    behave: () => ({ do: "take" }),
    info: GENEROUS_INFO,
    maxBytes: 20_971_520,
    runs: new Map(),
    requests: [],
    repeated: 0,
    changed: 0,
    accepted: 0,
    refusals: [],
    infoRequests: 0,
    stop,
    start,
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });

  async function start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => resolve());
    });
    port = (server.address() as AddressInfo).port;
  }

  async function stop(): Promise<void> {
    if (!server.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    if (path === "/info") {
      state.infoRequests += 1;
      if (typeof state.info === "function") state.info(response);
      else answer(response, 200, state.info);
      return;
    }
    if (request.method === "GET") {
      const [, id] = /^\/runs\/([0-9a-f-]{36})$/.exec(path) ?? [];
      if (path.startsWith("/sessions")) answer(response, 200, []);
      else answer(response, id !== undefined && !state.runs.has(id) ? 404 : 200, { id });
      return;
    }
    const seen = { path, headers: request.headers, at: performance.now() };
    // A body's beginning is enough to reset in the middle of it; the decision needs no more than the order of arrival.
    const early = peek();
    if (early.do === "reset_before") {
      ingested += 1;
      state.requests.push({ ...seen, digest: "", operations: [], status: undefined });
      request.socket.resetAndDestroy();
      return;
    }
    if (early.do === "reset_middle") {
      ingested += 1;
      state.requests.push({ ...seen, digest: "", operations: [], status: undefined });
      request.once("data", () => request.socket.resetAndDestroy());
      return;
    }
    const raw = await readAll(request);
    const body = decode(raw, request.headers["content-encoding"]);
    const operations =
      path === "/runs/batch" ? readBatch(body) : readMultipart(body, request.headers["content-type"] ?? "");
    const entry: SeenRequest = {
      ...seen,
      digest: sha(raw),
      operations: operations.map((operation) => operation.key),
      status: undefined,
    };
    state.requests.push(entry);
    const behaviour = state.behave(entry, ingested);
    ingested += 1;
    const respond = (status: number, headers: Record<string, string> = {}, text?: string) => {
      entry.status = status;
      answer(response, status, text ?? { status }, headers);
    };
    switch (behaviour.do) {
      case "answer":
        return respond(behaviour.status, behaviour.headers, behaviour.body);
      case "reset_after":
        ingest(operations, body.byteLength);
        request.socket.resetAndDestroy();
        return;
      case "take_then_answer":
        ingest(operations, body.byteLength);
        return respond(behaviour.status);
      case "hang":
        if (behaviour.millis === undefined) return;
        await new Promise((resolve) => setTimeout(resolve, behaviour.millis));
        break;
      default:
    }
    const status = ingest(operations, body.byteLength);
    if (status === 202) state.accepted += operations.length;
    respond(status);
  }

  /** What will be done with the next request, where it does not depend on what the request says. */
  function peek(): Behaviour {
    return state.behave(
      { path: "", headers: {}, at: performance.now(), digest: "", operations: [], status: undefined },
      ingested,
    );
  }

  /** As the service: all or nothing, each post and each patch of a run once. */
  function ingest(operations: Received[], bytes: number): number {
    if (bytes > state.maxBytes) return 413;
    for (const operation of operations) {
      const problem = operation.verb === "post" ? checkRun(operation.run) : undefined;
      if (problem !== undefined) state.refusals.push(problem);
      if (problem !== undefined || operation.run.name?.startsWith("bad ")) return 400;
    }
    let isRepeat = false;
    for (const operation of operations) {
      const known = state.runs.get(operation.run.id);
      const before = known?.[operation.verb];
      const isTaken = before !== undefined || (operation.verb === "patch" && known?.fields["posted_complete"] === true);
      if (!isTaken) continue;
      isRepeat = true;
      state.repeated += 1;
      if (before !== operation.digest) state.changed += 1;
    }
    if (isRepeat) return 409;
    for (const operation of operations) store(operation);
    return 202;
  }

  function store({ verb, run, digest, attachments }: Received): void {
    const known = state.runs.get(run.id) ?? { fields: {}, post: undefined, patch: undefined, attachments: {} };
    Object.assign(known.fields, run);
    if (verb === "post" && run.end_time !== undefined) known.fields["posted_complete"] = true;
    known[verb] = digest;
    Object.assign(known.attachments, attachments);
    state.runs.set(run.id, known);
  }

  await start();
  return state;
}

interface Received {
  key: string;
  verb: "post" | "patch";
  run: Run;
  digest: string;
  attachments: StoredRun["attachments"];
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(text);
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

function decode(raw: Buffer, encoding: string | undefined): Buffer {
  if (encoding === "gzip") return gunzipSync(raw);
  if (encoding === "zstd") {
    const decompress: unknown = Reflect.get(zlib, "zstdDecompressSync");
    if (typeof decompress === "function") return decompress(raw);
    throw new Error("this Node has no zstd");
  }
  return raw;
}

function sha(data: Uint8Array): string {
  return createHash("sha1").update(data).digest("hex");
}

function readBatch(body: Buffer): Received[] {
  const parsed: { post?: Run[]; patch?: Run[] } = JSON.parse(body.toString("utf8"));
  const read = (verb: "post" | "patch", runs: Run[] = []) =>
    runs.map((run) => ({
      key: `${verb}.${run.id}`,
      verb,
      run,
      digest: sha(Buffer.from(JSON.stringify(sorted(run)))),
      attachments: {},
    }));
  return [...read("post", parsed.post), ...read("patch", parsed.patch)];
}

function sorted(run: Run): unknown {
  return Object.fromEntries(Object.entries(run).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface Part {
  readonly name: string;
  readonly type: string;
  readonly data: Buffer;
}

/** Reads a multipart body by its parts' own lengths, as the service does; throws when a length does not fit. */
export function readParts(body: Buffer, contentType: string): Part[] {
  const boundary = /boundary=([^;]+)/.exec(contentType)?.[1];
  if (!boundary) throw new Error("no boundary");
  const parts: Part[] = [];
  let at = 0;
  const expectText = (text: string) => {
    if (body.toString("latin1", at, at + text.length) !== text)
      throw new Error(`expected ${JSON.stringify(text)} at ${at}`);
    at += text.length;
  };
  for (;;) {
    expectText(`--${boundary}`);
    if (body.toString("latin1", at, at + 2) === "--") return parts;
    expectText("\r\n");
    const end = body.indexOf("\r\n\r\n", at);
    const header = body.toString("utf8", at, end);
    const name = /name="([^"]+)"/.exec(header)?.[1];
    const length = /content-length: (\d+)/i.exec(header)?.[1];
    const type = /content-type: ([^\r\n]+)/i.exec(header)?.[1] ?? "";
    if (!name || length === undefined) throw new Error(`a part without name or length: ${header}`);
    at = end + 4;
    parts.push({ name, type, data: body.subarray(at, at + Number(length)) });
    at += Number(length);
    expectText("\r\n");
  }
}

function readMultipart(body: Buffer, contentType: string): Received[] {
  const received = new Map<string, Received>();
  const digests = new Map<string, ReturnType<typeof createHash>>();
  const attachments: Part[] = [];
  for (const part of readParts(body, contentType)) {
    const [verb = "", id = "", field] = part.name.split(".");
    if (verb === "attachment") {
      attachments.push(part);
      continue;
    }
    if (verb !== "post" && verb !== "patch") throw new Error(`unknown part ${part.name}`);
    const key = `${verb}.${id}`;
    const digest = digests.get(key) ?? createHash("sha1");
    digests.set(key, digest.update(part.name).update(part.data));
    const value: unknown = JSON.parse(part.data.toString("utf8"));
    const known = received.get(key);
    if (field === undefined) {
      received.set(key, { key, verb, run: value as Run, digest: "", attachments: {} });
    } else if (known) {
      Reflect.set(known.run, field, value);
    } else {
      throw new Error(`${part.name} came before its run`);
    }
  }
  for (const part of attachments) {
    const [, id = "", name = ""] = part.name.split(".");
    const owner = received.get(`post.${id}`) ?? received.get(`patch.${id}`);
    if (!owner) throw new Error(`${part.name} has no run`);
    owner.attachments[name] = { type: part.type, data: part.data };
  }
  for (const [key, operation] of received) operation.digest = digests.get(key)?.digest("hex") ?? "";
  return [...received.values()];
}
