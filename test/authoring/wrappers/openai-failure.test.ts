// wrapOpenAI: an answer that says it failed is an error, whole or streamed, and keeps what had come by then.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { wrapOpenAI } from "../../../src/authoring/wrappers/openai.js";
import { startBridge } from "../../processor/bridge.js";

const begun = { id: "r", object: "response", model: "m", status: "in_progress", error: null, output: [], usage: null };
const failed = { ...begun, status: "failed", error: { code: "server_error", message: "the model is broken" } };
const text = [
  { type: "response.created", response: begun },
  {
    type: "response.output_item.added",
    output_index: 0,
    item: { type: "message", id: "m", role: "assistant", content: [] },
  },
  { type: "response.output_text.delta", item_id: "m", output_index: 0, content_index: 0, delta: "Once " },
  { type: "response.output_text.delta", item_id: "m", output_index: 0, content_index: 0, delta: "upon" },
];
const said = "Once upon";

/** A client of a server on loopback that answers so. */
async function clientOf(answer: (response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => answer(response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return wrapOpenAI(new OpenAI({ apiKey: "k", baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 }));
}

const streams =
  (events: readonly object[], isBrokenOff = false) =>
  (response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of events) {
      const name = "type" in event ? `event: ${event.type}\n` : "";
      response.write(`${name}data: ${JSON.stringify(event)}\n\n`);
    }
    if (isBrokenOff) response.write("", () => response.destroy());
    else response.end();
  };
const json = (body: object) => (response: ServerResponse) =>
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const event of stream) void event;
  } catch {
    // The application's to handle; here the run is looked at.
  }
}

const ask = { model: "m", input: "?" };
const chat = { model: "m", messages: [{ role: "user" as const, content: "?" }] };
const choice = (more: object) => ({
  id: "c",
  object: "chat.completion.chunk",
  model: "m",
  choices: [{ index: 0, ...more }],
});

describe("an answer that failed", () => {
  it.each<[string, (response: ServerResponse) => void, (client: OpenAI) => Promise<unknown>, string]>([
    ["status failed", json(failed), (client) => client.responses.create(ask), "server_error: the model is broken"],
    [
      "status failed without a reason",
      json({ ...failed, error: null }),
      (client) => client.responses.create(ask),
      "failed",
    ],
    [
      "a completion whose body is an error",
      json({ id: "c", error: { code: 502, message: "bad gateway" } }),
      (client) => client.chat.completions.create(chat),
      "502: bad gateway",
    ],
    [
      "a completion with finish_reason error",
      json({ id: "c", choices: [{ index: 0, finish_reason: "error", message: { role: "assistant", content: "" } }] }),
      (client) => client.chat.completions.create(chat),
      "finish_reason",
    ],
  ])("is an error: %s", async (_, answer, call, error) => {
    const bridge = await startBridge();
    await call(await clientOf(answer));
    const [run] = [...(await bridge.finish()).runs.values()];
    expect(run?.error).toContain(error);
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    [
      "response.failed",
      streams([...text, { type: "response.failed", response: failed }]),
      "server_error: the model is broken",
    ],
    [
      "an error event",
      streams([...text, { type: "error", code: "rate_limit", message: "too many", param: null }]),
      "too many",
    ],
    ["a connection that breaks off", streams(text, true), "rror"],
  ])("of a stream is an error and keeps its text: %s", async (_, answer, error) => {
    const bridge = await startBridge();
    const client = await clientOf(answer);
    await drain(await client.responses.create({ ...ask, stream: true }));
    const [run] = [...(await bridge.finish()).runs.values()];
    expect(run?.error).toContain(error);
    expect(JSON.stringify(run?.outputs)).toContain(said);
  });

  it("keeps the text of a stream that its reader leaves", async () => {
    const bridge = await startBridge();
    const client = await clientOf(
      streams([...text, { type: "response.completed", response: { ...begun, status: "completed" } }]),
    );
    let seen = 0;
    for await (const event of await client.responses.create({ ...ask, stream: true }))
      if (++seen === text.length && event) break;
    const [run] = [...(await bridge.finish()).runs.values()];
    expect(run?.error).toBe("Cancelled");
    expect(JSON.stringify(run?.outputs)).toContain(said);
  });

  it("keeps the arguments of a call, a refusal and a summary of the reasoning that had come", async () => {
    const bridge = await startBridge();
    const item = (at: number, more: object) => ({ type: "response.output_item.added", output_index: at, item: more });
    const events = [
      { type: "response.created", response: begun },
      item(0, { type: "reasoning", id: "a", summary: [] }),
      { type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: 0, delta: "because" },
      item(1, { type: "function_call", id: "b", name: "f", arguments: "" }),
      { type: "response.function_call_arguments.delta", output_index: 1, delta: '{"a":' },
      item(2, { type: "message", id: "c", role: "assistant", content: [] }),
      { type: "response.refusal.delta", output_index: 2, content_index: 0, delta: "no" },
    ];
    const client = await clientOf(streams([...events, { type: "error", code: "x", message: "y", param: null }]));
    await drain(await client.responses.create({ ...ask, stream: true }));
    const [run] = [...(await bridge.finish()).runs.values()];
    expect(run?.outputs?.["output"]).toMatchObject([
      { summary: [{ type: "summary_text", text: "because" }] },
      { arguments: '{"a":' },
      { content: [{ type: "refusal", refusal: "no" }] },
    ]);
  });

  it("of a chat stream is an error and keeps its text, where a choice says so", async () => {
    const bridge = await startBridge();
    const client = await clientOf(
      streams([choice({ delta: { role: "assistant", content: said } }), choice({ delta: {}, finish_reason: "error" })]),
    );
    await drain(await client.chat.completions.create({ ...chat, stream: true }));
    const [run] = [...(await bridge.finish()).runs.values()];
    expect(run?.error).toContain("finish_reason");
    expect(JSON.stringify(run?.outputs)).toContain(said);
  });

  it("is none where it is only incomplete", async () => {
    const bridge = await startBridge();
    const incomplete = { ...begun, status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    await (await clientOf(json(incomplete))).responses.create(ask);
    const [run] = [...(await bridge.finish()).runs.values()];
    expect(run?.error).toBeUndefined();
  });
});
