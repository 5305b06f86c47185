// What is asked of the service: a run by its id, feedback, a page's address, and errors that say which.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type LocalServer, startLocalServer } from "otel-langsmith-local";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endRun } from "../../src/client/end-run.js";
import { createFeedback } from "../../src/client/feedback.js";
import { findRun } from "../../src/client/find-run.js";
import { createRest } from "../../src/client/rest.js";
import { getRunUrl, webUrlOf } from "../../src/client/run-url.js";
import { getRunReference, withRun } from "../../src/propagation/index.js";
import { segmentOf } from "../../src/wire/dotted-order.js";
import { uuid7 } from "../../src/wire/ids.js";
import { readRuns } from "../interop/trees.js";
import { startBridge, type TestBridge } from "../processor/bridge.js";

let local: LocalServer;
let bridge: TestBridge;

beforeEach(async () => {
  local = await startLocalServer();
  bridge = await startBridge({ apiUrl: local.url, projectName: "asked" });
});
afterEach(async () => {
  await bridge.processor.shutdown();
  await local.close();
});

/** A run that was sent, and its reference. */
async function sentRun(name = "agent") {
  const span = bridge.genai.startSpan(name);
  const reference = getRunReference(span);
  span.end();
  await bridge.processor.forceFlush();
  if (!reference) throw new Error("no reference");
  return reference;
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, unknown>;
  readonly body: unknown;
}

const fakes: Server[] = [];
/** A service as this machine has none: each answer is a status and JSON, by method and path. */
async function fakeService(answers: Record<string, (asked: Asked) => [number, unknown]>) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      const one: Asked = {
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        body: text ? JSON.parse(text) : undefined,
      };
      asked.push(one);
      const answer = answers[`${one.method} ${one.url.split("?")[0]}`];
      const [status, body] = answer?.(one) ?? [404, { detail: "no such endpoint" }];
      response.statusCode = status;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(body));
    });
  });
  fakes.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, destination: { apiUrl, apiKey: "key", workspaceId: "ws" } };
}
afterEach(async () => {
  await Promise.all(fakes.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

describe("findRun", () => {
  it("gives the reference of a run of which only the id was kept, and what starts under it hangs there", async () => {
    const reference = await sentRun();
    const found = await findRun(reference.id);
    expect(found).toEqual(reference);
    await withRun(found, async () => bridge.genai.startSpan("resumed").end());
    await bridge.processor.forceFlush();
    const runs = await readRuns(local.url, "asked");
    expect(runs.find(({ name }) => name === "resumed")?.parent_run_id).toBe(reference.id);
  });

  const id = uuid7();
  const order = segmentOf(Date.now() * 1000, id);
  const project = "b1f3c1de-0000-4000-8000-000000000001";
  const sessions = () => [200, [{ id: project, name: "asked", tenant_id: "t" }]] as [number, unknown];
  const found = () =>
    [200, { items: [{ id, name: "x", run_type: "LLM", trace_id: id, dotted_order: order }] }] as [number, unknown];
  const v2 = { "GET /sessions": sessions, "POST /api/v2/runs/query": found };

  for (const [why, answers] of Object.entries({
    "/info says so": {
      ...v2,
      "GET /info": () =>
        [200, { instance_flags: { ch_query_enabled: false, sdb_query_enabled: true } }] as [number, unknown],
    },
    "a 501 says so": { ...v2, [`GET /runs/${id}`]: () => [501, { detail: "gone" }] as [number, unknown] },
  })) {
    it(`asks the v2 query, with bounds from the id's own time, where ${why}`, async () => {
      const service = await fakeService(answers);
      const reference = await findRun(id, { projectName: "asked", destination: service.destination });
      expect(reference).toMatchObject({ id, dotted_order: order, session_name: "asked", run_type: "llm" });
      const query = service.asked.find(({ url }) => url === "/api/v2/runs/query");
      expect(query?.headers).toMatchObject({ "x-api-key": "key", "x-tenant-id": "ws" });
      const {
        min_start_time: from,
        max_start_time: to,
        ids,
        project_ids,
      } = (query?.body ?? {}) as Record<string, string>;
      expect({ ids, project_ids }).toEqual({ ids: [id], project_ids: [project] });
      expect(Date.parse(from ?? "")).toBeLessThan(Date.now() - 3_600_000);
      expect(Date.parse(to ?? "")).toBeGreaterThan(Date.now());
      expect(Date.parse(to ?? "") - Date.parse(from ?? "")).toBeLessThanOrEqual(2 * 86_400_000);
    });
  }

  it("says which: unknown id, no access, service down, no id at all", async () => {
    await expect(findRun(uuid7())).rejects.toMatchObject({ code: "LSB_ERR_NOT_FOUND", status: 404 });
    await expect(findRun("x")).rejects.toMatchObject({ code: "LSB_ERR_RUN_ID" });
    const refusing = await fakeService({ [`GET /runs/${id}`]: () => [403, { detail: "forbidden" }] });
    await expect(findRun(id, { destination: refusing.destination })).rejects.toMatchObject({
      code: "LSB_ERR_ACCESS",
      message: expect.stringContaining("LANGSMITH_API_KEY"),
    });
    const down = await fakeService({ [`GET /runs/${id}`]: () => [503, {}] });
    await expect(findRun(id, { destination: down.destination })).rejects.toMatchObject({ code: "LSB_ERR_UNAVAILABLE" });
    expect(down.asked.filter(({ url }) => url.startsWith("/runs/"))).toHaveLength(3);
    const nobody = { apiUrl: "http://127.0.0.1:9", apiKey: "k", workspaceId: undefined };
    await expect(findRun(id, { destination: nobody })).rejects.toMatchObject({ code: "LSB_ERR_UNAVAILABLE" });
    const keyless = { apiUrl: "https://api.smith.langchain.com", apiKey: undefined, workspaceId: undefined };
    await expect(createRest(keyless).call({ method: "GET", path: "/info", subject: "x" })).rejects.toMatchObject({
      code: "LSB_ERR_ACCESS",
    });
  });
});

describe("the way there", () => {
  it("is the bridge's own dispatcher, else the proxy that the environment names", async () => {
    const seen: string[] = [];
    const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
      seen.push(String(options.path));
      return dispatch(options, handler);
    });
    const other = await startBridge({ apiUrl: local.url, projectName: "asked", dispatcher, primary: true });
    await expect(findRun(uuid7())).rejects.toMatchObject({ code: "LSB_ERR_NOT_FOUND" });
    expect(seen.some((path) => path.startsWith("/runs/"))).toBe(true);
    await other.processor.shutdown();

    const tunnels: string[] = [];
    const proxy = createServer((request, response) => {
      tunnels.push(request.url ?? "");
      response.end("{}");
    });
    proxy.on("connect", (request, socket) => {
      tunnels.push(request.url ?? "");
      socket.end("HTTP/1.1 502 no\r\n\r\n");
    });
    fakes.push(proxy);
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    process.env.http_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      const far = createRest({ apiUrl: "http://langsmith.invalid", apiKey: "k", workspaceId: undefined, attempts: 1 });
      await far.call({ method: "GET", path: "/info", subject: "x" }).catch(() => undefined);
      expect(tunnels.join()).toContain("langsmith.invalid");
    } finally {
      delete process.env.http_proxy;
    }
  });
});

describe("endRun by id", () => {
  it("looks the run up and ends it", async () => {
    const span = bridge.genai.startSpan("job");
    const reference = getRunReference(span);
    await bridge.processor.shutdown();
    const later = await startBridge({ apiUrl: local.url, projectName: "asked" });
    await endRun(reference?.id ?? "", { outputs: { done: true } });
    await later.processor.shutdown();
    const [run] = await readRuns(local.url, "asked");
    expect(run).toMatchObject({ id: reference?.id, outputs: { done: true } });
    expect(run?.end_time).toBeTruthy();
  });
});

describe("createFeedback", () => {
  it("scores a run at once, by reference and by custom id; the server returns it", async () => {
    const reference = await sentRun();
    const first = await createFeedback({ run: reference, key: "good", score: 1, comment: "right" });
    const second = await createFeedback({ runId: reference.id, key: "label", value: "fine" });
    const answer = await fetch(`${local.url}/feedback?run=${reference.id}`);
    const stored = (await answer.json()) as { id: string; key: string; score: unknown; value: unknown }[];
    expect(stored.map(({ id, key }) => [id, key]).sort()).toEqual(
      [
        [first.id, "good"],
        [second.id, "label"],
      ].sort(),
    );
    expect(stored.find(({ key }) => key === "good")).toMatchObject({ score: 1, comment: "right" });
    expect(stored.find(({ key }) => key === "label")).toMatchObject({ value: "fine" });
  });

  it("sends the run's project where the service wants it: said by /info, or by a refusal", async () => {
    const id = uuid7();
    const sessions = () => [200, [{ id: "s-1", name: "asked" }]] as [number, unknown];
    const told = await fakeService({
      "GET /info": () => [200, { instance_flags: { ch_query_enabled: false, sdb_query_enabled: true } }],
      "GET /sessions": sessions,
      "POST /feedback": ({ body }) => [200, body],
    });
    await createFeedback({ runId: id, key: "k", score: 1 }, told.destination);
    expect(told.asked.at(-1)?.body).toMatchObject({ run_id: id, session_id: "s-1" });
    const refusing = await fakeService({
      "GET /info": () => [200, {}],
      "GET /sessions": sessions,
      "POST /feedback": ({ body }) =>
        (body as { session_id?: string }).session_id ? [200, body] : [422, { detail: "session_id is required" }],
    });
    await createFeedback({ runId: id, key: "k", score: 1 }, refusing.destination);
    const bodies = refusing.asked.filter(({ url }) => url === "/feedback").map(({ body }) => body as { id: string });
    expect(bodies).toHaveLength(2);
    // One feedback, whatever it took.
    expect(new Set(bodies.map((body) => body.id)).size).toBe(1);
  });
});

describe("what the langsmith package's createFeedback takes", () => {
  it("a number is rounded to the four places that are stored; project, source and judging run go along", async () => {
    const service = await fakeService({ "POST /feedback": ({ body }) => [200, body] });
    const [runId, sessionId, sourceRunId] = [uuid7(), uuid7(), uuid7()];
    await createFeedback(
      {
        runId,
        key: "k",
        score: 2 / 3,
        sessionId,
        sourceRunId,
        feedbackSourceType: "model",
        sourceInfo: { model: "m" },
      },
      service.destination,
    );
    expect(service.asked).toHaveLength(1);
    expect(service.asked[0]?.body).toMatchObject({
      run_id: runId,
      session_id: sessionId,
      score: 0.6667,
      feedback_source: { type: "model", metadata: { model: "m", __run: { run_id: sourceRunId } } },
    });
  });
});

describe("getRunUrl", () => {
  it("is a page that is there on the local server", async () => {
    const address = await getRunUrl(await sentRun());
    const page = await fetch(address);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toContain("text/html");
  });

  it("is the page of LangSmith, by the API's address", () => {
    expect(webUrlOf("https://api.smith.langchain.com")).toBe("https://smith.langchain.com");
    expect(webUrlOf("https://eu.api.smith.langchain.com")).toBe("https://eu.smith.langchain.com");
    expect(webUrlOf("https://traces.example.com/api/v1")).toBe("https://traces.example.com");
    expect(webUrlOf("https://example.com/langsmith/api")).toBe("https://example.com/langsmith");
  });
});
