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
  /** A span event stays one where its content has no place; a log record is nowhere else. */
  readonly isLog: boolean;
}

/** Span events and log records are the same thing here: a name, and a body that may be spread over attributes. */
function allSaid(span: MappableSpan, logs: readonly MappableLogRecord[]): Said[] {
  const said: Said[] = [];
  for (const { name, attributes } of span.events)
    said.push({ name, body: bodyOf(undefined, attributes ?? {}), isLog: false });
  for (const { eventName, body, attributes } of logs) {
    if (eventName !== undefined) said.push({ name: eventName, body: bodyOf(body, attributes), isLog: true });
  }
  return said;
}

function bodyOf(body: unknown, attributes: Readonly<Record<string, unknown>>): KeyValues {
  const content = decode(body ?? attributes["gen_ai.event.content"]);
  if (isObject(content)) return { ...attributes, ...content };
  return isThere(content) ? { ...attributes, content } : attributes;
}

type Entries = Map<string, unknown[]>;

/** What log records say, by their names, for runs that have no place for it. */
function note(entries: Entries, name: string, body: unknown): void {
  const bodies = entries.get(name);
  if (bodies) bodies.push(body);
  else entries.set(name, [body]);
}

function entriesOf(entries: Entries): { entries?: readonly (readonly [string, unknown])[] } {
  return entries.size === 0 ? {} : { entries: [...entries] };
}

function readEvents(span: MappableSpan, fill: Fill, logs: readonly MappableLogRecord[]): void {
  const loggedInputs: Entries = new Map();
  const loggedOutputs: Entries = new Map();
  const inputs: unknown[] = [];
  const outputs: unknown[] = [];
  const answers: unknown[] = [];
  const empty: unknown[] = [];
  for (const { name, body, isLog } of allSaid(span, logs)) {
    const role = roleByEvent[name];
    const logged = (key: string) => (isLog ? { entries: [[key, body[key]] as const] } : {});
    if (role !== undefined) {
      const message = messageOf(body, role);
      if (message === undefined) continue;
      inputs.push(message);
      if (isLog) note(loggedInputs, name, message);
    } else if (name === "gen_ai.choice") {
      const choices = choicesOf(body);
      outputs.push(...choices);
      if (isLog) for (const choice of choices) note(loggedOutputs, name, choice);
      if (choices.length > 0) continue;
      if (isThere(body["finish_reason"])) empty.push(emptyChoice(body));
    } else if (name === "gen_ai.content.prompt") {
      const prompt = body["gen_ai.prompt"] ?? body["content"];
      fill("input_messages", prompt, isLog ? { entries: [[name, prompt]] } : {});
    } else if (name === "gen_ai.content.completion") {
      const completion = body["gen_ai.completion"] ?? body["content"];
      fill("output_messages", completion, isLog ? { entries: [[name, completion]] } : {});
    } else if (name === operationDetails) {
      fill("system", body["gen_ai.system_instructions"], logged("gen_ai.system_instructions"));
      fill("input_messages", body["gen_ai.input.messages"], logged("gen_ai.input.messages"));
      // OpenAI's responses: a record an item of the one answer.
      const answer = body["gen_ai.output.messages"];
      if (isThere(answer)) answers.push(answer);
      if (isThere(answer) && isLog) note(loggedOutputs, "gen_ai.output.messages", answer);
      fill("tools", body["gen_ai.tool.definitions"]);
    }
  }
  if (inputs.length > 0) fill("input_messages", inputs, entriesOf(loggedInputs));
  if (outputs.length > 0) fill("output_messages", outputs, entriesOf(loggedOutputs));
  // Where the question is there, content is on, and the answer had none.
  else if (inputs.length > 0 && empty.length > 0) fill("output_messages", empty);
  if (answers.length > 0) {
    const answer = answers.length === 1 ? answers[0] : { output: answers };
    fill("output_messages", answer, entriesOf(loggedOutputs));
  }
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

/** A choice; some SDKs write a list of messages into it, or the results of its calls beside it. */
function choicesOf(body: KeyValues): KeyValues[] {
  const { finish_reason, message, "tool.result": result, ...rest } = body;
  const list = decode(message);
  const isList = Array.isArray(list) && list.length > 0 && list.every((entry) => isObject(entry) && entry["role"]);
  const messages: unknown[] = isList ? list : [message];
  const choices: KeyValues[] = [];
  for (const one of messages) {
    const choice = choiceOf(one === undefined ? body : { ...rest, message: one, finish_reason });
    if (choice !== undefined) choices.push(choice);
  }
  if (isThere(result)) choices.push({ message: { role: "tool", content: decode(result) } });
  return choices;
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
  leaves: {
    inputs: [...Object.keys(roleByEvent), "gen_ai.content.prompt"],
    outputs: ["gen_ai.choice", "gen_ai.content.completion"],
  },
  read: readEvents,
};
