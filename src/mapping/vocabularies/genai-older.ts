// The GenAI semantic conventions as they were: flattened prompts and completions, and content in events and log records.

import type { KeyValues } from "../../wire/run.js";
import { areBlocks } from "../bedrock.js";
import { decode, encode, isObject } from "../json.js";
import { toTurns } from "../messages.js";
import type { MappableLogRecord, MappableSpan } from "../span.js";
import { isThere } from "../there.js";
import type { Fill, Vocabulary } from "../vocabulary.js";

const roleByEvent: Readonly<Record<string, string>> = {
  "gen_ai.system.message": "system",
  "gen_ai.user.message": "user",
  "gen_ai.assistant.message": "assistant",
  "gen_ai.tool.message": "tool",
};

const operationDetails = "gen_ai.client.inference.operation.details";

interface Said {
  readonly name: string;
  readonly body: KeyValues;
}

/** Span events and log records are the same thing here: a name, and a body that may be spread over attributes. */
function allSaid(span: MappableSpan, logs: readonly MappableLogRecord[]): Said[] {
  const said: Said[] = [];
  for (const { name, attributes } of span.events) said.push({ name, body: bodyOf(undefined, attributes ?? {}) });
  for (const { eventName, body, attributes } of logs) {
    if (eventName !== undefined) said.push({ name: eventName, body: bodyOf(body, attributes) });
  }
  return said;
}

function bodyOf(body: unknown, attributes: Readonly<Record<string, unknown>>): KeyValues {
  const content = decode(body ?? attributes["gen_ai.event.content"]);
  if (isObject(content)) return { ...attributes, ...content };
  return isThere(content) ? { ...attributes, content } : attributes;
}

function readEvents(span: MappableSpan, fill: Fill, logs: readonly MappableLogRecord[]): void {
  const inputs: unknown[] = [];
  const outputs: unknown[] = [];
  const answers: unknown[] = [];
  const empty: unknown[] = [];
  for (const { name, body } of allSaid(span, logs)) {
    const role = roleByEvent[name];
    if (role !== undefined) {
      const message = messageOf(body, role);
      if (message !== undefined) inputs.push(message);
    } else if (name === "gen_ai.choice") {
      const choice = choiceOf(body);
      if (choice !== undefined) outputs.push(choice);
      else if (isThere(body["finish_reason"])) empty.push(emptyChoice(body));
    } else if (name === "gen_ai.content.prompt") {
      fill("input_messages", body["gen_ai.prompt"] ?? body["content"]);
    } else if (name === "gen_ai.content.completion") {
      fill("output_messages", body["gen_ai.completion"] ?? body["content"]);
    } else if (name === operationDetails) {
      fill("system", body["gen_ai.system_instructions"]);
      fill("input_messages", body["gen_ai.input.messages"]);
      // OpenAI's responses: a record an item of the one answer.
      if (isThere(body["gen_ai.output.messages"])) answers.push(body["gen_ai.output.messages"]);
      fill("tools", body["gen_ai.tool.definitions"]);
    }
  }
  if (inputs.length > 0) fill("input_messages", inputs);
  if (outputs.length > 0) fill("output_messages", outputs);
  // Where the question is there, content is on, and the answer had none.
  else if (inputs.length > 0 && empty.length > 0) fill("output_messages", empty);
  if (answers.length > 0) fill("output_messages", answers.length === 1 ? answers[0] : { output: answers });
}

/** What a message's event says of itself. */
const ofEvent = new Set(["role", "index", "finish_reason", "message", "tool_calls"]);

/** A message with something in it; where content capture is off the body is empty. */
function messageOf(body: KeyValues, role: string): KeyValues | undefined {
  const { tool_calls: calls, id, name: _, ...rest } = body;
  const said = Object.keys(rest).filter((key) => !ofEvent.has(key) && !key.includes(".") && isThere(rest[key]));
  if (said.length === 0 && !isThere(calls)) return undefined;
  const message: KeyValues = { ...body, role: typeof body["role"] === "string" ? body["role"] : role };
  if (isThere(calls)) message["tool_calls"] = decode(calls);
  for (const key of Object.keys(message)) if (key.includes(".")) delete message[key];
  if (role === "tool" && id !== undefined) message["tool_call_id"] = id;
  return message;
}

function choiceOf({ finish_reason: finish, ...body }: KeyValues): KeyValues | undefined {
  const { id: _, message: stated, index: _index, ...rest } = body;
  const message = messageOf(stated === undefined ? rest : bodyOfAnswer(stated), "assistant");
  return message === undefined ? undefined : { message, finish_reason: finish };
}

/** A message, a list of its parts, or a text; any other JSON is the model's own answer, in its own words. */
function bodyOfAnswer(stated: unknown): KeyValues {
  const inner = decode(stated);
  if (isObject(inner) && toTurns(inner) !== undefined) return { ...inner, id: undefined };
  const isParts = Array.isArray(inner) && inner.length > 0 && inner.every(isPartOrBlock);
  if (isParts) return { content: inner };
  return { content: typeof stated === "string" ? stated : (encode(inner) ?? String(inner)) };
}

function isPartOrBlock(value: unknown): boolean {
  return isObject(value) && (typeof value["type"] === "string" || areBlocks([value]));
}

function emptyChoice({ finish_reason: finish }: KeyValues): KeyValues {
  return { message: { role: "assistant", content: "" }, finish_reason: finish };
}

export const genaiOlder: Vocabulary = {
  name: "gen_ai (older)",
  about:
    "Older forms of the GenAI conventions: `gen_ai.prompt.N.…` and `gen_ai.completion.N.…`; content in span events and in log records.",
  integration: "gen_ai",
  markers: ["gen_ai.prompt", "gen_ai.prompt.", "gen_ai.completion", "gen_ai.completion."],
  rules: [
    { prefix: "gen_ai.prompt.", to: "input_messages", flattened: true },
    { prefix: "gen_ai.completion.", to: "output_messages", flattened: true },
    { keys: ["gen_ai.prompt"], to: "inputs", note: "JSON or text" },
    { keys: ["gen_ai.completion"], to: "outputs", note: "JSON or text" },
    { keys: ["gen_ai.openai.request.response_format"], to: "param", name: "response_format" },
    { keys: ["gen_ai.openai.request.seed"], to: "param", name: "seed" },
  ],
  events: [
    ...Object.keys(roleByEvent),
    "gen_ai.choice",
    "gen_ai.content.prompt",
    "gen_ai.content.completion",
    operationDetails,
  ],
  read: readEvents,
};
