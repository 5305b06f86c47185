// A small model server on loopback that speaks the OpenAI protocol: chat completions and responses, streamed or whole,
// with tool calls and usage, and embeddings. It needs no account and no network and always gives the same answers.
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { answerTo, breaksMidstream, embeddingOf, failureOf, isRecord } from "./model-answers.mjs";
import {
  chatChunks,
  chatCompletion,
  modelOf,
  readChat,
  readResponses,
  response,
  responseEvents,
} from "./model-wire.mjs";

/**
 * Starts the model server.
 *
 * What it answers: tools given and no result yet → a call of `get_weather` for Paris; "Compare" → two calls at once;
 * "TOOLFAIL" → a call for Atlantis; "BADARGS" → a call with broken JSON; tool results → a sentence; JSON asked → JSON;
 * `TRIGGER_429`, `_500`, `_400` → that HTTP error; `TRIGGER_MIDSTREAM` → a stream that breaks off after four words.
 *
 * @param {import("./model-server.d.mts").ModelServerOptions} [options]
 * @returns {Promise<import("./model-server.d.mts").ModelServer>}
 */
export async function startModelServer({ port = 0, thinkMillis = 0, chunkMillis = 0 } = {}) {
  /** @type {import("./model-server.d.mts").ModelRequest[]} */
  const requests = [];
  const usage = { input: 0, output: 0 };
  const server = createServer((request, reply) => {
    answer(request, reply).catch((error) => {
      if (!reply.headersSent) sendJson(reply, 500, { error: { message: String(error), type: "server_error" } });
      else reply.destroy();
    });
  });

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} reply */
  async function answer(request, reply) {
    const path = new URL(request.url ?? "/", "http://model").pathname.replace(/^\/v1(?=\/)/u, "");
    const body = await readJson(request);
    if (body === undefined) return sendError(reply, 400, "We could not parse the JSON body of your request.");
    requests.push({ path, headers: request.headers, body });
    if (requests.length > 1000) requests.shift();
    if (request.method !== "POST") return sendError(reply, 404, `Unknown request ${request.method} ${path}`);
    if (path === "/embeddings") return answerEmbeddings(body, reply, usage);
    const speaks = protocols[path];
    if (!speaks) return sendError(reply, 404, `Unknown request URL: POST ${path}`);
    const conversation = speaks.read(body);
    const failure = failureOf(conversation);
    if (failure) return sendJson(reply, failure.status, { error: failure.error }, { "retry-after-ms": "5" });
    const said = answerTo(conversation);
    usage.input += said.usage.input;
    usage.output += said.usage.output;
    await paced(thinkMillis);
    if (body["stream"] !== true) return sendJson(reply, 200, speaks.whole(body, said));
    await stream(reply, speaks.chunks(body, said), speaks.closing, breaksMidstream(conversation) ? 5 : undefined);
  }

  /**
   * @param {import("node:http").ServerResponse} reply
   * @param {Iterable<import("./model-wire.mjs").Chunk>} chunks
   * @param {string} closing
   * @param {number} [breakAfter]
   */
  async function stream(reply, chunks, closing, breakAfter) {
    reply.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
    let sent = 0;
    for (const { event, data } of chunks) {
      if (reply.destroyed) return;
      const written = `${event ? `event: ${event}\n` : ""}data: ${JSON.stringify(data)}\n\n`;
      await new Promise((resolve) => reply.write(written, resolve));
      sent += 1;
      if (sent === breakAfter) return void reply.destroy();
      await paced(chunkMillis);
    }
    reply.end(closing);
  }

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The model server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    usage,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @type {Record<string, { read: typeof readChat, whole: (...a: Parameters<typeof chatCompletion>) => unknown, chunks: typeof chatChunks, closing: string }>} */
const protocols = {
  "/chat/completions": { read: readChat, whole: chatCompletion, chunks: chatChunks, closing: "data: [DONE]\n\n" },
  "/responses": { read: readResponses, whole: response, chunks: responseEvents, closing: "" },
};

/**
 * @param {Record<string, unknown>} body @param {import("node:http").ServerResponse} reply
 * @param {{ input: number }} usage
 */
function answerEmbeddings(body, reply, usage) {
  const input = Array.isArray(body["input"]) ? body["input"].map(String) : [String(body["input"] ?? "")];
  const failure = failureOf({
    turns: input.map((text) => ({ role: "user", text })),
    tools: [],
    wantsJson: false,
    toolChoice: undefined,
  });
  if (failure) return sendJson(reply, failure.status, { error: failure.error }, { "retry-after-ms": "5" });
  const dimensions = typeof body["dimensions"] === "number" ? body["dimensions"] : 4;
  const data = input.map((text, index) => {
    const vector = embeddingOf(text, dimensions);
    const asBytes = () => Buffer.from(new Float32Array(vector).buffer).toString("base64");
    return { object: "embedding", index, embedding: body["encoding_format"] === "base64" ? asBytes() : vector };
  });
  const tokens = 6 * input.length;
  usage.input += tokens;
  sendJson(reply, 200, {
    object: "list",
    data,
    model: modelOf(body),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}

/** A model's time to think, so that the demo's durations look like durations. @param {number} millis */
async function paced(millis) {
  if (millis > 0) await pause(millis);
}

/** @param {import("node:http").IncomingMessage} request @returns {Promise<Record<string, unknown> | undefined>} */
async function readJson(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const text = Buffer.concat(pieces).toString("utf8");
  if (text === "") return {};
  try {
    const value = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {import("node:http").ServerResponse} reply @param {number} status @param {string} message */
function sendError(reply, status, message) {
  sendJson(reply, status, { error: { message, type: "invalid_request_error", param: null, code: null } });
}

/**
 * @param {import("node:http").ServerResponse} reply @param {number} status @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
function sendJson(reply, status, body, headers = {}) {
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  reply.writeHead(status, { "content-type": "application/json", "content-length": length, ...headers });
  reply.end(text);
}
