// Keys and payloads stay out of everything that is printed, whoever quotes them: a service, a gateway, a thrown error.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { Agent, type Dispatcher } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery, type DeliveryOptions } from "../../src/delivery/index.js";
import { LangSmithOTLPTraceExporter } from "../../src/entries/experimental/otel/exporter.js";
import { Client, findRun, type LangSmithOptions, LangSmithSpanProcessor, type Loss } from "../../src/index.js";
import { newRun } from "../delivery/runs.js";
import { type Heard, startHearing } from "./heard.js";

const KEY = "lsv2_pt_CANARYKEY0123456789";
const PAYLOAD = "CANARY_PAYLOAD of a prompt";

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

let server: Server;
let url: string;
let respond: (request: IncomingMessage, body: string) => Answer;
let heard: Heard;

beforeEach(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("latin1")) body += piece;
    if (request.url === "/info") {
      response.end('{"version":"1","batch_ingest_config":{"use_multipart_endpoint":true}}');
      return;
    }
    const answer = respond(request, body);
    response.writeHead(answer.status, { "content-type": answer.type ?? "application/json" }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  heard = await startHearing();
});

afterEach(async () => {
  heard.stop();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
});

/** Ends one span with a prompt, and resolves to what `onError` got. */
async function send(options: LangSmithOptions, flushMillis = 500): Promise<Loss[]> {
  const losses: Loss[] = [];
  const processor = new LangSmithSpanProcessor({
    apiUrl: url,
    apiKey: KEY,
    traces: "all",
    batchDelayMillis: 0,
    shutdownTimeoutMillis: flushMillis,
    retry: { initialDelayMillis: 1, maxDelayMillis: 2 },
    onError: (loss) => losses.push(loss),
    ...options,
  });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  provider
    .getTracer("app")
    .startSpan("call", { attributes: { "input.value": PAYLOAD } })
    .end();
  await processor.shutdown();
  return losses;
}

const header = (request: IncomingMessage, name: string) => String(request.headers[name]);
const quoted = (body: string) => body.slice(body.indexOf(PAYLOAD), body.indexOf(PAYLOAD) + PAYLOAD.length);
const json = (detail: unknown) => JSON.stringify({ detail });

describe("a service's answer", () => {
  it.each<[string, number, (request: IncomingMessage, body: string) => string, string?]>([
    ["a 401 that echoes the key", 401, (request) => json(`Invalid API key: ${header(request, "x-api-key")}`)],
    ["a 403 that echoes the headers", 403, (request) => JSON.stringify(request.headers), "text/plain"],
    ["a 403 in the service's words", 403, (request) => json(`Forbidden for key ${header(request, "x-api-key")}`)],
    ["a 404", 404, (request, body) => `${header(request, "x-api-key")} ${quoted(body)}`, "text/plain"],
    ["a 400 that quotes the body", 400, (_, body) => `cannot parse: ${quoted(body)}`, "text/plain"],
    ["a 422 that quotes an input", 422, (_, body) => json([{ msg: `bad ${quoted(body)}`, input: quoted(body) }])],
    ["a 429 of the month", 429, (_, body) => json(`Monthly usage limit exceeded: ${quoted(body)}`)],
    ["a 413 that quotes the body", 413, (_, body) => json(quoted(body))],
    ["a 500 that quotes the body", 500, (_, body) => json(`panic at: ${quoted(body)}`)],
    ["a 200 with a page of a login", 200, (_, body) => `<html>${quoted(body)}</html>`, "text/html"],
  ])("is told by its status: %s puts neither key nor payload into what is printed", async (_, status, body, type) => {
    respond = (request, sent) => ({ status, body: body(request, sent), ...(type && { type }) });
    const losses = await send({});
    expect(heard.text()).not.toMatch(/CANARY/);
    expect(heard.text()).toMatch(new RegExp(`HTTP ${status}|run lost: not sent`));
    expect(losses.map(({ message }) => message).join()).not.toMatch(/CANARY/);
    expect(JSON.stringify(losses)).not.toContain("CANARYKEY");
  });

  it("goes to onError alone, as the loss's answer, bounded and without the key and the request's headers", async () => {
    respond = (request, body) => ({
      status: 422,
      body: json(
        `${header(request, "x-api-key")} ${header(request, "x-tenant-id")} ${quoted(body)} ${"x".repeat(9_000)}`,
      ),
    });
    const [loss] = await send({ workspaceId: "workspace-CANARY" });
    expect(loss).toMatchObject({ cause: "refused", runs: 1, message: "HTTP 422" });
    expect(loss?.answer).toContain(`{"detail":"[cut] [cut] ${PAYLOAD} xxx`);
    expect(loss?.answer?.length).toBe(2_000);
  });

  it.each<[string, Partial<DeliveryOptions>, (request: IncomingMessage) => string]>([
    ["a key that a function rotates", rotating(), (request) => header(request, "x-api-key")],
    [
      "a header of the option headers",
      { headers: { "x-gate": "CANARYGATE-1" } },
      (request) => header(request, "x-gate"),
    ],
    [
      "a token without its scheme",
      { headers: { authorization: "Bearer CANARYTOKEN-1" } },
      (request) => `token=${header(request, "authorization").slice("Bearer ".length)}`,
    ],
    ["a part of the key", { apiKey: "CANARYKEY-of-no-form" }, (request) => header(request, "x-api-key").slice(0, 9)],
    [
      "the key in capitals",
      { apiKey: "canarykey-of-no-form" },
      (request) => header(request, "x-api-key").toUpperCase(),
    ],
    [
      "the key as base64",
      { apiKey: "CANARYKEY-of-no-form" },
      (request) => `CANARY ${Buffer.from(header(request, "x-api-key")).toString("base64")}`.replace("CANARY ", ""),
    ],
    [
      "the key in an address",
      { apiKey: "CANARYKEY/with=signs" },
      (request) => `/?key=${encodeURIComponent(header(request, "x-api-key"))}`,
    ],
  ])("is without %s, even for onError", async (_, options, echo) => {
    const echoed: string[] = [];
    respond = (request) => {
      echoed.push(echo(request));
      return { status: 400, type: "text/plain", body: `you sent ${echoed.at(-1)}, which is wrong` };
    };
    const losses: Loss[] = [];
    const delivery = createDelivery({ apiUrl: url, apiKey: KEY, onError: (loss) => losses.push(loss), ...options });
    delivery.send({ kind: "post", run: newRun() });
    await delivery.shutdown(2_000);
    expect(losses[0]?.answer).toMatch(/^you sent .*\[cut\].*, which is wrong$/);
    for (const each of echoed) expect(heard.text() + JSON.stringify(losses)).not.toContain(each);
  });

  it("of a second destination is without that one's key", async () => {
    respond = (request) => ({ status: 401, body: json(`no such key: ${header(request, "x-api-key")}`) });
    const replicas = [{ apiUrl: url, apiKey: "CANARY-of-the-second", project: "two" }];
    const losses = await send({ replicas: [{ apiUrl: url, apiKey: KEY, primary: true }, ...replicas] });
    expect(losses.length).toBeGreaterThan(0);
    expect(heard.text() + JSON.stringify(losses)).not.toMatch(/CANARY/);
  });
});

function rotating(): Partial<DeliveryOptions> {
  let turn = 0;
  return {
    apiKey: () => {
      turn += 1;
      return `CANARY-${turn}-rotated`;
    },
  };
}

describe("an error that is thrown", () => {
  const thrown = () =>
    Object.assign(new Error(`${KEY} ${PAYLOAD}`), { body: PAYLOAD, headers: { "x-api-key": KEY }, code: `E ${KEY}` });

  it.each<[string, LangSmithOptions]>([
    [
      "a hiding function",
      {
        hideInputs: (inputs) => {
          throw new Error(JSON.stringify(inputs));
        },
      },
    ],
    [
      "transformRun",
      {
        transformRun: (run) => {
          throw new Error(JSON.stringify(run));
        },
      },
    ],
    [
      "the function for the key",
      {
        apiKey: () => {
          throw thrown();
        },
      },
    ],
    [
      "the function that selects spans",
      {
        spans: () => {
          throw thrown();
        },
      },
    ],
    ["the application's dispatcher", { dispatcher: throwing(thrown) }],
  ])("by %s is told by its name", async (_, options) => {
    respond = () => ({ status: 202, body: "{}" });
    const losses = await send(options);
    expect(heard.text() + JSON.stringify(losses)).not.toMatch(/CANARY/);
  });

  it("by a transformation of spans is told by its name, to the pipeline, too", async () => {
    const exporter = new LangSmithOTLPTraceExporter({
      url,
      apiKey: KEY,
      transformExportedSpan: () => {
        throw thrown();
      },
    });
    const result = await new Promise((resolve) => exporter.export([{} as never], resolve));
    expect(heard.text() + inspect(result, { depth: 9 })).not.toMatch(/CANARY/);
    await exporter.shutdown();
  });

  it.each([401, 403, 404, 422, 429, 500])(
    "for a %i of the client's calls quotes neither key nor payload, printed in any way",
    async (status) => {
      respond = (request) => ({ status, body: json(`${header(request, "x-api-key")} ${PAYLOAD}`) });
      const client = new Client({ apiUrl: url, apiKey: KEY });
      const calls = [
        () =>
          findRun("01890000-0000-7000-8000-000000000000", {
            destination: { apiUrl: url, apiKey: KEY, workspaceId: undefined },
          }),
        () => client.createFeedback("01890000-0000-7000-8000-000000000000", "score", { comment: PAYLOAD }),
      ];
      for (const call of calls) {
        const error = await call().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({ status });
        const { message, stack, cause, reason } = error as Error & { reason?: string };
        expect([inspect(error, { depth: 9 }), JSON.stringify(error), message, stack, String(cause)].join()).not.toMatch(
          /CANARY/,
        );
        expect(reason).toBe(`[cut] ${PAYLOAD}`);
      }
    },
  );

  it("for a client's call that has no answer carries no cause", async () => {
    const destination = { apiUrl: "http://user:CANARY-password@127.0.0.1:1", apiKey: KEY, workspaceId: undefined };
    const error = await findRun("01890000-0000-7000-8000-000000000000", { destination }).catch((e: unknown) => e);
    expect(inspect(error, { depth: 9 })).toContain("ECONNREFUSED 127.0.0.1:1");
    expect(inspect(error, { depth: 9 })).not.toMatch(/CANARY/);
  });
});

/** A dispatcher that fails as interceptors do which carry the answer in their error. */
function throwing(make: () => Error): Dispatcher {
  const agent = new Agent();
  return Object.assign(agent, {
    request: () => Promise.reject(Object.assign(new Error("wrapped"), { cause: make() })),
  });
}

describe("a wrong option", () => {
  it.each([
    ["a password in an address without a scheme", { apiUrl: "user:CANARY-password@host.example/api" }],
    ["a password in an address of another scheme", { apiUrl: "ftp://user:CANARY-password@host.example?key=CANARY" }],
    ["a key where the address belongs", { apiUrl: KEY }],
    ["a key of no known form where the address belongs", { apiUrl: "CANARY-no-known-form" }],
    ["a key where a rate belongs", { samplingRate: KEY as unknown as number }],
  ])("is an error that does not quote %s", (_, options) => {
    expect(() => new LangSmithSpanProcessor({ apiKey: KEY, ...options })).toThrow(/LSB_ERR_OPTION/);
    expect(() => new LangSmithSpanProcessor({ apiKey: KEY, ...options })).not.toThrow(/CANARY/);
  });
});
