// Ingestion over the wire: what is taken, what is refused, and that a refused request leaves nothing behind.
import { connect } from "node:net";
import zlib, { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CAN_DECODE_ZSTD } from "../../src/http/body.js";
import { type LocalServer, startLocalServer } from "../../src/index.js";
import {
  detailOf,
  makeRun,
  multipart,
  newId,
  partsOf,
  query,
  readJson,
  SECOND,
  sendJson,
  sendMultipart,
} from "../support.js";

let server: LocalServer;
let url: string;

beforeAll(async () => {
  server = await startLocalServer({ maxRunsPerTrace: 5 });
  url = server.url;
});
afterAll(() => server.close());

async function isStored(id: string): Promise<boolean> {
  return (await fetch(`${url}/runs/${id}`)).status === 200;
}

test("/info says what ingestion takes", async () => {
  const info = await readJson(await fetch(`${url}/info`));
  expect(info).toMatchObject({
    batch_ingest_config: { use_multipart_endpoint: true, size_limit: 100, size_limit_bytes: 20_971_520 },
    instance_flags: { gzip_body_enabled: true, zstd_compression_enabled: CAN_DECODE_ZSTD },
  });
  expect(await readJson(await fetch(`${url}/api/v1/info`))).toEqual(info);
});

test.each(["/runs/multipart", "/api/v1/runs/multipart"])("%s takes a run with all its fields", async (path) => {
  const run = makeRun({
    inputs: { a: 1 },
    outputs: { b: [2] },
    error: "it broke",
    events: [{ name: "new_token", time: "2026-01-15T12:00:00.5Z" }],
    extra: { metadata: { k: "v" } },
    serialized: { lc: 1 },
    tags: ["t"],
  });
  const response = await fetch(url + path, { method: "POST", ...multipart(partsOf({ post: [run] })) });
  expect(response.status).toBe(202);
  const { inputs, outputs, error, events, extra, serialized, tags, name, start_time, end_time, dotted_order } = run;
  expect(await readJson(await fetch(`${url}/runs/${run.id}`))).toMatchObject({
    inputs,
    outputs,
    error,
    events,
    extra,
    serialized,
    tags,
    name,
    start_time,
    end_time,
    dotted_order,
    status: "error",
    first_token_time: "2026-01-15T12:00:00.500000Z",
    app_path: `/traces/${run.id}`,
  });
});

test("a length may stand in a header of its own", async () => {
  const run = makeRun();
  const parts = partsOf({ post: [run] }).map(
    ([name, body]) =>
      [name, body, `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`] as const,
  );
  expect((await fetch(`${url}/runs/multipart`, { method: "POST", ...multipart(parts) })).status).toBe(202);
});

const { body: someBody, headers: someHeaders } = multipart(partsOf({ post: [makeRun()] }));
test.each([
  ["no boundary", { body: someBody, headers: { "Content-Type": "multipart/form-data" } }, 422],
  ["another boundary", { body: someBody, headers: { "Content-Type": "multipart/form-data; boundary=other" } }, 422],
  ["a cut body", { body: someBody.subarray(0, -30), headers: someHeaders }, 422],
  ["not JSON", multipart([[`post.${newId()}`, "{"]]), 422],
  ["a part without a type", multipart([[`post.${newId()}`, "{}", "X-A: b"]]), 422],
  ["a part without a length", multipart([[`post.${newId()}`, "{}", "Content-Type: application/json"]]), 422],
  ["a wrong length", multipart([[`post.${newId()}`, "{}", "Content-Type: application/json; length=3"]]), 422],
  [
    "an encoded part",
    multipart([[`post.${newId()}`, "{}", "Content-Type: application/json; length=2\r\nContent-Encoding: gzip"]]),
    422,
  ],
  ["an unknown part", multipart([[`put.${newId()}`, "{}"]]), 422],
  ["a name without an id", multipart([["post", "{}"]]), 422],
  ["a field that does not travel alone", multipart([[`post.${newId()}.name`, '"x"']]), 422],
  ["fields without their run", multipart([[`post.${newId()}.inputs`, "{}"]]), 422],
  ["an attachment with a dot", multipart([[`attachment.${newId()}.a.png`, "x"]]), 422],
  ["gzip that is none", { body: someBody, headers: { ...someHeaders, "Content-Encoding": "gzip" } }, 400],
  ["an unknown encoding", { body: someBody, headers: { ...someHeaders, "Content-Encoding": "br" } }, 415],
])("a malformed request is refused: %s", async (_name, init, status) => {
  const response = await fetch(`${url}/runs/multipart`, { method: "POST", ...init });
  expect([response.status, await detailOf(response)]).toEqual([status, expect.stringMatching(/\S/)]);
});

const zstd: unknown = Reflect.get(zlib, "zstdCompressSync");

test.skipIf(!CAN_DECODE_ZSTD)("a body may come as zstd where the runtime has it", async () => {
  if (typeof zstd !== "function") throw new Error("this runtime decodes zstd, but does not encode it");
  expect(await statusOfEncoded("zstd", (body) => zstd(body))).toBe(202);
});

test("a body may come as gzip", async () => {
  expect(await statusOfEncoded("gzip", gzipSync)).toBe(202);
});

test.skipIf(CAN_DECODE_ZSTD)("zstd is refused where the runtime does not have it", async () => {
  expect(await statusOfEncoded("zstd", (body) => body)).toBe(415);
});

async function statusOfEncoded(encoding: string, compress: (body: Buffer) => Buffer): Promise<number> {
  const run = makeRun();
  const { body, headers } = multipart(partsOf({ post: [run] }));
  const response = await fetch(`${url}/runs/multipart`, {
    method: "POST",
    headers: { ...headers, "Content-Encoding": encoding },
    body: compress(body),
  });
  expect(await isStored(run.id)).toBe(response.status === 202);
  return response.status;
}

test("a small body that unpacks to a large one is 413", async () => {
  const bomb = gzipSync(Buffer.alloc(60 * 1024 * 1024, 32));
  expect(bomb.length).toBeLessThan(100_000);
  const response = await fetch(`${url}/runs/multipart`, {
    method: "POST",
    headers: { "Content-Type": "multipart/form-data; boundary=x", "Content-Encoding": "gzip" },
    body: bomb,
  });
  expect(response.status).toBe(413);
});

test("a body beyond the limit is 413, announced or not", async () => {
  const small = await startLocalServer({ maxBodyBytes: 10_000 });
  const json = JSON.stringify(makeRun({ inputs: { text: "x".repeat(20_000) } }));
  const headers = { "Content-Type": "application/json" };
  const announced = await fetch(`${small.url}/runs`, { method: "POST", headers, body: json });
  const stream = new Blob([json]).stream();
  const streamed = await fetch(`${small.url}/runs`, {
    method: "POST",
    headers,
    body: stream,
    duplex: "half",
  } as RequestInit);
  expect([announced.status, streamed.status]).toEqual([413, 413]);
  await small.close();
});

test("a run in a wrong place costs the whole request", async () => {
  const good = makeRun();
  const bad = { ...makeRun(), trace_id: newId() };
  const response = await sendMultipart(url, { post: [good, bad] });
  expect(response.status).toBe(400);
  expect(await detailOf(response)).toContain(bad.id);
  expect(await isStored(good.id)).toBe(false);
});

test("too many operations, and a full trace, are 422", async () => {
  // The hint in /info is a hint: what is more is taken, up to a bound of the server's own.
  expect((await sendMultipart(url, { post: Array.from({ length: 150 }, () => makeRun()) })).status).toBe(202);
  const many = Array.from({ length: 5_001 }, () => makeRun());
  const tooMany = await sendJson(url, "POST", "/runs/batch", { post: many });
  expect([tooMany.status, await detailOf(tooMany)]).toEqual([422, expect.stringContaining("at most 5000")]);
  const root = makeRun();
  const children = Array.from({ length: 5 }, () => makeRun({ parent: root }));
  const response = await sendMultipart(url, { post: [root, ...children] });
  expect([response.status, await detailOf(response)]).toEqual([422, expect.stringContaining("at most 5 runs")]);
  expect((await sendMultipart(url, { post: [root, ...children.slice(1)] })).status).toBe(202);
});

test("each of post and patch is taken once", async () => {
  const pending = makeRun({ seconds: null, inputs: { q: 1 } });
  const ended = { ...makeRun({ id: pending.id, outputs: { a: 2 } }) };
  const fresh = makeRun();
  expect((await sendMultipart(url, { post: [pending] })).status).toBe(202);
  expect((await sendMultipart(url, { post: [fresh, pending] })).status).toBe(409);
  expect(await isStored(fresh.id)).toBe(false);
  expect((await sendMultipart(url, { patch: [ended] })).status).toBe(202);
  expect((await sendMultipart(url, { patch: [ended] })).status).toBe(409);
  expect(await readJson(await fetch(`${url}/runs/${pending.id}`))).toMatchObject({
    inputs: { q: 1 },
    outputs: { a: 2 },
    status: "success",
  });
  const complete = makeRun();
  expect((await sendMultipart(url, { post: [complete] })).status).toBe(202);
  expect((await sendMultipart(url, { patch: [complete] })).status).toBe(409);
});

test("posts and patches of one request are taken in their order, each once", async () => {
  const usage_metadata = { input_tokens: 1, output_tokens: 2, total_tokens: 3 };
  const root = makeRun({ seconds: null, inputs: { q: 1 } });
  const child = makeRun({ parent: root, run_type: "llm", outputs: { usage_metadata } });
  const early = makeRun({ parent: child, run_type: "llm", outputs: { usage_metadata } });
  const ended = makeRun({ id: root.id, outputs: { a: 2 } });
  // Those of the multipart body: posts first. The child of a child comes before it, and its grandparent is patched.
  expect((await sendMultipart(url, { post: [early, root], patch: [ended] })).status).toBe(202);
  expect((await sendMultipart(url, { post: [child] })).status).toBe(202);
  expect(await readJson(await fetch(`${url}/runs/${root.id}`))).toMatchObject({
    inputs: { q: 1 },
    outputs: { a: 2 },
    total_tokens: 6,
  });
  expect(await readJson(await fetch(`${url}/runs/${child.id}`))).toMatchObject({ total_tokens: 6 });

  const [pending, complete] = [makeRun({ seconds: null }), makeRun()];
  const twice = { post: [pending, complete, { ...pending, id: pending.id.toUpperCase() }], patch: [] };
  const response = await sendJson(url, "POST", "/runs/batch", twice);
  expect([response.status, await detailOf(response)]).toEqual([409, expect.stringContaining("post of run")]);
  expect([await isStored(pending.id), await isStored(complete.id)]).toEqual([false, false]);
});

test("a patch replaces the fields it carries, and no others", async () => {
  const pending = makeRun({ seconds: null, inputs: { q: 1 }, tags: ["a"], extra: { metadata: { x: 1 } } });
  await sendMultipart(url, { post: [pending] });
  const { inputs, tags, ...rest } = pending;
  const patch = { ...rest, end_time: "2026-01-15T12:00:09Z", extra: { metadata: { y: 2 } }, error: "late" };
  expect((await sendMultipart(url, { patch: [patch] })).status).toBe(202);
  expect(await readJson(await fetch(`${url}/runs/${pending.id}`))).toMatchObject({
    inputs,
    tags,
    extra: { metadata: { y: 2 } },
    status: "error",
    error: "late",
  });
  expect(await query(url, { filter: `and(eq(metadata_key, "x"), eq(id, "${pending.id}"))` })).toEqual([]);
  expect(
    await query(url, { filter: `and(eq(metadata_key, "y"), search("late"), eq(id, "${pending.id}"))` }),
  ).toHaveLength(1);
});

test("a patch cannot move a run", async () => {
  const [root, other] = [makeRun(), makeRun()];
  const pending = makeRun({ parent: root, seconds: null });
  await sendMultipart(url, { post: [root, other, pending] });
  const moved = makeRun({ parent: other, id: pending.id });
  expect((await sendMultipart(url, { patch: [moved] })).status).toBe(400);
});

test("a patch that comes before its post is kept, and the post fills in the rest", async () => {
  const posted = makeRun({ seconds: null, inputs: { q: 1 } });
  const patched = makeRun({ id: posted.id, outputs: { a: 2 } });
  expect((await sendMultipart(url, { patch: [patched] })).status).toBe(202);
  expect((await sendMultipart(url, { post: [posted] })).status).toBe(202);
  expect(await readJson(await fetch(`${url}/runs/${posted.id}`))).toMatchObject({
    inputs: { q: 1 },
    outputs: { a: 2 },
    status: "success",
  });
});

test("/runs/batch, /runs and /runs/:id take JSON", async () => {
  const [one, two] = [makeRun({ seconds: null }), makeRun()];
  expect((await sendJson(url, "POST", "/runs/batch", { post: [one, two], patch: [] })).status).toBe(202);
  expect((await sendJson(url, "PATCH", `/runs/${one.id}`, { end_time: "2026-01-15T12:00:03Z" })).status).toBe(202);
  expect((await sendJson(url, "PATCH", `/runs/${one.id}`, { end_time: "2026-01-15T12:00:03Z" })).status).toBe(409);
  expect((await sendJson(url, "PATCH", `/runs/${newId()}`, { end_time: "2026-01-15T12:00:03Z" })).status).toBe(404);
  const three = makeRun({ at: SECOND });
  expect((await sendJson(url, "POST", "/api/v1/runs", three)).status).toBe(202);
  const { trace_id, dotted_order, ...placeless } = makeRun({ at: 123_456 });
  expect((await sendJson(url, "POST", "/runs", placeless)).status).toBe(202);
  expect(await readJson(await fetch(`${url}/runs/${placeless.id}`))).toMatchObject({ trace_id, dotted_order });
});

test("unknown routes and runs are 404, wrong ids 422", async () => {
  expect((await fetch(`${url}/nowhere`)).status).toBe(404);
  expect((await fetch(`${url}/runs/${newId()}`)).status).toBe(404);
  expect((await fetch(`${url}/runs/seven`)).status).toBe(422);
});

/** A GET with a Host header of one's own, which `fetch` does not let one set. */
function statusWithHost(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1", () => {
      socket.write(`GET /info HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
    socket.once("data", (data) => resolve(Number(/^HTTP\/1.1 (\d+)/.exec(String(data))?.[1])));
    socket.once("error", reject);
  });
}

test.each([
  ["127.0.0.1", 200],
  ["localhost:4319", 200],
  ["[::1]:4319", 200],
  ["evil.example", 403],
  ["127.0.0.1.evil.example", 403],
  ["localhost.evil.example:80", 403],
])("Host %s answers %i", async (host, status) => {
  expect(await statusWithHost(host)).toBe(status);
});

test("a page of another site cannot write", async () => {
  const init = { method: "POST", body: JSON.stringify(makeRun()) };
  expect((await fetch(`${url}/runs`, { ...init, headers: { Origin: "https://evil.example" } })).status).toBe(403);
  expect((await fetch(`${url}/runs`, { ...init, headers: { Origin: url } })).status).toBe(202);
});
