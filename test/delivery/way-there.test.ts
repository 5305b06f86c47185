// The way there, when it is not open from the start: proxies, certificates, names that do not resolve yet.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Agent } from "undici";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../src/delivery/index.js";
import { type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import {
  type Certificate,
  makeCertificate,
  sourceUrl,
  startChild,
  startConnectProxy,
  startTlsFront,
  until,
} from "./network-fixtures.js";
import { newRun } from "./runs.js";

let trusted: Certificate & { remove(): void };
let other: Certificate & { remove(): void };
let server: MisbehavingServer;
const open: Delivery[] = [];
const closing: (() => Promise<unknown>)[] = [];

beforeAll(() => {
  trusted = makeCertificate();
  other = makeCertificate();
});

afterAll(() => {
  trusted.remove();
  other.remove();
});

beforeEach(async () => {
  server = await startMisbehavingServer();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
  for (const close of closing.splice(0).reverse()) await close();
  await server.stop();
});

const retry = { initialDelayMillis: 5, maxDelayMillis: 20 };

function deliver(options: Partial<DeliveryOptions>): Delivery {
  const delivery = createDelivery({ apiUrl: server.url, batchDelayMillis: 1, retry, ...options });
  open.push(delivery);
  return delivery;
}

async function tlsFront(certificate: Certificate) {
  const front = await startTlsFront(server.port, certificate);
  closing.push(() => front.stop());
  return { ...front, url: `https://localhost:${front.port}` };
}

async function connectProxy() {
  const proxy = await startConnectProxy();
  closing.push(() => proxy.stop());
  return proxy;
}

function agentOf(options: Agent.Options): Agent {
  const agent = new Agent(options);
  closing.push(() => agent.destroy());
  return agent;
}

/** Sends one run, waits as long as it is told for its answer, and says what came of it. */
const SENDER = `
  const { createDelivery } = await import(${sourceUrl("delivery/index.ts")});
  const [apiUrl, runText, wait] = process.argv.slice(-3);
  const delivery = createDelivery({ apiUrl, batchDelayMillis: 1, retry: ${JSON.stringify(retry)} });
  delivery.send({ kind: "post", run: JSON.parse(runText) });
  await delivery.flush(Number(wait));
  console.log(JSON.stringify(delivery.stats()));
  await delivery.shutdown(0);
`;

async function sendFromChild(apiUrl: string, env: Record<string, string>, waitMillis: number): Promise<number> {
  const child = startChild(SENDER, env, [apiUrl, JSON.stringify(newRun()), String(waitMillis)]);
  const code = await child.exited;
  const sent = /"sent":(\d+)/.exec(child.out())?.[1];
  if (code !== 0 || sent === undefined) throw new Error(`the child ended with ${code}: ${child.out()}`);
  return Number(sent);
}

describe("HTTPS_PROXY, NO_PROXY and NODE_EXTRA_CA_CERTS", () => {
  it("take runs over TLS through the proxy, and past it for the hosts of NO_PROXY", async () => {
    const front = await tlsFront(trusted);
    const proxy = await connectProxy();
    const env = { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: trusted.certPath };
    expect(await sendFromChild(front.url, env, 20_000)).toBe(1);
    expect(new Set(proxy.asked)).toEqual(new Set([`localhost:${front.port}`]));
    expect(server.runs.size).toBe(1);

    const before = proxy.asked.length;
    expect(await sendFromChild(front.url, { ...env, NO_PROXY: "example.com,localhost" }, 20_000)).toBe(1);
    expect(proxy.asked).toHaveLength(before);
    expect(server.runs.size).toBe(2);
  }, 60_000);

  it("are what makes a private CA's certificate trusted: without it no run goes out", async () => {
    const front = await tlsFront(trusted);
    expect(await sendFromChild(front.url, {}, 500)).toBe(0);
    expect(server.requests).toEqual([]);
    expect(await sendFromChild(front.url, { NODE_EXTRA_CA_CERTS: trusted.certPath }, 20_000)).toBe(1);
    expect(server.runs.size).toBe(1);
  }, 60_000);
});

describe("what may pass by itself is tried again, and the runs arrive", () => {
  it("when the host's name does not resolve at first", async () => {
    let lookups = 0;
    const dispatcher = agentOf({
      connect: {
        lookup(hostname, options, callback) {
          lookups += 1;
          if (lookups <= 4) {
            const code = lookups % 2 === 0 ? "ENOTFOUND" : "EAI_AGAIN";
            callback(Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code }), "", 0);
          } else if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
          else callback(null, "127.0.0.1", 4);
        },
      },
    });
    const delivery = deliver({ apiUrl: `http://langsmith.example:${server.port}`, dispatcher });
    for (let i = 0; i < 10; i += 1) delivery.send({ kind: "post", run: newRun() });
    await until(() => server.runs.size === 10);
    await delivery.flush(10_000);
    expect(lookups).toBeGreaterThan(4);
    expect(delivery.stats()).toMatchObject({ sent: 10, repeated: 0, lost: {} });
    expect(server.repeated).toBe(0);
  });

  it("when the certificate becomes a trusted one", async () => {
    const front = await tlsFront(other);
    const delivery = deliver({ apiUrl: front.url, dispatcher: agentOf({ connect: { ca: trusted.cert } }) });
    for (let i = 0; i < 10; i += 1) delivery.send({ kind: "post", run: newRun() });
    await until(() => front.seen.connections >= 3);
    expect(server.requests).toEqual([]);
    expect(delivery.stats()).toMatchObject({ sent: 0, lost: {} });
    front.show(trusted);
    await delivery.flush(20_000);
    expect(server.runs.size).toBe(10);
    expect(delivery.stats()).toMatchObject({ sent: 10, lost: {} });
    expect(server.repeated).toBe(0);
  });
});

describe("TLS is verified", () => {
  it("an untrusted certificate never gets a run, not even under NODE_TLS_REJECT_UNAUTHORIZED=0, with a proxy or without", async () => {
    const front = await tlsFront(other);
    const proxy = await connectProxy();
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    expect(await sendFromChild(front.url, env, 500)).toBe(0);
    expect(front.seen.connections).toBeGreaterThan(0);
    const direct = front.seen.connections;
    expect(await sendFromChild(front.url, { ...env, HTTPS_PROXY: proxy.url }, 500)).toBe(0);
    expect(proxy.asked.length).toBeGreaterThan(0);
    expect(front.seen.connections).toBeGreaterThan(direct);
    expect(server.requests).toEqual([]);
  }, 60_000);

  it("is switched off by undici's own dispatcher, and by no option of ours", async () => {
    const front = await tlsFront(other);
    const dispatcher = agentOf({ connect: { rejectUnauthorized: false } });
    const careless = deliver({ apiUrl: front.url, dispatcher });
    careless.send({ kind: "post", run: newRun() });
    await careless.flush(20_000);
    expect(server.runs.size).toBe(1);

    const src = new URL("../../src/", import.meta.url).pathname;
    const found: string[] = [];
    for (const name of readdirSync(src, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts")) continue;
      for (const line of readFileSync(join(src, name), "utf8").split("\n")) {
        if (/rejectUnauthorized|TLS_REJECT_UNAUTHORIZED|checkServerIdentity|insecure/i.test(line)) found.push(line);
      }
    }
    // Said where it is switched on, and nowhere else; never by something that an option decides.
    expect(found.filter((line) => !/rejectUnauthorized: true\b/.test(line) && !/^\s*(\/\/|\/?\*)/.test(line))).toEqual(
      [],
    );
  });
});
