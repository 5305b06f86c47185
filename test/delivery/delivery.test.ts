// Delivery as a whole, over real sockets, against a service that does as it is told.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../src/delivery/index.js";
import type { Loss } from "../../src/delivery/operation.js";
import { GENEROUS_INFO, type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { newRun, pendingOf } from "./runs.js";

let server: MisbehavingServer;
const open: Delivery[] = [];
let losses: Loss[];

beforeEach(async () => {
  server = await startMisbehavingServer();
  losses = [];
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
  await server.stop();
});

function deliver(options: Partial<DeliveryOptions> = {}): Delivery {
  const delivery = createDelivery({
    apiUrl: server.url,
    apiKey: "a-key",
    batchDelayMillis: 20,
    retry: { initialDelayMillis: 5, maxDelayMillis: 20 },
    onError: (loss) => losses.push(loss),
    ...options,
  });
  open.push(delivery);
  return delivery;
}

/** Resolves when the condition holds; the server's events drive it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe("sending", () => {
  it("sends complete runs in one multipart request, with key and workspace, compressed as /info allows", async () => {
    const delivery = deliver({ workspaceId: "a-workspace" });
    const runs = Array.from({ length: 50 }, () => newRun());
    for (const run of runs) expect(delivery.send({ kind: "post", run })).toBe(true);
    await delivery.flush(5_000);
    expect(server.runs.size).toBe(50);
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    expect(request?.path).toBe("/runs/multipart");
    expect(request?.headers["x-api-key"]).toBe("a-key");
    expect(request?.headers["x-tenant-id"]).toBe("a-workspace");
    expect(request?.headers["content-encoding"]).toMatch(/gzip|zstd/);
    for (const run of runs) expect(server.runs.get(run.id)?.fields).toMatchObject(run);
    expect(delivery.stats()).toMatchObject({ sent: 50, queued: 0, queuedBytes: 0, inFlight: 0, lost: {} });
  });

  it("keeps to the server's size_limit, and to size_limit_bytes", async () => {
    server.info = { ...GENEROUS_INFO, batch_ingest_config: { size_limit: 7, size_limit_bytes: 100_000 } };
    const delivery = deliver();
    for (let i = 0; i < 30; i += 1)
      delivery.send({ kind: "post", run: newRun({ inputs: { text: "x".repeat(20_000) } }) });
    await delivery.flush(5_000);
    expect(server.runs.size).toBe(30);
    for (const request of server.requests) expect(request.operations.length).toBeLessThanOrEqual(4);
  });

  it("uses /runs/batch when /info switches multipart off, and when multipart is answered with 404", async () => {
    server.behave = (request) => (request.path === "/runs/multipart" ? { do: "answer", status: 404 } : { do: "take" });
    const delivery = deliver();
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(5_000);
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(5_000);
    expect(server.requests.map((request) => request.path)).toEqual(["/runs/multipart", "/runs/batch", "/runs/batch"]);
    server.info = { ...GENEROUS_INFO, batch_ingest_config: { use_multipart_endpoint: false } };
    const second = deliver();
    second.send({ kind: "post", run: newRun() });
    await second.flush(5_000);
    expect(server.requests.at(-1)?.path).toBe("/runs/batch");
    expect(server.runs.size).toBe(3);
  });
});

describe("attachments", () => {
  for (const [how, prepare] of Object.entries({
    "answers multipart with 404": () => {
      server.behave = ({ path }) => (path === "/runs/multipart" ? { do: "answer", status: 404 } : { do: "take" });
    },
    "switches multipart off in /info": () => {
      server.info = { ...GENEROUS_INFO, batch_ingest_config: { use_multipart_endpoint: false } };
    },
  })) {
    it(`are counted and said where a server ${how}: their runs arrive without them`, async () => {
      prepare();
      const delivery = deliver();
      const file = { mimeType: "text/plain", data: new TextEncoder().encode("hello") };
      const run = newRun({ attachments: { first: file, second: file } });
      delivery.send({ kind: "post", run });
      delivery.send({ kind: "post", run: newRun() });
      await delivery.flush(5_000);
      delivery.send({ kind: "post", run: newRun({ attachments: { third: file } }) });
      await delivery.flush(5_000);
      expect(server.runs.size).toBe(3);
      expect(delivery.stats()).toMatchObject({ sent: 3, lostAttachments: 3, lost: {} });
      expect(losses).toEqual([
        expect.objectContaining({ cause: "no_multipart", runs: 0, attachments: 2, runId: run.id }),
        expect.objectContaining({ cause: "no_multipart", runs: 0, attachments: 1 }),
      ]);
    });
  }
});

describe("a post and its end", () => {
  it("merges them into one complete post while the pending post was never written", async () => {
    const delivery = deliver({ batchDelayMillis: 60_000 });
    const run = newRun();
    delivery.send({ kind: "post", run: pendingOf(run) });
    delivery.send({ kind: "end", run });
    await delivery.flush(5_000);
    expect(server.requests.flatMap((request) => request.operations)).toEqual([`post.${run.id}`]);
    expect(server.runs.get(run.id)?.fields["end_time"]).toBe(run.end_time);
  });

  it("sends the patch only after the post was answered, without inputs that the post had", async () => {
    const delivery = deliver({ batchDelayMillis: 0, compression: "none" });
    server.behave = (_, index) => (index === 0 ? { do: "hang", millis: 100 } : { do: "take" });
    const run = newRun();
    delivery.send({ kind: "post", run: pendingOf(run) });
    await until(() => delivery.stats().inFlight === 1);
    delivery.send({ kind: "end", run });
    await delivery.flush(5_000);
    expect(server.requests.map((request) => request.operations)).toEqual([[`post.${run.id}`], [`patch.${run.id}`]]);
    expect(server.runs.get(run.id)?.fields).toMatchObject({ inputs: run.inputs, outputs: run.outputs });
  });

  it("replaces a pending post that was refused with a complete post", async () => {
    let refusals = 0;
    server.behave = (request) => {
      if (request.operations.length > 0 && refusals === 0) {
        refusals += 1;
        return { do: "answer", status: 400 };
      }
      return { do: "take" };
    };
    const delivery = deliver({ compression: "none" });
    const run = newRun();
    delivery.send({ kind: "post", run: pendingOf(run) });
    await delivery.flush(5_000);
    expect(delivery.stats().lost).toEqual({ refused: 1 });
    delivery.send({ kind: "end", run });
    await delivery.flush(5_000);
    expect(server.requests.at(-1)?.operations).toEqual([`post.${run.id}`]);
  });
});

describe("trouble", () => {
  it.each(["reset_before", "reset_middle", "reset_after"] as const)(
    "repeats the same bytes after %s, and stores each run once",
    async (trouble) => {
      server.behave = (_, index) => (index < 2 ? { do: trouble } : { do: "take" });
      const delivery = deliver();
      for (let i = 0; i < 100; i += 1) delivery.send({ kind: "post", run: newRun() });
      await delivery.flush(10_000);
      expect(server.runs.size).toBe(100);
      expect(server.changed).toBe(0);
      expect(delivery.stats()).toMatchObject({ sent: 100, lost: {} });
      expect(new Set(server.requests.map((request) => request.digest).filter((digest) => digest !== "")).size).toBe(1);
    },
  );

  it("splits a refused request until the bad run stands alone, and loses only that one", async () => {
    const delivery = deliver();
    const bad = newRun({ name: "bad run" });
    for (let i = 0; i < 99; i += 1) {
      if (i === 40) delivery.send({ kind: "post", run: bad });
      delivery.send({ kind: "post", run: newRun() });
    }
    await delivery.flush(5_000);
    expect(server.runs.size).toBe(99);
    expect(losses).toEqual([expect.objectContaining({ cause: "refused", runs: 1, runId: bad.id })]);
  });

  it("refuses a run that breaks the service's rules before it is queued", async () => {
    const delivery = deliver();
    const run = newRun();
    expect(delivery.send({ kind: "post", run: { ...run, trace_id: newRun().id } })).toBe(false);
    expect(delivery.stats().lost).toEqual({ invalid: 1 });
    await delivery.flush(1_000);
    expect(server.requests).toHaveLength(0);
  });
});
