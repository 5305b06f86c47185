// The demo's model server, met by the real clients that speak to it: the openai package and the Vercel AI SDK.
import { createOpenAI } from "@ai-sdk/openai";
import { embed, generateText, Output, stepCountIs, streamText, tool } from "ai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ModelServer, startModelServer } from "../../demo/model-server.mjs";

let server: ModelServer;
let client: OpenAI;
let provider: ReturnType<typeof createOpenAI>;

beforeAll(async () => {
  server = await startModelServer();
  client = new OpenAI({ baseURL: server.url, apiKey: "none" });
  provider = createOpenAI({ baseURL: server.url, apiKey: "none" });
});
afterAll(() => server.close());

const weatherTool: OpenAI.ChatCompletionTool = {
  type: "function",
  function: {
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const ask = (content: string): OpenAI.ChatCompletionMessageParam[] => [{ role: "user", content }];

describe("the openai client", () => {
  it("gets a whole completion with usage", async () => {
    const completion = await client.chat.completions.create({
      model: "gpt-4o-mini",
      messages: ask("What is the capital of France?"),
    });
    expect(completion.choices[0]?.message.content).toBe("The capital of France is Paris.");
    expect(completion.usage).toMatchObject({ prompt_tokens: 25, completion_tokens: 9, total_tokens: 34 });
  });

  it("gets the same text streamed, with usage last when it asked for it", async () => {
    const stream = await client.chat.completions.create({
      model: "gpt-4o-mini",
      messages: ask("What is the capital of France?"),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      "The capital of France is Paris.",
    );
    expect(chunks).toHaveLength(9);
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(34);
  });

  it.each([
    ["What is the weather in Paris?", ['{"city":"Paris"}'], 82, 17],
    ["Compare the weather in Paris and Berlin", ['{"city":"Paris"}', '{"city":"Berlin"}'], 85, 31],
    ["TOOLFAIL weather in Atlantis?", ['{"city":"Atlantis"}'], 84, 17],
    ["BADARGS weather", ['{"city": "Par'], 84, 9],
  ])("is told to call a tool: %s", async (question, args, prompt, completion) => {
    const request = { model: "gpt-4o-mini", messages: ask(question), tools: [weatherTool] };
    const whole = await client.chat.completions.create(request);
    const calls = whole.choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => (call.type === "function" ? call.function.arguments : ""))).toEqual(args);
    expect(whole.usage).toMatchObject({ prompt_tokens: prompt, completion_tokens: completion });
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls).toEqual(calls);
  });

  it("gets the errors it asks for", async () => {
    for (const status of [400, 429, 500]) {
      const call = client.chat.completions.create(
        { model: "gpt-4o-mini", messages: ask(`TRIGGER_${status}`) },
        { maxRetries: 0 },
      );
      await expect(call).rejects.toMatchObject({ status });
    }
  });

  it("sees a stream break off after four words", async () => {
    const stream = await client.chat.completions.create({
      model: "gpt-4o-mini",
      messages: ask("What is the capital of France? TRIGGER_MIDSTREAM"),
      stream: true,
    });
    const words: string[] = [];
    await expect(
      (async () => {
        for await (const chunk of stream) words.push(chunk.choices[0]?.delta.content ?? "");
      })(),
    ).rejects.toThrow();
    expect("The capital of France ".startsWith(words.join(""))).toBe(true);
  });

  it("speaks the responses protocol, whole and streamed, with tools and reasoning", async () => {
    const request = { model: "gpt-4o-mini", input: "What is the capital of France?" } as const;
    const whole = await client.responses.create(request);
    expect(whole.output_text).toBe("The capital of France is Paris.");
    expect(whole.usage).toMatchObject({ input_tokens: 25, output_tokens: 9 });
    const streamed = await client.responses.stream(request).finalResponse();
    expect(streamed.output_text).toBe(whole.output_text);
    const asked = await client.responses.create({
      ...request,
      input: "Weather?",
      reasoning: { effort: "low" },
      tools: [
        { type: "function", name: "get_weather", strict: true, parameters: weatherTool.function.parameters ?? {} },
      ],
    });
    expect(asked.output.map((item) => item.type)).toEqual(["reasoning", "function_call"]);
  });

  it("gets embeddings, the same for the same text, six tokens an input", async () => {
    const create = () => client.embeddings.create({ model: "text-embedding-3-small", input: ["a", "b"] });
    const [one, two] = [await create(), await create()];
    expect(one.data).toEqual(two.data);
    expect(one.data.map((item) => item.embedding.length)).toEqual([4, 4]);
    expect(one.data[0]?.embedding).not.toEqual(one.data[1]?.embedding);
    expect(one.usage).toEqual({ prompt_tokens: 12, total_tokens: 12 });
  });
});

describe("the AI SDK", () => {
  const get_weather = tool({
    description: "The weather in a city",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => ({ city, temperature: 18 }),
  });

  it.each(["chat", "responses"] as const)("runs an agent with tools to its end over %s", async (protocol) => {
    const result = streamText({
      model: provider[protocol]("gpt-4o-mini"),
      prompt: "What is the weather in Paris?",
      tools: { get_weather },
      stopWhen: stepCountIs(3),
    });
    expect(await result.text).toContain("18°C and cloudy in Paris");
    expect(await result.totalUsage).toMatchObject({ inputTokens: 200, outputTokens: 41 });
    expect((await result.usage).cachedInputTokens).toBe(64);
  });

  it("gets JSON for a schema, for the city in question", async () => {
    const { output, usage } = await generateText({
      model: provider.chat("gpt-4o-mini"),
      prompt: "Forecast for Berlin",
      output: Output.object({
        schema: z.object({ city: z.string(), temperature_c: z.number(), summary: z.string() }),
      }),
    });
    expect(output).toEqual({ city: "Berlin", temperature_c: 12, summary: "Cold with rain" });
    expect(usage).toMatchObject({ inputTokens: 73, outputTokens: 21 });
  });

  it("embeds a value", async () => {
    const { embedding, usage } = await embed({ model: provider.embedding("text-embedding-3-small"), value: "hi" });
    expect(embedding).toHaveLength(4);
    expect(usage.tokens).toBe(6);
  });
});
