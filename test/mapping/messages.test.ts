// Messages of every form become one: OpenAI's.
import { describe, expect, test } from "vitest";
import { mapped } from "./span.js";

const call = { id: "c1", type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } };
const asked = { role: "user", content: "Weather?" };
const calling = { role: "assistant", content: null, tool_calls: [call] };
const result = { role: "tool", content: '{"t":18}', tool_call_id: "c1" };
const png = "iVBORw0KGgo=";

function inputs(value: unknown) {
  const attribute = typeof value === "string" ? value : JSON.stringify(value);
  return mapped({ "gen_ai.operation.name": "chat", "gen_ai.input.messages": attribute }).content.inputs?.["messages"];
}

function choices(value: unknown) {
  const attribute = typeof value === "string" ? value : JSON.stringify(value);
  return mapped({ "gen_ai.operation.name": "chat", "gen_ai.output.messages": attribute }).content.outputs?.["choices"];
}

describe("a conversation with a tool call and its result", () => {
  test.each<[form: string, messages: unknown]>([
    [
      "OpenAI chat",
      [asked, { role: "assistant", content: null, tool_calls: [call], refusal: null, annotations: [] }, result],
    ],
    [
      "OpenAI responses",
      [
        asked,
        { type: "function_call", call_id: "c1", name: "get_weather", arguments: '{"city":"Paris"}', id: "fc_1" },
        { type: "function_call_output", call_id: "c1", output: '{"t":18}' },
      ],
    ],
    [
      "Anthropic",
      [
        { role: "user", content: [{ type: "text", text: "Weather?" }] },
        { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "get_weather", input: { city: "Paris" } }] },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: '{"t":18}' }] }],
        },
      ],
    ],
    [
      "GenAI parts",
      [
        { role: "user", parts: [{ type: "text", content: "Weather?" }] },
        {
          role: "assistant",
          parts: [{ type: "tool_call", id: "c1", name: "get_weather", arguments: { city: "Paris" } }],
        },
        { role: "tool", parts: [{ type: "tool_call_response", id: "c1", response: { t: 18 } }] },
      ],
    ],
    [
      "AI SDK",
      [
        asked,
        {
          role: "assistant",
          content: [{ type: "tool-call", toolCallId: "c1", toolName: "get_weather", input: { city: "Paris" } }],
        },
        {
          role: "tool",
          content: [{ type: "tool-result", toolCallId: "c1", output: { type: "json", value: { t: 18 } } }],
        },
      ],
    ],
    [
      "LangChain",
      [
        [
          {
            lc: 1,
            type: "constructor",
            id: ["langchain_core", "messages", "HumanMessage"],
            kwargs: { content: "Weather?" },
          },
          {
            type: "ai",
            data: { content: [], tool_calls: [{ id: "c1", name: "get_weather", args: { city: "Paris" } }] },
          },
          { lc: 1, type: "constructor", id: ["ToolMessage"], kwargs: { content: '{"t":18}', tool_call_id: "c1" } },
        ],
      ],
    ],
    [
      "Gemini",
      [
        { role: "user", parts: [{ text: "Weather?" }] },
        { role: "model", parts: [{ functionCall: { id: "c1", name: "get_weather", args: { city: "Paris" } } }] },
        { role: "tool", parts: [{ functionResponse: { id: "c1", response: { t: 18 } } }] },
      ],
    ],
  ])("%s", (_form, messages) => {
    expect(inputs(messages)).toEqual([asked, calling, result]);
  });
});

describe("parts", () => {
  const image = { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } };

  test.each<[what: string, part: unknown, becomes: unknown]>([
    [
      "OpenAI's image",
      { type: "image_url", image_url: { url: "https://x/a.png", detail: "low" } },
      { type: "image_url", image_url: { url: "https://x/a.png", detail: "low" } },
    ],
    [
      "responses' image",
      { type: "input_image", image_url: "https://x/a.png" },
      { type: "image_url", image_url: { url: "https://x/a.png" } },
    ],
    ["Anthropic's image", { type: "image", source: { type: "base64", media_type: "image/png", data: png } }, image],
    ["a GenAI blob", { type: "blob", modality: "image", mime_type: "image/png", content: png }, image],
    [
      "a GenAI address",
      { type: "uri", modality: "image", mime_type: null, uri: "https://x/a.png" },
      { type: "image_url", image_url: { url: "https://x/a.png" } },
    ],
    ["the AI SDK's bytes", { type: "image", image: { type: "Buffer", data: [...Buffer.from(png, "base64")] } }, image],
    ["the AI SDK's file that is an image", { type: "file", mediaType: "image", data: png }, image],
    ["the AI SDK's wrapped data", { type: "file", mediaType: "image/png", data: { type: "data", data: png } }, image],
    ["Gemini's inline data", { inlineData: { mimeType: "image/png", data: png } }, image],
    [
      "OpenInference's image",
      { message_content: { type: "image", image: { image: { url: "https://x/a.png" } } } },
      { type: "image_url", image_url: { url: "https://x/a.png" } },
    ],
    [
      "a sound",
      { type: "blob", modality: "audio", mime_type: "audio/mp3", content: "AAAA" },
      { type: "input_audio", input_audio: { data: "AAAA", format: "mp3" } },
    ],
    [
      "OpenAI's sound",
      { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
      { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
    ],
    [
      "a file",
      { type: "file", filename: "a.pdf", mediaType: "application/pdf", data: "AAAA" },
      { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } },
    ],
    [
      "thinking",
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "reasoning", reasoning: "hm", signature: "s" },
    ],
    [
      "what fits none",
      { type: "server_tool_call", id: "s1", name: "search" },
      { type: "server_tool_call", id: "s1", name: "search" },
    ],
  ])("%s", (_what, part, becomes) => {
    expect(inputs([{ role: "user", content: [{ type: "text", text: "Look" }, part] }])).toEqual([
      { role: "user", content: [{ type: "text", text: "Look" }, becomes] },
    ]);
  });

  test("nothing but text is a text", () => {
    expect(
      inputs([
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
        },
      ]),
    ).toEqual([{ role: "user", content: "a\nb" }]);
  });
});

describe("tool calls", () => {
  test.each<[what: string, input: unknown, argumentsText: string]>([
    ["an object", { city: "Paris" }, '{"city":"Paris"}'],
    ["a JSON string", '{"city":"Paris"}', '{"city":"Paris"}'],
    ["broken JSON", '{"city": "Par', '{"city": "Par'],
    ["JSON encoded twice", JSON.stringify('{"city":"Paris"}'), '{"city":"Paris"}'],
    ["nothing", undefined, ""],
  ])("arguments that are %s are a text", (_what, input, argumentsText) => {
    const message = { role: "assistant", parts: [{ type: "tool_call", id: "c1", name: "f", arguments: input }] };
    expect(inputs([message])).toMatchObject([{ tool_calls: [{ function: { name: "f", arguments: argumentsText } }] }]);
  });

  test("an assistant's results come after the calls, a user's before what the user says", () => {
    const response = { type: "tool_call_response", id: "c1", response: { t: 18 } };
    const parts = [{ type: "tool_call", id: "c1", name: "get_weather", arguments: { city: "Paris" } }, response];
    expect(inputs([{ role: "assistant", parts }])).toEqual([calling, result]);
    expect(inputs([{ role: "user", parts: [{ type: "text", content: "and?" }, response] }])).toEqual([
      result,
      { role: "user", content: "and?" },
    ]);
  });
});

describe("answers", () => {
  test.each(["tool-calls", "tool_calls", "tool_call", "tool_use"])("finish reason %s is tool_calls", (reason) => {
    expect(choices([{ role: "assistant", parts: [{ type: "text", content: "x" }], finish_reason: reason }])).toEqual([
      { index: 0, message: { role: "assistant", content: "x" }, finish_reason: "tool_calls" },
    ]);
  });

  test.each<[form: string, reasons: string | string[]]>([
    ["a list", ["stop", "length"]],
    ["a JSON list", '["stop","length"]'],
    ["a text", "stop, length"],
  ])("finish reasons as %s go to their choices", (_form, reasons) => {
    const { content } = mapped({
      "gen_ai.operation.name": "chat",
      "gen_ai.output.messages": JSON.stringify([
        { role: "assistant", content: "a" },
        { role: "assistant", content: "b" },
      ]),
      "gen_ai.response.finish_reasons": reasons,
    });
    expect(content.outputs?.["choices"]).toMatchObject([{ finish_reason: "stop" }, { finish_reason: "length" }]);
  });

  test("where there is no answer, finish reasons stay in the metadata", () => {
    const { content } = mapped({ "gen_ai.operation.name": "chat", "gen_ai.response.finish_reasons": ["stop"] });
    expect(content.outputs).toBeUndefined();
    expect(content.extra.metadata["gen_ai.response.finish_reasons"]).toEqual(["stop"]);
  });

  test("system instructions are the first message, once", () => {
    const { content } = mapped({
      "gen_ai.operation.name": "chat",
      "gen_ai.system_instructions": '[{"type":"text","content":"Be brief."}]',
      "gen_ai.input.messages": JSON.stringify([{ role: "system", content: "Be brief." }, asked]),
    });
    expect(content.inputs?.["messages"]).toEqual([{ role: "system", content: "Be brief." }, asked]);
  });
});
