// With the real `langsmith` package at the other end of a real socket, both ways.
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { context, defaultTextMapGetter, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { Client } from "langsmith";
import { RunTree } from "langsmith/run_trees";
import { traceable } from "langsmith/traceable";
import { type LocalServer, startLocalServer } from "otel-langsmith-local";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tracingContext } from "../../src/propagation/index.js";
import { startBridge, type TestBridge } from "../processor/bridge.js";
import { allThree, injected } from "../propagation/headers.js";
import { draw, readRuns, readTrees } from "./trees.js";

let local: LocalServer;
let bridge: TestBridge;
let native: Client;
const servers: Server[] = [];

beforeEach(async () => {
  local = await startLocalServer();
  bridge = await startBridge({ apiUrl: local.url, projectName: "interop" });
  propagation.setGlobalPropagator(allThree());
  native = new Client({ apiUrl: local.url, apiKey: "local" });
  process.env.LANGSMITH_TRACING = "true";
});
afterEach(async () => {
  delete process.env.LANGSMITH_TRACING;
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  await bridge.processor.shutdown();
  await local.close();
});

/** A server that does something with each request's headers. */
async function serve(handle: (headers: IncomingHttpHeaders) => Promise<unknown>): Promise<string> {
  const server = createServer((request, response) => {
    handle(request.headers).then(
      () => response.end("ok"),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      },
    );
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function settle(): Promise<void> {
  await native.awaitPendingTraceBatches();
  await bridge.processor.forceFlush();
}

describe("the langsmith package", () => {
  it("nests its RunTree.fromHeaders under our headers, in our project, with our thread", async () => {
    const address = await serve(async (headers) => {
      const parent = RunTree.fromHeaders(headers as Record<string, string>, { client: native });
      const child = parent?.createChild({ name: "theirs" });
      await child?.postRun();
      await child?.end({ ok: true });
      await child?.patchRun();
    });
    await tracingContext({ threadId: "t-7" }, () =>
      bridge.genai.startActiveSpan("ours", async (span) => {
        expect(await (await fetch(address, { headers: injected(allThree()) })).text()).toBe("ok");
        span.end();
      }),
    );
    await settle();
    const runs = await readRuns(local.url, "interop");
    expect(draw(runs)).toEqual(["ours(theirs)"]);
    expect(runs.map((run) => run.extra?.metadata?.thread_id)).toEqual(["t-7", "t-7"]);
  });

  it("has our spans nest under its toHeaders(), in its project, with its thread", async () => {
    propagation.disable();
    propagation.setGlobalPropagator(allThree({ inbound: { project: ["theirs"] } }));
    const address = await serve(async (headers) => {
      const inner = propagation.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
      context.with(inner, () => bridge.tracer.startActiveSpan("ours", (span) => span.end()));
    });
    const call = traceable(
      async () => {
        const { getCurrentRunTree } = await import("langsmith/traceable");
        return (await fetch(address, { headers: { ...getCurrentRunTree().toHeaders() } })).text();
      },
      {
        name: "theirs",
        project_name: "theirs",
        client: native,
        metadata: { thread_id: "t-8", secret: "x" },
        tags: ["a"],
      },
    );
    expect(await call()).toBe("ok");
    await settle();
    const runs = await readRuns(local.url, "theirs");
    expect(draw(runs)).toEqual(["theirs(ours)"]);
    expect(runs[1]?.extra?.metadata).toMatchObject({ thread_id: "t-8" });
    expect(runs[1]?.extra?.metadata).not.toHaveProperty("secret");
    expect(await readTrees(local.url, "interop")).toEqual([]);
  });

  it("goes there and back: ours, theirs, ours, in one tree", async () => {
    const last = await serve(async (headers) => {
      context.with(propagation.extract(ROOT_CONTEXT, headers, defaultTextMapGetter), () =>
        bridge.tracer.startActiveSpan("third", (span) => span.end()),
      );
    });
    const middle = await serve(async (headers) => {
      const parent = RunTree.fromHeaders(headers as Record<string, string>, { client: native });
      const child = parent?.createChild({ name: "second" });
      await child?.postRun();
      await fetch(last, { headers: { ...child?.toHeaders() } });
      await child?.end();
      await child?.patchRun();
    });
    await bridge.genai.startActiveSpan("first", async (span) => {
      await fetch(middle, { headers: injected(allThree()) });
      span.end();
    });
    await settle();
    expect(await readTrees(local.url, "interop")).toEqual(["first(second(third))"]);
  });

  it("is read back with its own client", async () => {
    bridge.genai.startActiveSpan("ours", (span) => {
      bridge.genai.startSpan("child").end();
      span.end();
    });
    await settle();
    const names: string[] = [];
    for await (const run of native.listRuns({ projectName: "interop" })) names.push(run.name);
    expect(names.sort()).toEqual(["child", "ours"]);
  });
});
