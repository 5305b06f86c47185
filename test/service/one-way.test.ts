// The one way to LangSmith: what holds for runs that are sent holds for what is read.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import fc from "fast-check";
import { MockAgent } from "undici";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createRest } from "../../src/client/rest.js";
import { createDelivery } from "../../src/delivery/index.js";
import { LangSmithRequestError } from "../../src/errors.js";
import { backoffMillis } from "../../src/service/backoff.js";
import { exchange } from "../../src/service/exchange.js";
import { createAgent } from "../../src/service/undici.js";
import { makeCertificate, startTlsFront } from "../delivery/network-fixtures.js";
import { newRun } from "../delivery/runs.js";

type ApiKey = string | (() => string | Promise<string>);

/** A server that notes what comes, and answers with `{}` unless told otherwise. */
async function serve(answer: (response: ServerResponse, at: number) => void = () => {}) {
  const requests: IncomingMessage[] = [];
  const times: number[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    times.push(performance.now());
    request.resume();
    answer(response, requests.length);
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, requests, times };
}

interface To {
  readonly apiUrl: string;
  readonly apiKey: ApiKey;
  readonly dispatcher?: MockAgent;
}

/** Both uses of the way: each asks once, and resolves to what came of it. */
const uses: [string, (to: To) => Promise<unknown>][] = [
  [
    "a run that is sent",
    async (to) => {
      const losses: unknown[] = [];
      const delivery = createDelivery({
        ...to,
        batchDelayMillis: 0,
        retry: { initialDelayMillis: 1, maxDelayMillis: 2, maxAgeMillis: 20 },
        onError: (loss) => void losses.push(loss),
      });
      delivery.send({ kind: "post", run: newRun() });
      await delivery.flush(2_000);
      await delivery.shutdown(0);
      return losses;
    },
  ],
  [
    "a run that is read",
    (to) =>
      createRest({ ...to, workspaceId: undefined, attempts: 1 })
        .call({ method: "GET", path: "/runs/1", subject: "run 1" })
        .catch((error: unknown) => error),
  ],
];

describe.each(uses)("%s", (_, use) => {
  it.each<[string, ApiKey]>([
    ["a text", "key-1\n"],
    ["a function's", () => "key-1\n"],
    ["a promise's", async () => " key-1\r\n"],
  ])("carries a key without the line break at its end: %s", async (_kind, apiKey) => {
    const server = await serve();
    await use({ apiUrl: server.url, apiKey });
    expect(server.requests.length).toBeGreaterThan(0);
    for (const { headers } of server.requests) expect(headers["x-api-key"]).toBe("key-1");
  });

  it("goes to no certificate that is not trusted, not even under NODE_TLS_REJECT_UNAUTHORIZED=0", async () => {
    const back = await serve();
    const certificate = makeCertificate();
    const front = await startTlsFront(back.port, certificate);
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      certificate.remove();
      await front.stop();
    });
    await use({ apiUrl: `https://localhost:${front.port}`, apiKey: "key-1" });
    expect(front.seen.connections).toBeGreaterThan(0);
    expect(back.requests).toEqual([]);
  });

  it("fails without a word of what the request carried, where a dispatcher's error quotes it, and without a cause", async () => {
    const dispatcher = new MockAgent();
    dispatcher.disableNetConnect();
    const outcome = await use({ apiUrl: "http://127.0.0.1:9", apiKey: "key-that-is-secret", dispatcher });
    expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain("key-that-is-secret");
    if (outcome instanceof Error) expect(outcome.cause).toBeUndefined();
  });

  it("fails without a word of a key that no header can hold", async () => {
    const server = await serve();
    const outcome = await use({ apiUrl: server.url, apiKey: () => "key-that\nis-secret" });
    expect(server.requests).toEqual([]);
    expect(inspect(outcome, { depth: 10, showHidden: true })).not.toMatch(/key-that|is-secret/);
  });

  it("fails without a word of what the function for the key threw", async () => {
    const server = await serve();
    const outcome = await use({
      apiUrl: server.url,
      apiKey: () => {
        throw new Error("no key-that-is-secret");
      },
    });
    expect(server.requests).toEqual([]);
    expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain("key-that-is-secret");
  });
});

describe("a read", () => {
  const read = (apiUrl: string) =>
    createRest({ apiUrl, apiKey: undefined, workspaceId: undefined }).call({
      method: "GET",
      path: "/runs/1",
      subject: "run 1",
    });

  it.each<[string, Record<string, string>]>([
    ["seconds", { "retry-after": "1" }],
    ["a date", { "retry-after": "Fri, 02 Jan 2026 03:04:06 GMT", date: "Fri, 02 Jan 2026 03:04:05 GMT" }],
  ])("comes back at the time that Retry-After names in %s, and no earlier", async (_form, headers) => {
    const server = await serve((response, at) => {
      if (at === 1) response.writeHead(503, headers);
    });
    await expect(read(server.url)).resolves.toEqual({});
    const [first = 0, second = 0] = server.times;
    expect(second - first).toBeGreaterThanOrEqual(990);
  });

  it("does not wait where the service names a time that is far, and asks no earlier", async () => {
    const server = await serve((response) => response.writeHead(429, { "retry-after": "3600" }));
    await expect(read(server.url)).rejects.toMatchObject({ code: "LSB_ERR_UNAVAILABLE", status: 429 });
    expect(server.requests).toHaveLength(1);
  });

  it("whose key cannot be had, or not be sent, is an error that says so, and is not tried again", async () => {
    const server = await serve();
    let asked = 0;
    const call = (apiKey: ApiKey) =>
      createRest({ apiUrl: server.url, apiKey, workspaceId: undefined }).call({
        method: "GET",
        path: "/runs/1",
        subject: "run 1",
      });
    const failing = () => {
      asked += 1;
      throw new TypeError("no");
    };
    await expect(call(failing)).rejects.toMatchObject({
      code: "LSB_ERR_ACCESS",
      message: expect.stringContaining("apiKey() failed with TypeError"),
    });
    expect(asked).toBe(1);
    await expect(call("a\nb")).rejects.toBeInstanceOf(LangSmithRequestError);
    await expect(call("a\nb")).rejects.toMatchObject({ code: "LSB_ERR_REQUEST" });
    expect(server.requests).toEqual([]);
  });
});

describe("exchange", () => {
  it("ends in time where the function for the key, or the answer, never comes", async () => {
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const agent = createAgent();
    onTestFinished(async () => {
      await agent.destroy();
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const service = {
      apiUrl: `http://127.0.0.1:${port}`,
      workspaceId: undefined,
      requestTimeoutMillis: 50,
      dispatcher: () => agent,
    };
    const call = { method: "GET", path: "/info" } as const;
    const error = { kind: "unavailable", message: "no answer within 50 ms" };
    await expect(exchange({ ...service, apiKey: () => new Promise(() => {}) }, call)).rejects.toMatchObject(error);
    await expect(exchange({ ...service, apiKey: "key" }, call)).rejects.toMatchObject(error);
  });
});

it("a back-off is random in the upper half of a ceiling that doubles, and never ends before the time that was asked for", () => {
  const millis = fc.integer({ min: 0, max: 100_000 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_000 }),
      millis,
      millis,
      fc.option(millis, { nil: undefined }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, initialMillis, maxMillis, afterMillis, random) => {
        const ceiling = Math.min(maxMillis, initialMillis * 2 ** attempt);
        const pause = backoffMillis(attempt, { initialMillis, maxMillis }, { afterMillis, random: () => random });
        const [least, most] =
          afterMillis === undefined ? [ceiling / 2, ceiling] : [afterMillis, afterMillis + Math.min(1_000, ceiling)];
        expect(pause).toBeGreaterThanOrEqual(least);
        expect(pause).toBeLessThanOrEqual(most);
      },
    ),
  );
});
