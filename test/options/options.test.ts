// Options and environment: what beats what, bad options by their names, and when nothing is sent.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { LangSmithOptionError } from "../../src/errors.js";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { isLocalAddress, type LangSmithOptions, resolveOptions } from "../../src/options/options.js";
import { RunIdentityProcessor } from "../../src/processor/identity-processor.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { forgetWarnings } from "../../src/warnings.js";
import { startBridge } from "../processor/bridge.js";

function withEnvironment(env: Readonly<Record<string, string>>): void {
  const before = { ...process.env };
  Object.assign(process.env, env);
  onTestFinished(() => {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
}

describe("a bad option is an error at construction that names it", () => {
  // biome-ignore lint/suspicious/noExplicitAny: what a JavaScript user may write
  const bad: [string, any][] = [
    ["apiKey", 7],
    ["apiUrl", "not an address"],
    ["apiUrl", "ftp://example.com"],
    ["apiUrl", 7],
    ["workspaceId", 7],
    ["projectName", {}],
    ["enabled", "false"],
    ["primary", 1],
    ["spans", "some"],
    ["traces", "none"],
    ["pendingAfterMillis", -1],
    ["pendingAfterMillis", "soon"],
    ["pendingAfterMillis", Number.NaN],
    ["abandonedAfterMillis", -1],
    ["orphanAfterMillis", "30s"],
    ["held.maxTraces", { held: { maxTraces: -1 } }],
    ["held.maxBytes", { held: { maxBytes: "32 MiB" } }],
    ["held", "much"],
    ["shutdownTimeoutMillis", "long"],
    ["samplingRate", 1.5],
    ["samplingRate", -0.1],
    ["hideInputs", "yes"],
    ["hideOutputs", 1],
    ["hideMetadata", {}],
    ["mapping.vocabularies", { mapping: { vocabularies: {} } }],
    ["transformRun", {}],
    ["replicas", {}],
    ["replicas[0].apiUrl", { apiUrl: "http://127.0.0.1:1", replicas: [{ apiUrl: "nowhere" }] }],
    ["queue", 5],
    ["queue.maxBytes", { queue: { maxBytes: 0 } }],
    ["spool", "/var/spool"],
    ["maxBatchCount", -1],
    ["maxBatchBytes", "1MB"],
    ["batchDelayMillis", -5],
    ["maxConcurrentRequests", "4"],
    ["requestTimeoutMillis", -1],
    ["retry", 5],
    ["retry.maxAgeMillis", { retry: { maxAgeMillis: -1 } }],
    ["compression", "brotli"],
    ["exportMode", "sometimes"],
    ["waitUntil", "later"],
    ["onError", true],
  ];

  it.each(bad)("%s: %j", (option, value) => {
    const options = option.includes(".") || option.includes("[") ? value : { [option]: value };
    for (const Face of [LangSmithSpanProcessor, LangSmithSpanExporter]) {
      const error = thrownBy(() => new Face(options));
      expect(error).toBeInstanceOf(LangSmithOptionError);
      expect(error).toMatchObject({ code: "LSB_ERR_OPTION", option });
      expect(String(error)).toContain(`LSB_ERR_OPTION: ${option} must be`);
    }
  });

  it.each([
    ["LANGSMITH_OTEL_PENDING_AFTER_MILLIS", "soon"],
    ["LANGSMITH_TRACING_SAMPLING_RATE", "half"],
  ])("so is a variable that makes no sense: %s=%s", (name, value) => {
    expect(() => resolveOptions({}, { [name]: value })).toThrow(`LSB_ERR_OPTION: ${name} must be`);
  });

  it.each<[string, Record<string, string>]>([
    ["LANGSMITH_OTEL_SPANS", { LANGSMITH_OTEL_SPANS: "some" }],
    ["LANGSMITH_OTEL_TRACES", { LANGSMITH_OTEL_TRACES: "some" }],
    ["LANGSMITH_OTEL_PENDING_AFTER_MILLIS", { LANGSMITH_OTEL_PENDING_AFTER_MILLIS: "-1" }],
    ["LANGSMITH_ENDPOINT", { LANGSMITH_ENDPOINT: "nowhere" }],
    ["LANGSMITH_TRACING_SAMPLING_RATE", { LANGSMITH_TRACING_SAMPLING_RATE: "2" }],
  ])("and one whose value is out of what %s takes", (option, env) => {
    expect(() => resolveOptions({}, env)).toThrow(`LSB_ERR_OPTION: ${option} must be`);
  });

  it("options that are no object are said to be none", () => {
    expect(() => new LangSmithSpanProcessor("key" as never)).toThrow("LSB_ERR_OPTION: options must be an object");
    expect(() => new RunIdentityProcessor({ spans: "some" as never })).toThrow("LSB_ERR_OPTION: spans must be");
  });

  it("never shows a key", () => {
    const error = thrownBy(() => new LangSmithSpanProcessor({ apiKey: ["lsv2_secret"] as never }));
    expect(String(error)).not.toContain("lsv2_secret");
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("what beats what", () => {
  const table: [
    field: keyof LangSmithOptions,
    langsmith: Record<string, string>,
    langchain: Record<string, string>,
    fromLangsmith: unknown,
    fromLangchain: unknown,
    option: LangSmithOptions,
    byDefault: unknown,
  ][] = [
    ["apiKey", { LANGSMITH_API_KEY: "a" }, { LANGCHAIN_API_KEY: "b" }, "a", "b", { apiKey: "c" }, undefined],
    [
      "apiUrl",
      { LANGSMITH_ENDPOINT: "https://a.example/" },
      { LANGCHAIN_ENDPOINT: "https://b.example" },
      "https://a.example",
      "https://b.example",
      { apiUrl: "https://c.example" },
      "https://api.smith.langchain.com",
    ],
    [
      "workspaceId",
      { LANGSMITH_WORKSPACE_ID: "a" },
      { LANGCHAIN_WORKSPACE_ID: "b" },
      "a",
      "b",
      { workspaceId: "c" },
      undefined,
    ],
    ["projectName", { LANGSMITH_PROJECT: "a" }, { LANGCHAIN_PROJECT: "b" }, "a", "b", { projectName: "c" }, "default"],
    ["enabled", { LANGSMITH_TRACING: "false" }, { LANGCHAIN_TRACING: "0" }, false, false, { enabled: true }, true],
    [
      "enabled",
      { LANGSMITH_TRACING_V2: "false" },
      { LANGCHAIN_TRACING_V2: "false" },
      false,
      false,
      { enabled: true },
      true,
    ],
    [
      "samplingRate",
      { LANGSMITH_TRACING_SAMPLING_RATE: "0.5" },
      { LANGCHAIN_TRACING_SAMPLING_RATE: "0.25" },
      0.5,
      0.25,
      { samplingRate: 0.75 },
      1,
    ],
    [
      "hideInputs",
      { LANGSMITH_HIDE_INPUTS: "1" },
      { LANGCHAIN_HIDE_INPUTS: "true" },
      true,
      true,
      { hideInputs: false },
      false,
    ],
  ];

  it.each(table)(
    "%s: the option, then %j, then %j, then the default",
    (field, langsmith, langchain, a, b, option, none) => {
      const read = (options: LangSmithOptions, env: Record<string, string>) =>
        (resolveOptions(options, env) as unknown as Record<string, unknown>)[field];
      expect(read({}, {})).toEqual(none);
      expect(read({}, langchain)).toEqual(b);
      expect(read({}, { ...langchain, ...langsmith })).toEqual(a);
      expect(read(option, { ...langchain, ...langsmith })).toEqual(option[field]);
      const empty = Object.fromEntries(Object.keys(langsmith).map((name) => [name, "  "]));
      expect(read({}, empty)).toEqual(none);
    },
  );

  it("register's own variables stand behind their options: spans, traces, pendingAfterMillis", () => {
    const env = {
      LANGSMITH_OTEL_SPANS: "all",
      LANGSMITH_OTEL_TRACES: "all",
      LANGSMITH_OTEL_PENDING_AFTER_MILLIS: "Infinity",
    };
    expect(resolveOptions({}, env)).toMatchObject({ spans: "all", traces: "all", pendingAfterMillis: Infinity });
    const options = { spans: "application", traces: "genai", pendingAfterMillis: 0 } as const;
    expect(resolveOptions(options, env)).toMatchObject(options);
    expect(resolveOptions({}, {})).toMatchObject({ spans: "application", traces: "genai", pendingAfterMillis: 1000 });
  });

  it("a LANGCHAIN_ name of TRACING does not beat a LANGSMITH_ one", () => {
    expect(resolveOptions({}, { LANGSMITH_TRACING: "false", LANGCHAIN_TRACING_V2: "true" }).enabled).toBe(false);
    expect(resolveOptions({}, { LANGSMITH_TRACING: "true", LANGCHAIN_TRACING_V2: "false" }).enabled).toBe(true);
  });
});

describe("LANGSMITH_TRACING=false", () => {
  it.each(["LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"])(
    "switches the bridge off, without a word: %s",
    async (name) => {
      withEnvironment({ [name]: "false" });
      const warnings = catchWarnings();
      const bridge = await startBridge();
      bridge.genai.startSpan("chat").end();
      const receiver = await bridge.finish();
      expect(receiver.headers).toEqual([]);
      expect(bridge.processor.stats()).toMatchObject({ open: 0, destinations: [] });
      expect(await warnings()).toEqual([]);
    },
  );
});

/** The warnings of the process, by code, since the call. */
function catchWarnings(): () => Promise<string[]> {
  const codes: string[] = [];
  const listener = (warning: Error & { code?: string }) => void codes.push(warning.code ?? warning.name);
  process.on("warning", listener);
  onTestFinished(() => void process.off("warning", listener));
  return async () => {
    // emitWarning speaks on the next tick.
    await new Promise((resolve) => setImmediate(resolve));
    return codes;
  };
}

describe("a missing key", () => {
  it("is one warning and no traffic, never an exception, however many processors and spans there are", async () => {
    const warnings = catchWarnings();
    let requests = 0;
    const server = createServer((_, response) => {
      requests += 1;
      response.end("{}");
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    // A name that leads here, but is not known to: what a host that is not this machine looks like.
    const apiUrl = `http://not-this-machine.localhost:${port}`;
    const bridge = await startBridge({ apiUrl });
    const second = new LangSmithSpanProcessor({ apiUrl });
    for (let at = 0; at < 20; at += 1) bridge.genai.startSpan(`chat ${at}`).end();
    await Promise.all([bridge.processor.forceFlush(), second.shutdown(), bridge.processor.shutdown()]);
    expect(requests).toBe(0);
    expect(bridge.receiver.headers).toEqual([]);
    expect(await warnings()).toEqual(["LSB_WARN_NO_KEY"]);
    forgetWarnings();
  });

  it.each([
    ["http://localhost:4318", true],
    ["http://127.0.0.1:1984", true],
    ["http://127.8.9.10", true],
    ["http://[::1]:1984", true],
    ["https://api.smith.langchain.com", false],
    ["http://127.0.0.1.example.com", false],
    ["http://localhost.example.com", false],
    ["http://10.0.0.1", false],
    ["http://[::2]", false],
  ])("%s is this machine and needs none: %s", (address, isLocal) => {
    expect(isLocalAddress(address)).toBe(isLocal);
  });

  it("on localhost, 127/8 or ::1 runs are sent without one", async () => {
    const warnings = catchWarnings();
    const bridge = await startBridge();
    bridge.genai.startSpan("chat").end();
    const receiver = await bridge.finish();
    expect(receiver.byName("chat")).toHaveLength(1);
    expect(receiver.headers[0]?.["x-api-key"]).toBeUndefined();
    expect(await warnings()).toEqual([]);
  });
});

describe("apiKey", () => {
  it("is a string, or a function that is asked for every request, for keys that rotate", async () => {
    let turn = 0;
    const bridge = await startBridge({
      apiKey: async () => {
        turn += 1;
        // As read from a file.
        return `key-${turn}\n`;
      },
    });
    bridge.genai.startSpan("first").end();
    await bridge.processor.forceFlush();
    bridge.genai.startSpan("second").end();
    const { headers } = await bridge.finish();
    const keys = headers.map((sent) => sent["x-api-key"]);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^key-\d+$/);
    expect(keys[1]).not.toBe(keys[0]);
  });
});
