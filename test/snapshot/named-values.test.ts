// What holds keys or cookies is named in a run, whoever made it, and never written out.
import { EventEmitter } from "node:events";
import http, { type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { trace } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import express from "express";
import { Hono } from "hono";
import { Redis } from "ioredis";
import { Client as NativeClient } from "langsmith";
import OpenAI, { AzureOpenAI } from "openai";
import { describe, expect, it } from "vitest";
import { RunTree, traceable } from "../../src/authoring/index.js";
import { wrapOpenAI } from "../../src/authoring/wrappers/openai.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { snapshot } from "../../src/snapshot/snapshot.js";
import { startReceiver } from "../receiver.js";

/** In every value below, and in nothing that is sent. */
const SECRET = "sk-3c3f2e";

class AxiosHeaders {
  [name: string]: unknown;
  constructor(headers: Record<string, string>) {
    Object.assign(this, headers);
  }
  toJSON() {
    return { ...this };
  }
}
class SearchService {
  readonly options = { apiKey: SECRET };
}
class Gateway {
  constructor(
    readonly baseUrl: string,
    readonly headersOfAll: () => string,
  ) {}
  call() {}
}
class CohereClient {
  readonly _options = { token: SECRET };
  chat() {}
}
class Feed extends EventEmitter {
  readonly url = `wss://host/?token=${SECRET}`;
}
class KeyCredential {
  readonly _key = SECRET;
  update() {}
}
class Signer {
  readonly jsonContent = { client_email: "a@b", private_key: SECRET };
  sign() {}
}
class VectorClientV2 {
  readonly _options = { token: SECRET };
}
const axios = {
  method: "get",
  url: `https://host/a?key=${SECRET}`,
  headers: {},
  validateStatus: () => true,
  auth: { username: "u", password: SECRET },
};
const openai = new OpenAI({ apiKey: SECRET, baseURL: "http://127.0.0.1:1" });
const redis = new Redis({ password: SECRET, lazyConnect: true });

const cases: [string, unknown, unknown][] = [
  ["an OpenAI client", openai, "[OpenAI]"],
  ["a wrapped OpenAI client", wrapOpenAI(openai), "[OpenAI]"],
  [
    "an Azure client",
    new AzureOpenAI({ apiKey: SECRET, apiVersion: "2024-10-21", baseURL: "http://127.0.0.1:1" }),
    "[AzureOpenAI]",
  ],
  ["the langsmith package's client", new NativeClient({ apiKey: SECRET, apiUrl: "http://127.0.0.1:1" }), "[Client]"],
  ["a client of a database, by what it says it is", redis, "[EventEmitter]"],
  ["a client that keeps its key among its options", new SearchService(), "[SearchService]"],
  ["a client that is named so", new CohereClient(), "[CohereClient]"],
  ["an instance that knows an address to call", new Gateway("https://host", () => SECRET), "[Gateway]"],
  ["what emits events", new Feed(), "[Feed]"],
  [
    "a resource of a client",
    { completions: openai.chat.completions },
    { completions: { _client: "[OpenAI]", messages: { _client: "[OpenAI]" } } },
  ],
  ["a client in a list and in a Map", [[openai], new Map([["c", openai]])], [["[OpenAI]"], { c: "[OpenAI]" }]],
  ["Headers", new Headers({ authorization: SECRET }), "[Headers]"],
  ["headers that write themselves out", new AxiosHeaders({ Authorization: SECRET }), "[AxiosHeaders]"],
  [
    "a Request, without user, query and fragment",
    new Request(`https://host/v1/chat?key=${SECRET}#${SECRET}`, { method: "POST", headers: { cookie: SECRET } }),
    "[Request POST https://host/v1/chat]",
  ],
  ["a Response", new Response("body", { status: 404, headers: { "set-cookie": SECRET } }), "[Response 404]"],
  [
    "plain options of a request",
    { method: "POST", headers: { "content-type": "text/plain", Authorization: `Bearer ${SECRET}` }, body: "hello" },
    { method: "POST", headers: "[Headers]", body: "hello" },
  ],
  ["headers as pairs", { headers: [["x-api-key", SECRET]] }, { headers: "[Headers]" }],
  ["plain headers by themselves", { accept: "*/*", authorization: `Bearer ${SECRET}` }, "[Headers]"],
  ["headers as names and values by turns", { rawHeaders: ["Authorization", SECRET] }, { rawHeaders: "[Headers]" }],
  ["headers in a Map", new Map([["authorization", `Bearer ${SECRET}`]]), "[Headers]"],
  ["headers by method", { headers: { common: { Authorization: SECRET } } }, { headers: "[Headers]" }],
  ["what axios was asked with", axios, "[Request GET https://host/a]"],
  [
    "what axios answered",
    { status: 401, data: "no", config: axios },
    { status: 401, data: "no", config: "[Request GET https://host/a]" },
  ],
  ["who is let in", { auth: { username: "u", password: SECRET } }, { auth: "[Credentials]" }],
  ["a mail transport's user", { host: "h", auth: { user: "u", pass: SECRET } }, { host: "h", auth: "[Credentials]" }],
  ["keys of a cloud", { accessKeyId: SECRET, secretAccessKey: SECRET }, "[Credentials]"],
  [
    "a cloud's options",
    { region: "r", credentials: { secretAccessKey: SECRET } },
    { region: "r", credentials: "[Credentials]" },
  ],
  [
    "a service account",
    { type: "service_account", private_key: `-----BEGIN PRIVATE KEY-----${SECRET}` },
    "[Credentials]",
  ],
  ["an OAuth grant", { access_token: SECRET, token_type: "Bearer" }, "[Credentials]"],
  ["credentials of a class", new KeyCredential(), "[KeyCredential]"],
  ["what signs with a service account", new Signer(), "[Signer]"],
  ["a client whose name has a version", new VectorClientV2(), "[VectorClientV2]"],
  ["an address with a user", new URL(`https://u:${SECRET}@host/a?b=c`), "https://host/a?b=c"],
  ["the environment", { env: process.env }, { env: "[process.env]" }],
  [
    "an error of a client",
    Object.assign(new Error("401"), { config: { headers: new AxiosHeaders({ Authorization: SECRET }) } }),
    { name: "Error", message: "401", config: { headers: "[AxiosHeaders]" } },
  ],
];

describe("what holds keys is named, not written out", () => {
  it.each(cases)("%s", (_, value, form) => {
    const copy = snapshot(value);
    expect(copy).toEqual(form);
    expect(JSON.stringify(copy)).not.toContain(SECRET);
  });

  it("Node's requests and responses, on both sides", async () => {
    const seen: unknown[] = [];
    const server = http.createServer((request: IncomingMessage, response: ServerResponse) => {
      seen.push(snapshot({ request, response }));
      response.setHeader("set-cookie", SECRET).end("ok");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const sent: ClientRequest = http.request(`http://127.0.0.1:${port}/a/b?key=${SECRET}`, {
      method: "PUT",
      headers: { authorization: SECRET },
    });
    const answer = await new Promise<IncomingMessage>((resolve) => sent.on("response", resolve).end());
    expect(seen).toEqual([{ request: "[IncomingMessage PUT /a/b]", response: "[ServerResponse 200]" }]);
    expect(snapshot([sent, answer, server, answer.socket])).toEqual([
      "[ClientRequest PUT http://127.0.0.1/a/b]",
      "[IncomingMessage 200]",
      "[Server]",
      "[Socket]",
    ]);
    answer.resume();
    await new Promise((resolve) => answer.on("end", resolve));
    server.closeAllConnections();
    server.close();
  });

  it("a framework's requests, responses and contexts", async () => {
    const seen: unknown[] = [];
    const app = express().get("/ask", (request, response) => {
      seen.push(snapshot([request, response]));
      response.end();
    });
    const server = app.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await fetch(`http://127.0.0.1:${port}/ask?key=${SECRET}`, { headers: { authorization: SECRET } });
    server.closeAllConnections();
    server.close();
    expect(seen).toEqual([["[IncomingMessage GET /ask]", "[ServerResponse 200]"]]);
    const hono = new Hono().get("/ask", (context) => {
      seen.push(snapshot({ context, request: context.req }));
      return context.text("ok");
    });
    await hono.request(`/ask?key=${SECRET}`, { headers: { authorization: SECRET } }, { API_KEY: SECRET });
    expect(JSON.stringify(seen)).not.toContain(SECRET);
    expect(seen[1]).toEqual({ context: "[Context]", request: "[HonoRequest GET http://localhost/ask]" });
  });
});

it("among a traceable's arguments and results, and in a run tree", async () => {
  const receiver = await startReceiver();
  const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url, projectName: "test", batchDelayMillis: 1 });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer("test");
  const request = new Request("https://host/a?b", { headers: { cookie: SECRET } });
  await traceable(async (_: unknown) => new Response(), { name: "one", tracer, metadata: { openai } })(openai);
  await traceable(async (..._: unknown[]) => ({ request }), { name: "two", tracer })(openai, [request]);
  trace.setGlobalTracerProvider(provider);
  const tree = new RunTree({ name: "tree", inputs: { request }, metadata: { openai } });
  await tree.postRun();
  await tree.end({ openai });
  await tree.patchRun();
  await provider.shutdown();
  trace.disable();
  await receiver.close();
  expect(receiver.one("one")).toMatchObject({
    inputs: { input: "[OpenAI]" },
    outputs: { outputs: "[Response 200]" },
    extra: { metadata: { openai: "[OpenAI]" } },
  });
  expect(receiver.one("two")).toMatchObject({
    inputs: { args: ["[OpenAI]", ["[Request GET https://host/a]"]] },
    outputs: { request: "[Request GET https://host/a]" },
  });
  const sent = receiver.one("tree");
  expect(sent.inputs).toEqual({ request: "[Request GET https://host/a]" });
  expect(sent.outputs).toEqual({ openai: "[OpenAI]" });
  expect(JSON.stringify(["one", "two", "tree"].map((name) => receiver.one(name)))).not.toContain(SECRET);
});

class Card {
  constructor(
    readonly title: string,
    readonly token: string,
  ) {}
  flip() {}
}
class Client {
  constructor(readonly name: string) {}
  greet() {}
}
class Meeting {
  readonly host = "Ann";
  readonly status = 1;
  readonly header = ["who", "when"];
}

describe("what is data stays data", () => {
  it.each<[string, unknown, unknown]>([
    ["a request of a user's own", { url: "https://host/a", method: "GET" }, { url: "https://host/a", method: "GET" }],
    ["an auth that is a word", { auth: "required", credentials: ["a"] }, { auth: "required", credentials: ["a"] }],
    ["tokens of a text", { access_token: 5, tokens: ["a"] }, { access_token: 5, tokens: ["a"] }],
    ["headers of a table", { headers: ["name", "age"] }, { headers: ["name", "age"] }],
    ["an instance with words that also clients use", new Card("a", "b"), { title: "a", token: "b" }],
    ["somebody's customer", new Client("ACME"), { name: "ACME" }],
    ["a thing with a host and a header", new Meeting(), { host: "Ann", status: 1, header: ["who", "when"] }],
    ["the headers of a table", { headers: ["name", "cookie"] }, { headers: ["name", "cookie"] }],
    ["headers without a credential", { headers: { accept: "*/*" } }, { headers: { accept: "*/*" } }],
    ["a recipe", { cookie: "chocolate" }, { cookie: "chocolate" }],
    ["a URL", new URL("http://host/p?q=1"), "http://host/p?q=1"],
  ])("%s", (_, value, form) => expect(snapshot(value)).toEqual(form));
});
