// wrapAnthropic with the real client against a real socket: the same payloads as langsmith's own wrapper, and more.
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isTraceableFunction, traceable } from "../../../src/authoring/index.js";
import { createUsageMetadata, wrapAnthropic } from "../../../src/authoring/wrappers/anthropic.js";
import { startBridge, treeOf } from "../../processor/bridge.js";
import { startMessageServer } from "./message-server.js";

let server: Awaited<ReturnType<typeof startMessageServer>>;
beforeAll(async () => {
  server = await startMessageServer();
});
afterAll(() => server.close());

const client = () => new Anthropic({ baseURL: server.url, apiKey: "not-a-key", maxRetries: 0 });
const request = {
  model: "claude-test",
  max_tokens: 100,
  temperature: 0.5,
  stop_sequences: ["END"],
  system: "Be brief.",
  messages: [{ role: "user" as const, content: "Rain in Rome?" }],
};
type Wrapped = Anthropic;

const WAYS: [string, (anthropic: Wrapped) => Promise<unknown>][] = [
  ["a message", (anthropic) => anthropic.messages.create(request)],
  [
    "a streamed message",
    async (anthropic) => {
      for await (const _ of await anthropic.messages.create({ ...request, stream: true }));
    },
  ],
  ["the stream helper's final message", (anthropic) => anthropic.messages.stream(request).finalMessage()],
  [
    "the stream helper, iterated",
    async (anthropic) => {
      for await (const _ of anthropic.messages.stream(request));
    },
  ],
  ["a beta message", (anthropic) => anthropic.beta.messages.create(request)],
];

describe("wrapAnthropic", () => {
  it.each(WAYS)("traces %s with its thinking, its tool call and its tokens", async (_, call) => {
    const bridge = await startBridge();
    await call(wrapAnthropic(client()));
    const receiver = await bridge.finish();
    const run = receiver.one("ChatAnthropic");
    expect(run).toMatchObject({
      run_type: "llm",
      inputs: {
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Rain in Rome?" },
        ],
      },
      outputs: {
        role: "assistant",
        stop_reason: "tool_use",
        content: [
          { type: "thinking", thinking: "Hm, rain.", signature: "sig" },
          { type: "text", text: "Let me see." },
          { type: "tool_use", name: "get_weather", input: { city: "Rome" } },
        ],
      },
      extra: {
        metadata: {
          ls_provider: "anthropic",
          ls_model_name: "claude-test",
          ls_max_tokens: 100,
          ls_temperature: 0.5,
          ls_stop: ["END"],
          usage_metadata: { input_tokens: 17, output_tokens: 4, total_tokens: 21 },
        },
      },
    });
    expect(run.outputs).not.toHaveProperty("usage");
  });

  it("leaves batches and counting alone, hands on what is not the model's, and stays a client", async () => {
    const bridge = await startBridge();
    const bare = client();
    const anthropic = wrapAnthropic(bare);
    expect(isTraceableFunction(anthropic.messages.batches.create)).toBe(false);
    expect(await anthropic.messages.countTokens({ model: "m", messages: request.messages })).toEqual({
      input_tokens: 10,
    });
    expect(anthropic).toBeInstanceOf(Anthropic);
    const { response } = await anthropic.messages.create(request).withResponse();
    expect(response.status).toBe(200);
    expect(isTraceableFunction(bare.messages.create)).toBe(false);
    expect(() => wrapAnthropic(anthropic)).toThrow("already wrapped");
    const receiver = await bridge.finish();
    expect(receiver.byName("ChatAnthropic")).toHaveLength(1);
  });

  it("takes a name, tags and metadata for all calls and for one, and nests", async () => {
    const bridge = await startBridge();
    const anthropic = wrapAnthropic(client().withOptions({ maxRetries: 1 }), {
      metadata: { team: "a" },
      tags: ["all"],
    });
    const options = { langsmithExtra: { name: "one", tags: ["one"], metadata: { user: "u" } } };
    await traceable(() => anthropic.messages.create(request, options), { name: "above" })();
    const receiver = await bridge.finish();
    // The client makes a span of its own below; its tokens count once.
    expect(treeOf(receiver)).toEqual([expect.stringMatching(/^above\(one/)]);
    expect(receiver.one("one")).toMatchObject({ tags: ["all", "one"], extra: { metadata: { team: "a", user: "u" } } });
  });

  it("sends no key: neither request options nor what a server is reached with", async () => {
    const bridge = await startBridge();
    const mcp_servers = [
      { type: "url" as const, name: "s", url: "https://mcp.example", authorization_token: "hunter2" },
    ];
    const anthropic = wrapAnthropic(client());
    await anthropic.beta.messages.create({ ...request, mcp_servers }, { headers: { "x-secret": "hunter2" } });
    const receiver = await bridge.finish();
    expect(JSON.stringify(receiver.operations)).not.toContain("hunter2");
    expect(receiver.one("ChatAnthropic").inputs).toMatchObject({
      mcp_servers: [{ name: "s", url: "https://mcp.example" }],
    });
  });

  it("counts cached tokens among the input's, as LangSmith does", () => {
    const cache_creation = { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 2 };
    expect(
      createUsageMetadata({ input_tokens: 10, output_tokens: 4, cache_creation, cache_read_input_tokens: 3 }),
    ).toEqual({
      input_tokens: 16,
      output_tokens: 4,
      total_tokens: 20,
      input_token_details: { ephemeral_5m_input_tokens: 1, ephemeral_1hr_input_tokens: 2, cache_read: 3 },
    });
    expect(createUsageMetadata(undefined)).toBeUndefined();
  });
});
