// Beside Sentry, in the set-up that docs/sentry.md recommends: LangSmith gets every run, Sentry none of its spans.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { orphansOf, type Receiver, startReceiver } from "../../receiver.js";
import { type Application, ASK, layApplication, SDK } from "../../register/application.js";

interface Sentry {
  readonly dsn: string;
  /** Every item of every envelope: its type and its text. */
  readonly items: { readonly type: string; readonly text: string }[];
  close(): Promise<void>;
}

/** Sentry's ingestion, as far as it takes envelopes: lines of JSON, a header and a payload for each item. */
async function startSentry(): Promise<Sentry> {
  const items: Sentry["items"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString();
      const lines = text.split("\n").slice(1);
      for (let at = 0; at + 1 < lines.length; at += 2) {
        const header: unknown = JSON.parse(lines[at] ?? "{}");
        const type = typeof header === "object" && header !== null && "type" in header ? String(header.type) : "";
        items.push({ type, text: lines[at + 1] ?? "" });
      }
      response.setHeader("content-type", "application/json");
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${port}/1`,
    items,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

let application: Application;
let receiver: Receiver;
let sentry: Sentry;

/** A provider of the bridge's own: not registered, it shares the context manager that Sentry registered. */
const ISOLATED = `
  const trace = new BasicTracerProvider({
    sampler: new LangSmithSampler(new ParentBasedSampler({ root: new AlwaysOnSampler() })),
    spanProcessors: [new LangSmithSpanProcessor()],
  });
  const shutdown = () => trace.shutdown();
`;
/** The global one, where Sentry leaves it alone. */
const REGISTERED = `
  const trace = api;
  const { shutdown } = register();
`;

/** Sentry 11 watches undici by itself and knows nothing of OpenTelemetry's suppression: it is told. */
const QUIET = `
  integrations: [
    Sentry.nativeNodeFetchIntegration({
      ignoreOutgoingRequests: (url) => url.startsWith(process.env.LANGSMITH_ENDPOINT),
    }),
  ],
`;

const program = (sentryPackage: string, options: string, provider: string) => `
  import * as Sentry from "${sentryPackage}";
  import { trace as api } from "@opentelemetry/api";
  import { BasicTracerProvider, AlwaysOnSampler, ParentBasedSampler } from "@opentelemetry/sdk-trace-base";
  import { LangSmithSampler, LangSmithSpanProcessor, register } from "otel-langsmith";
  Sentry.init({ dsn: process.env.DSN, tracesSampleRate: Number(process.env.RATE), ${options} });
  ${provider}
  ${ASK}
  await Sentry.startSpan({ name: "request", op: "http.server" }, async () => {
    await trace.getTracer("app").startActiveSpan("agent", { attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "agent" } }, async (span) => {
      await new Promise((resolve) => setImmediate(resolve));
      ask("asked");
      span.end();
    });
  });
  Sentry.captureMessage("reached");
  await Sentry.flush(10_000);
  await shutdown();
  await Sentry.close(10_000);
`;

beforeAll(async () => {
  application = await layApplication([...SDK, "@sentry/node", "sentry-node-10"]);
}, 60_000);
afterAll(() => application.remove());
beforeEach(async () => {
  [receiver, sentry] = await Promise.all([startReceiver(), startSentry()]);
});
afterEach(() => Promise.all([receiver.close(), sentry.close()]));

describe.each([
  ["10, which is on OpenTelemetry's SDK", "sentry-node-10", "", ISOLATED],
  ["11 as OpenTelemetry's provider", "@sentry/node", `enableOpenTelemetrySetup: true, ${QUIET}`, ISOLATED],
  ["11, which leaves OpenTelemetry alone", "@sentry/node", QUIET, REGISTERED],
])("beside Sentry %s", (_name, sentryPackage, options, provider) => {
  it.each([0, 1])("at rate %d LangSmith has every run, nested, and Sentry has none of our spans", async (rate) => {
    await application.write("sentry.mjs", program(sentryPackage, options, provider));
    const env = { DSN: sentry.dsn, RATE: String(rate), LANGSMITH_ENDPOINT: receiver.url };
    const ended = await application.start(["sentry.mjs"], env).ended();
    expect(ended, ended.stderr).toMatchObject({ code: 0 });

    expect(receiver.problems).toEqual([]);
    expect(orphansOf(receiver.runs.values())).toEqual([]);
    expect([...receiver.runs.values()].map((run) => run.name).sort()).toEqual(["agent", "asked", "asked child"]);
    expect(receiver.one("asked").parent_run_id).toBe(receiver.one("agent").id);
    expect(receiver.one("asked child").parent_run_id).toBe(receiver.one("asked").id);

    // The message shows that the endpoint is reached, so that silence means silence.
    expect(sentry.items.filter(({ text }) => text.includes("reached"))).not.toEqual([]);
    const traced = sentry.items.filter(({ type }) => type === "transaction" || type === "span");
    expect(traced).toHaveLength(rate);
    expect(traced.filter(({ text }) => !text.includes('"request"') || /"asked|"agent"/.test(text))).toEqual([]);
  });
});
