// wrapOpenAI against a model server: the same payloads as langsmith's own wrapper, and a client that stays a client.

import { Client as NativeClient } from "langsmith";
import { wrapOpenAI as wrapNative } from "langsmith/wrappers/openai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ModelServer, startModelServer } from "../../demo/model-server.mjs";
import { traceable } from "../../src/authoring/index.js";
import { wrapOpenAI } from "../../src/authoring/wrappers/openai.js";
import { startBridge, treeOf } from "../processor/bridge.js";
import type { StoredRun } from "../receiver.js";
import { startReceiver } from "../receiver.js";

let model: ModelServer;

beforeAll(async () => {
  model = await startModelServer();
});

afterAll(() => model.close());

const openai = () => new OpenAI({ baseURL: model.url, apiKey: "not-a-key", maxRetries: 0 });
const messages = [{ role: "user" as const, content: "What is the weather like?" }];
const tools = [
  {
    type: "function" as const,
    function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
  },
];

const calls: [string, (client: OpenAI) => Promise<unknown>][] = [
  [
    "a chat completion",
    (client) => client.chat.completions.create({ model: "gpt-5.4-mini", messages, temperature: 0.5, seed: 7 }),
  ],
  [
    "a streamed one",
    async (client) => {
      const stream = await client.chat.completions.create({
        model: "gpt-5.4-mini",
        messages,
        stream: true,
        stream_options: { include_usage: true },
      });
      for await (const _ of stream);
    },
  ],
  ["a tool call", (client) => client.chat.completions.create({ model: "gpt-5.4-mini", messages, tools })],
  [
    "a streamed tool call",
    async (client) => {
      const stream = await client.chat.completions.create({ model: "gpt-5.4-mini", messages, tools, stream: true });
      for await (const _ of stream);
    },
  ],
  ["a response", (client) => client.responses.create({ model: "gpt-5.4-mini", input: "Hello" })],
  [
    "a streamed response",
    async (client) => {
      const stream = await client.responses.create({ model: "gpt-5.4-mini", input: "Hello", stream: true });
      for await (const _ of stream);
    },
  ],
  [
    "a refused call",
    (client) =>
      client.chat.completions
        .create({ model: "gpt-5.4-mini", messages: [{ role: "user", content: "TRIGGER_400" }] })
        .catch(() => {}),
  ],
];

function comparable(run: StoredRun) {
  // The form of the messages is ours to add.
  const metadata = Object.entries(run.extra.metadata).filter(
    ([key]) => key.startsWith("ls_") && key !== "ls_run_depth" && key !== "ls_message_format",
  );
  const { usage_metadata: inOutputs, ...outputs } = run.outputs ?? {};
  const usage = withoutZeros(run.extra.metadata["usage_metadata"] ?? inOutputs);
  return JSON.parse(
    JSON.stringify({
      name: run.name,
      run_type: run.run_type,
      inputs: run.inputs,
      outputs,
      usage,
      metadata: Object.fromEntries(metadata.sort()),
      error: run.error?.split("\n", 1)[0],
    })
      .replaceAll(/"(?:chatcmpl|resp|msg|call|fc|rs)[-_][^"]*"/g, '"id"')
      .replaceAll(/"(created|created_at)":[\d.]+/g, '"$1":0'),
  );
}

/** Details that are zero say nothing, and are left out here. */
function withoutZeros(usage: unknown): unknown {
  if (typeof usage !== "object" || usage === null) return usage;
  const entries = Object.entries(usage).map(([key, value]) => [key, withoutZeros(value)] as const);
  const kept = entries.filter(([, value]) => value !== 0 && JSON.stringify(value) !== "{}");
  return Object.fromEntries(kept);
}

describe("a wrapped client logs what langsmith's own wrapper logs", () => {
  it.each(calls)("%s", async (_name, call) => {
    const bridge = await startBridge();
    await call(wrapOpenAI(openai()));
    const [ours] = (await bridge.finish()).runs.values();
    const receiver = await startReceiver();
    process.env.LANGSMITH_TRACING = "true";
    const client = new NativeClient({ apiUrl: receiver.url, apiKey: "not-a-key" });
    await call(wrapNative(openai(), { client }));
    await client.awaitPendingTraceBatches();
    const [theirs] = receiver.runs.values();
    await receiver.close();
    delete process.env.LANGSMITH_TRACING;
    if (!ours || !theirs) throw new Error("no run");
    expect(comparable(ours)).toEqual(comparable(theirs));
  });
});

describe("a wrapped client", () => {
  it("nests its calls, counts tokens once, and logs embeddings without their vectors", async () => {
    const bridge = await startBridge();
    const client = wrapOpenAI(openai(), { tags: ["wrapped"], metadata: { tier: "test" } });
    await traceable(
      async () => {
        await client.chat.completions.create({ model: "gpt-5.4-mini", messages });
        await client.embeddings.create({ model: "text-embedding-3-small", input: ["a", "b"] });
      },
      { name: "agent" },
    )();
    const receiver = await bridge.finish();
    expect(treeOf(receiver)).toEqual(["agent(ChatOpenAI, OpenAIEmbeddings)"]);
    expect(receiver.one("ChatOpenAI")).toMatchObject({ tags: ["wrapped"], extra: { metadata: { tier: "test" } } });
    const embeddings = receiver.one("OpenAIEmbeddings");
    expect(embeddings).toMatchObject({
      run_type: "embedding",
      inputs: { input: ["a", "b"] },
      outputs: { data: [{ dimensions: expect.any(Number) }, { dimensions: expect.any(Number) }] },
      extra: { metadata: { ls_model_type: "embedding", usage_metadata: { input_tokens: expect.any(Number) } } },
    });
    expect(JSON.stringify(embeddings.outputs)).not.toContain('embedding":');
  });

  it("gives back the client's own promise: withResponse, asResponse with a body nobody has read", async () => {
    const bridge = await startBridge();
    const client = wrapOpenAI(openai());
    const { data, response } = await client.chat.completions.create({ model: "m", messages }).withResponse();
    expect([data.object, response.status]).toEqual(["chat.completion", 200]);
    const bare = await client.chat.completions.create({ model: "m", messages }).asResponse();
    expect(await bare.json()).toMatchObject({ object: "chat.completion" });
    const receiver = await bridge.finish();
    expect(receiver.byName("ChatOpenAI").map((run) => run.outputs)).toEqual([
      expect.objectContaining({ object: "chat.completion" }),
      { status: 200 },
    ]);
  });

  it("traces what its withOptions gives, and an answer that is taken through the client's own helpers", async () => {
    const bridge = await startBridge();
    const client = wrapOpenAI(openai(), { tags: ["wrapped"] });
    await client.withOptions({ timeout: 5_000 }).chat.completions.create({ model: "m", messages });
    const promise: unknown = client.chat.completions.create({ model: "m", messages });
    const unwrap: unknown = Reflect.get(Object(promise), "_thenUnwrap");
    if (typeof unwrap !== "function") throw new Error("the client has no such method any more");
    expect(await unwrap.call(promise, (answer: { object: string }) => ({ took: answer.object }))).toEqual({
      took: "chat.completion",
    });
    const [first, second] = (await bridge.finish()).byName("ChatOpenAI");
    expect(first).toMatchObject({ tags: ["wrapped"], outputs: { object: "chat.completion" } });
    expect(second).toMatchObject({ outputs: { took: "chat.completion" } });
  });

  it("is an OpenAI client still, and is not wrapped twice", async () => {
    const bare = openai();
    const client = wrapOpenAI(bare);
    expect(client).toBeInstanceOf(OpenAI);
    expect([client.baseURL, client.chat.completions.messages]).toEqual([bare.baseURL, bare.chat.completions.messages]);
    expect(client.withOptions({ timeout: 1 })).toBeInstanceOf(OpenAI);
    expect(() => wrapOpenAI(client)).toThrow(/already wrapped/);
    expect(bare.chat.completions.create).not.toBe(client.chat.completions.create);
  });

  it("takes metadata and a name for one call, and keeps request options out of the inputs", async () => {
    const bridge = await startBridge();
    await wrapOpenAI(openai()).chat.completions.create(
      { model: "m", messages },
      {
        headers: { "x-secret": "hidden" },
        langsmithExtra: { name: "Named", metadata: { call: 1 } },
      },
    );
    const run = (await bridge.finish()).one("Named");
    expect(run.inputs).toEqual({ model: "m", messages });
    expect(run.extra.metadata).toMatchObject({ call: 1 });
  });

  it("ends the run of a stream helper with its final completion, and one broken off as cancelled", async () => {
    const bridge = await startBridge();
    const client = wrapOpenAI(openai());
    const stream = client.chat.completions.stream({ model: "m", messages });
    expect((await stream.finalChatCompletion()).choices.length).toBe(1);
    for await (const _ of await client.chat.completions.create({ model: "m", messages, stream: true })) break;
    const [whole, broken] = (await bridge.finish()).byName("ChatOpenAI");
    expect(whole?.error).toBeUndefined();
    expect(broken?.error).toBe("Cancelled");
  });

  it("keeps several tool calls of one streamed choice apart", async () => {
    const bridge = await startBridge();
    const stream = await wrapOpenAI(openai()).chat.completions.create({
      model: "m",
      messages: [{ role: "user", content: "Compare the weather" }],
      tools,
      stream: true,
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(structuredClone(chunk));
    const [run] = (await bridge.finish()).runs.values();
    expect(run?.outputs).toMatchObject({ choices: [{ message: { tool_calls: [{ index: 0 }, { index: 1 }] } }] });
    expect(chunks.length).toBeGreaterThan(2);
  });

  it("traces each model call that the client's tool runner makes", async () => {
    const bridge = await startBridge();
    const asked: unknown[] = [];
    const runner = wrapOpenAI(openai()).chat.completions.runTools({
      model: "m",
      messages,
      tools: [
        {
          type: "function",
          function: {
            name: "get_weather",
            description: "",
            parse: JSON.parse,
            function: (args: unknown) => {
              asked.push(args);
              return "18 degrees";
            },
            parameters: { type: "object", properties: { city: { type: "string" } } },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toEqual(expect.any(String));
    expect(asked).toEqual([{ city: "Paris" }]);
    const runs = (await bridge.finish()).byName("ChatOpenAI");
    expect(runs.map((run) => run.outputs)).toEqual([
      expect.objectContaining({ object: "chat.completion" }),
      expect.objectContaining({ object: "chat.completion" }),
    ]);
  });

  it("traces the helpers that clients before version 5 have below `beta`, once a call", async () => {
    const bridge = await startBridge();
    const bare = openai();
    const older = Object.assign(bare, { beta: { ...bare.beta, chat: { completions: bare.chat.completions } } });
    const { completions } = wrapOpenAI(older).beta.chat;
    await completions.parse({ model: "m", messages });
    await completions.stream({ model: "m", messages }).finalChatCompletion();
    const runs = (await bridge.finish()).byName("ChatOpenAI");
    expect(runs.map(({ error, inputs }) => [error, inputs])).toEqual([
      [undefined, { model: "m", messages }],
      [undefined, { model: "m", messages }],
    ]);
  });

  it("keeps of a streamed answer what a whole one would have: a refusal, a model's thinking", async () => {
    const bridge = await startBridge();
    const deltas = [
      { role: "assistant", content: null, refusal: "I can" },
      { reasoning_content: "No" },
      { refusal: "not.", reasoning_content: "pe" },
    ];
    const lines = deltas.map((delta) => `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`);
    const fetch = async () =>
      new Response([...lines, "data: [DONE]\n\n"].join(""), { headers: { "content-type": "text/event-stream" } });
    const client = wrapOpenAI(new OpenAI({ apiKey: "not-a-key", fetch }));
    for await (const _ of await client.chat.completions.create({ model: "m", messages, stream: true }));
    expect((await bridge.finish()).one("ChatOpenAI").outputs).toMatchObject({
      choices: [{ message: { role: "assistant", content: "", refusal: "I cannot.", reasoning_content: "Nope" } }],
    });
  });
});
