// Runs under an agent instead of in a project: in what is sent, in headers both ways, and in configs.
import { context, ROOT_CONTEXT } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { startLocalServer } from "otel-langsmith-local";
import { describe, expect, it, onTestFinished } from "vitest";
import { RunTree, traceable } from "../../src/authoring/index.js";
import { Client } from "../../src/client/client.js";
import { resolveOptions } from "../../src/options/options.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { LangSmithPropagator } from "../../src/propagation/index.js";
import { startBridge } from "../processor/bridge.js";

const ADDRESS = "lrn:agents/support/environments/staging";
const OTHER = "lrn:agents/other/environments/production";
const ENV = { LANGSMITH_AGENT_ID: "support", LANGSMITH_AGENT_ENVIRONMENT: "STAGING" };
const ORDER = "20210503T000000000000Z00000000-0000-4000-8000-000000000000";

function under(env: Readonly<Record<string, string>>) {
  Object.assign(process.env, env);
  onTestFinished(() => {
    for (const name of Object.keys(env)) delete process.env[name];
  });
}

const byEnvironment = { projectName: "" };

describe("LANGSMITH_AGENT_ID and LANGSMITH_AGENT_ENVIRONMENT", () => {
  it("put every run under the agent, pending or not, and none into a project", async () => {
    under(ENV);
    const bridge = await startBridge({ ...byEnvironment, pendingAfterMillis: 0 });
    const { tracer, processor, receiver } = bridge;
    await traceable(async () => traceable(() => 1, { name: "child", tracer })(), { name: "root", tracer })();
    const tree = new RunTree({ name: "tree" });
    await tree.postRun();
    await tree.end();
    await tree.patchRun();
    await processor.forceFlush();
    for (const name of ["root", "child", "tree"]) {
      expect(receiver.one(name)).toMatchObject({ address: ADDRESS, end_time: expect.any(String) });
      expect(receiver.one(name)).not.toHaveProperty("session_name");
    }
  });

  it.each<[string, Record<string, string>, string]>([
    ["an agent without an environment", { LANGSMITH_AGENT_ID: "support" }, "LANGSMITH_AGENT_ENVIRONMENT"],
    ["an environment without an agent", { LANGSMITH_AGENT_ENVIRONMENT: "staging" }, "LANGSMITH_AGENT_ID"],
    ["an environment that is none", { ...ENV, LANGSMITH_AGENT_ENVIRONMENT: "moon" }, "LANGSMITH_AGENT_ENVIRONMENT"],
    ["an id that is none", { ...ENV, LANGSMITH_AGENT_ID: "Support Desk" }, "LANGSMITH_AGENT_ID"],
    ["an agent and a project", { ...ENV, LANGSMITH_PROJECT: "p" }, "LANGSMITH_AGENT_ID"],
  ])("%s is an error that names the variable", (_, env, name) => {
    expect(() => resolveOptions({}, env)).toThrow(name);
  });

  it("give way to a project that is named in code", () => {
    expect(resolveOptions({ projectName: "p" }, ENV).projectName).toBe("p");
  });

  it("are seen in the local server, in a project of the agent's name", async () => {
    under(ENV);
    const server = await startLocalServer();
    const processor = new LangSmithSpanProcessor({ apiUrl: server.url, batchDelayMillis: 1 });
    const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("test");
    traceable(() => 1, { name: "f", tracer })();
    await processor.shutdown();
    const names: unknown[] = [];
    const client = new Client({ apiUrl: server.url, apiKey: "not-a-key" });
    for await (const run of client.listRuns({ projectName: "support/staging" })) names.push(run.name);
    await server.close();
    expect(names).toEqual(["f"]);
  });
});

describe("headers", () => {
  const inject = () => {
    const carrier: Record<string, string> = {};
    new LangSmithPropagator().inject(context.active(), carrier, {
      set: (to, key, value) => Reflect.set(to, key, value),
    });
    return carrier;
  };

  it("name the agent as langsmith-address, and no project", async () => {
    under(ENV);
    const { tracer } = await startBridge(byEnvironment);
    const headers = await traceable(async () => inject(), { name: "f", tracer })();
    const both = [headers, new RunTree({ name: "tree" }).toHeaders()];
    for (const { baggage } of both) {
      expect(baggage).toContain(`langsmith-address=${encodeURIComponent(ADDRESS)}`);
      expect(baggage).not.toContain("langsmith-project");
    }
    expect(RunTree.fromHeaders(both[1] ?? {})?.project_name).toBe(ADDRESS);
  });

  it.each<[string, string, Record<string, string>, string[], boolean]>([
    ["our own agent", `langsmith-address=${encodeURIComponent(ADDRESS)}`, ENV, [], true],
    ["a foreign agent", `langsmith-address=${encodeURIComponent(OTHER)}`, ENV, [], false],
    ["a foreign agent that is listed", `langsmith-address=${encodeURIComponent(OTHER)}`, ENV, [OTHER], true],
    ["an agent where we have a project", `langsmith-address=${encodeURIComponent(OTHER)}`, {}, [], false],
    ["an address that is none, which is ignored,", "langsmith-address=lrn%3Aagents%2F..%2Fx", {}, ["*"], true],
    ["broken escapes, which are ignored,", "langsmith-address=%E0%A4%A", {}, ["*"], true],
  ])("from %s are trusted only where that is ours or listed", async (_, baggage, env, project, isTaken) => {
    under(env);
    const { tracer, processor, receiver } = await startBridge(env === ENV ? byEnvironment : {});
    const propagator = new LangSmithPropagator({ inbound: { project } });
    const carrier: Record<string, string> = { "langsmith-trace": ORDER, baggage };
    const getter = { get: (from: Record<string, string>, key: string) => from[key], keys: Object.keys };
    const inside = propagator.extract(ROOT_CONTEXT, carrier, getter);
    context.with(inside, () => traceable(() => 1, { name: "f", tracer })());
    await processor.forceFlush();
    expect(receiver.one("f").parent_run_id === ORDER.slice(-36)).toBe(isTaken);
    if (project.includes(OTHER)) expect(receiver.one("f")).toMatchObject({ address: OTHER });
    if (project.includes("*")) expect(receiver.one("f")).not.toHaveProperty("address");
  });
});

describe("the address of a config", () => {
  const address = { kind: "AGENT", id: "other", environment: "PRODUCTION" };

  it("puts a traceable's trace, and a run tree's, under that agent", async () => {
    const { tracer, processor, receiver } = await startBridge();
    const child = traceable(() => 1, { name: "child", tracer });
    traceable(() => child(), { name: "root", tracer, address })();
    const tree = new RunTree({ name: "tree", address });
    await tree.end();
    await tree.postRun();
    await processor.forceFlush();
    for (const name of ["root", "child", "tree"]) expect(receiver.one(name)).toMatchObject({ address: OTHER });
  });

  it("is an error where it is none, or beside a project", () => {
    const wrong = [{ address, project_name: "p" }, { address: { id: "No!", environment: "local" } }];
    for (const config of wrong) {
      expect(() => traceable(() => 1, config)).toThrow("LSB_ERR_OPTION");
      expect(() => new RunTree({ name: "a", ...config })).toThrow("LSB_ERR_OPTION");
    }
  });
});
