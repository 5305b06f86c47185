// The two protocols of OpenAI that the model server speaks, chat completions and responses: requests read into one
// plain conversation, answers written whole or as the chunks of a stream.
import { createHash } from "node:crypto";
import { isRecord } from "./model-answers.mjs";

/**
 * @typedef {import("./model-answers.mjs").Conversation} Conversation
 * @typedef {import("./model-answers.mjs").Answer} Answer
 * @typedef {Record<string, unknown>} Body
 * @typedef {{ event?: string, data: unknown }} Chunk
 */

const created = 1_767_225_600;

/** @param {Body} body @returns {Conversation} */
export function readChat(body) {
  const messages = listOf(body["messages"]);
  return {
    turns: messages.map((message) => ({ role: String(message["role"]), text: textOf(message["content"]) })),
    tools: listOf(body["tools"]).flatMap((tool) => toolOf(tool["function"])),
    wantsJson: isRecord(body["response_format"]) && String(body["response_format"]["type"]).startsWith("json"),
    toolChoice: body["tool_choice"],
  };
}

/** @param {Body} body @returns {Conversation} */
export function readResponses(body) {
  const input = typeof body["input"] === "string" ? [{ role: "user", content: body["input"] }] : listOf(body["input"]);
  const format =
    isRecord(body["text"]) && isRecord(body["text"]["format"]) ? String(body["text"]["format"]["type"]) : "";
  return {
    turns: input.map((item) =>
      item["type"] === "function_call_output"
        ? { role: "tool", text: textOf(item["output"]) }
        : { role: String(item["role"] ?? item["type"]), text: textOf(item["content"]) },
    ),
    tools: listOf(body["tools"]).flatMap(toolOf),
    wantsJson: format.startsWith("json"),
    toolChoice: body["tool_choice"],
  };
}

/** @param {Body} body @param {Answer} answer */
export function chatCompletion(body, answer) {
  return {
    ...chatEnvelope(body),
    object: "chat.completion",
    choices: Array.from({ length: choicesOf(body) }, (_, index) => ({
      index,
      message: {
        role: "assistant",
        content: answer.text,
        refusal: null,
        annotations: [],
        ...(answer.toolCalls.length > 0 && { tool_calls: answer.toolCalls.map(chatToolCall) }),
      },
      logprobs: null,
      finish_reason: finishReason(answer),
    })),
    usage: chatUsage(answer),
    service_tier: "default",
  };
}

/**
 * The chunks of a streamed chat completion; `[DONE]` is the sender's.
 * @param {Body} body @param {Answer} answer @returns {Generator<Chunk>}
 */
export function* chatChunks(body, answer) {
  const envelope = { ...chatEnvelope(body), object: "chat.completion.chunk" };
  const wantsUsage = isRecord(body["stream_options"]) && body["stream_options"]["include_usage"] === true;
  /** @param {unknown} choices @param {unknown} [usage] @returns {Chunk} */
  const chunk = (choices, usage = null) => ({ data: { ...envelope, choices, ...(wantsUsage && { usage }) } });
  /** @param {number} index @param {unknown} delta @param {string | null} finish */
  const delta = (index, delta, finish = null) => chunk([{ index, delta, logprobs: null, finish_reason: finish }]);
  for (let index = 0; index < choicesOf(body); index += 1) {
    yield delta(index, { role: "assistant", content: answer.text === null ? null : "", refusal: null });
    for (const word of wordsOf(answer.text)) yield delta(index, { content: word });
    for (const [at, call] of answer.toolCalls.entries()) {
      const { id, name } = call;
      yield delta(index, { tool_calls: [{ index: at, id, type: "function", function: { name, arguments: "" } }] });
      for (const piece of piecesOf(call.arguments)) {
        yield delta(index, { tool_calls: [{ index: at, function: { arguments: piece } }] });
      }
    }
    yield delta(index, {}, finishReason(answer));
  }
  if (wantsUsage) yield chunk([], chatUsage(answer));
}

/** @param {Body} body @param {Answer} answer */
export function response(body, answer) {
  const id = `resp_${fingerprint(body, 24)}`;
  return {
    ...responseEnvelope(body, id),
    status: "completed",
    output: responseItems(body, answer),
    usage: responseUsage(answer),
  };
}

/**
 * The events of a streamed response.
 * @param {Body} body @param {Answer} answer @returns {Generator<Chunk>}
 */
export function* responseEvents(body, answer) {
  const whole = response(body, answer);
  let sequence = 0;
  /** @param {string} type @param {Body} fields @returns {Chunk} */
  const event = (type, fields) => ({ event: type, data: { type, sequence_number: sequence++, ...fields } });
  const opening = { ...whole, status: "in_progress", output: [], usage: null };
  yield event("response.created", { response: opening });
  yield event("response.in_progress", { response: opening });
  for (const [output_index, item] of whole.output.entries()) {
    const at = { output_index, item_id: item.id };
    yield event("response.output_item.added", { output_index, item: emptied(item) });
    if (item.type === "message") {
      const part = { type: "output_text", text: "", annotations: [] };
      yield event("response.content_part.added", { ...at, content_index: 0, part });
      for (const delta of wordsOf(answer.text)) {
        yield event("response.output_text.delta", { ...at, content_index: 0, delta, logprobs: [] });
      }
      yield event("response.output_text.done", { ...at, content_index: 0, text: answer.text, logprobs: [] });
      yield event("response.content_part.done", { ...at, content_index: 0, part: { ...part, text: answer.text } });
    } else if (item.type === "function_call") {
      for (const delta of piecesOf(String(item.arguments))) {
        yield event("response.function_call_arguments.delta", { ...at, delta });
      }
      yield event("response.function_call_arguments.done", { ...at, arguments: item.arguments });
    } else {
      const part = { type: "summary_text", text: "" };
      const text = "Thinking about the weather.";
      yield event("response.reasoning_summary_part.added", { ...at, summary_index: 0, part });
      yield event("response.reasoning_summary_text.delta", { ...at, summary_index: 0, delta: text });
      yield event("response.reasoning_summary_text.done", { ...at, summary_index: 0, text });
      yield event("response.reasoning_summary_part.done", { ...at, summary_index: 0, part: { ...part, text } });
    }
    yield event("response.output_item.done", { output_index, item });
  }
  yield event("response.completed", { response: whole });
}

/** The name under which the model reports itself: the dated form that OpenAI answers with. @param {Body} body */
export function modelOf(body) {
  const asked = String(body["model"] ?? "gpt-4o-mini");
  return asked === "gpt-4o-mini" ? "gpt-4o-mini-2024-07-18" : asked;
}

/** @param {Body} body @param {Answer} answer */
function responseItems(body, answer) {
  const key = fingerprint(body, 24);
  /** @type {Array<{ type: string, id: string } & Body>} */
  const items = [];
  if (isRecord(body["reasoning"])) {
    items.push({
      type: "reasoning",
      id: `rs_${key}`,
      summary: [{ type: "summary_text", text: "Thinking about the weather." }],
    });
  }
  if (answer.text !== null) {
    const content = [{ type: "output_text", text: answer.text, annotations: [], logprobs: [] }];
    items.push({ type: "message", id: `msg_${key}`, status: "completed", role: "assistant", content });
  }
  for (const [at, call] of answer.toolCalls.entries()) {
    const { id: call_id, name } = call;
    const id = `fc_${key}${at}`;
    items.push({ type: "function_call", id, status: "completed", call_id, name, arguments: call.arguments });
  }
  return items;
}

/** @param {{ type: string, id: string } & Body} item */
function emptied(item) {
  if (item.type === "message") return { ...item, status: "in_progress", content: [] };
  if (item.type === "function_call") return { ...item, status: "in_progress", arguments: "" };
  return { ...item, summary: [] };
}

/** @param {Body} body @param {string} id */
function responseEnvelope(body, id) {
  const { instructions = null, tools = [], tool_choice = "auto", temperature = 1, top_p = 1, metadata = {} } = body;
  const base = {
    id,
    object: "response",
    created_at: created,
    model: modelOf(body),
    error: null,
    incomplete_details: null,
  };
  const asked = {
    instructions,
    tools,
    tool_choice,
    temperature,
    top_p,
    metadata,
    reasoning: body["reasoning"] ?? null,
  };
  return {
    ...base,
    ...asked,
    parallel_tool_calls: true,
    store: true,
    service_tier: "default",
    text: body["text"] ?? null,
  };
}

/** @param {Body} body */
function chatEnvelope(body) {
  return { id: `chatcmpl-${fingerprint(body, 20)}`, created, model: modelOf(body), system_fingerprint: "fp_mock" };
}

/** @param {Answer} answer */
function chatUsage({ usage }) {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** @param {Answer} answer */
function responseUsage({ usage }) {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cached },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
}

/** @param {import("./model-answers.mjs").ToolCall} call */
function chatToolCall(call) {
  return { id: call.id, type: "function", function: { name: call.name, arguments: call.arguments } };
}

/** @param {Answer} answer */
function finishReason(answer) {
  return answer.toolCalls.length > 0 ? "tool_calls" : "stop";
}

/** @param {Body} body */
function choicesOf(body) {
  return typeof body["n"] === "number" ? body["n"] : 1;
}

/** @param {unknown} value */
function toolOf(value) {
  return isRecord(value) && typeof value["name"] === "string"
    ? [{ name: value["name"], parameters: value["parameters"] }]
    : [];
}

/** The text of a message's content: a string, or a list of parts. @param {unknown} content @returns {string} */
function textOf(content) {
  if (typeof content === "string") return content;
  return listOf(content)
    .map((part) => (typeof part["text"] === "string" ? part["text"] : ""))
    .join("");
}

/** @param {unknown} value */
function listOf(value) {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** @param {string | null} text @returns {string[]} */
function wordsOf(text) {
  return text?.match(/\S+\s*/gu) ?? [];
}

/** @param {string} text @returns {string[]} */
function piecesOf(text) {
  return text.match(/[\s\S]{1,8}/gu) ?? [];
}

/** @param {Body} body @param {number} length */
function fingerprint(body, length) {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex").slice(0, length);
}
