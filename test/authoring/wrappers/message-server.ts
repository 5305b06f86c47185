// A server with the answers of Anthropic's messages and of OpenAI's images and audio, on a real socket.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const usage = { input_tokens: 10, output_tokens: 4, cache_read_input_tokens: 5, cache_creation_input_tokens: 2 };
const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-test",
  stop_reason: "tool_use",
  stop_sequence: null,
};
const content = [
  { type: "thinking", thinking: "Hm, rain.", signature: "sig" },
  { type: "text", text: "Let me see." },
  { type: "tool_use", id: "t1", name: "get_weather", input: { city: "Rome" } },
];

/** What the stream of that message says, piece by piece. */
const events = [
  {
    type: "message_start",
    message: { ...message, stop_reason: null, content: [], usage: { ...usage, output_tokens: 1 } },
  },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm, " } },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "rain." } },
  { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "sig" } },
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Let me " } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "see." } },
  { type: "content_block_stop", index: 1 },
  {
    type: "content_block_start",
    index: 2,
    content_block: { type: "tool_use", id: "t1", name: "get_weather", input: {} },
  },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '{"city":' } },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '"Rome"}' } },
  { type: "content_block_stop", index: 2 },
  { type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage: { output_tokens: 4 } },
  { type: "message_stop" },
];

const ANSWERS: Record<string, unknown> = {
  "/v1/messages": { ...message, content, usage },
  "/v1/messages/count_tokens": { input_tokens: 10 },
  "/images/generations": { created: 1, data: [{ b64_json: "aGk=", revised_prompt: "a cat" }], usage },
  "/audio/transcriptions": { text: "hello", usage: { type: "tokens", ...usage } },
};

export async function startMessageServer(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      if (path === "/v1/messages" && Buffer.concat(chunks).includes('"stream":true')) {
        response.setHeader("content-type", "text/event-stream");
        for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
        response.end();
        return;
      }
      if (path === "/audio/speech") {
        response.setHeader("content-type", "audio/mpeg");
        response.end("sound");
        return;
      }
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(ANSWERS[path] ?? {}));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
