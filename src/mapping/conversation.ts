// Whole request and response bodies, as libraries put them into one attribute, taken apart into a conversation.
import type { KeyValues } from "../wire/run.js";
import { joinAnswer } from "./items.js";
import { decode, isObject, put, toText } from "./json.js";
import type { Message, Turn } from "./message.js";
import { toFinish, toSystem, toTurns } from "./messages.js";

/** A request: its messages, and what else it asked for. */
export interface Request {
  readonly turns: Turn[];
  readonly rest: KeyValues;
}

/** A response: its messages, and the usage that stands in it. */
export interface Response {
  readonly turns: Turn[];
  readonly usage?: KeyValues;
  /** What it says of itself, under the names of the GenAI conventions. */
  readonly facts?: KeyValues;
}

const requestKeys = new Set([
  "messages",
  "input",
  "instructions",
  "contents",
  "system",
  "systemInstruction",
  "system_instruction",
  "prompt",
  "prompts",
]);

/** A list of messages, or a request body of any known API; undefined where it is neither. */
export function toRequest(value: unknown): Request | undefined {
  const body = decode(value);
  if (!isObject(body)) {
    const turns = toTurns(body);
    return turns === undefined ? undefined : { turns: unwrapped(turns), rest: {} };
  }
  // `{ args: [body, options] }`: how a wrapper that records a call's arguments writes it.
  const args = body["args"];
  if (Array.isArray(args) && isObject(args[0]) && isBody(args[0])) return toRequest(args[0]);
  if (!isBody(body)) {
    const turns = toTurns(body);
    return turns === undefined ? undefined : { turns, rest: {} };
  }
  const { config } = body;
  const inConfig = isObject(config) ? (config["systemInstruction"] ?? config["system_instruction"]) : undefined;
  const stated = body["systemInstruction"] ?? body["system_instruction"];
  const turns = [...toSystem(body["system"] ?? body["instructions"] ?? stated ?? inConfig)];
  const before = turns.length;
  for (const key of ["messages", "contents", "input", "prompt", "prompts"]) {
    const part = body[key];
    if (part === undefined || part === null) continue;
    const found = toTurns(part) ?? textTurns(part);
    if (found === undefined) continue;
    turns.push(...found);
    break;
  }
  if (turns.length === before && before === 0) return undefined;
  return { turns, rest: paramsOfRequest(body) };
}

/** What a request body asks for beside its conversation. */
export function paramsOfRequest(body: KeyValues): KeyValues {
  const rest: KeyValues = {};
  for (const key of Object.keys(body)) {
    const value = body[key];
    if (requestKeys.has(key)) continue;
    if (isObject(value) && configKeys.has(key)) addConfig(rest, value);
    else if (key === "modelId") rest["model"] ??= value;
    else put(rest, key, value);
  }
  return rest;
}

/** Parameters that stand one level deeper: Gemini's `config` and `generationConfig`, Bedrock's two. */
const configKeys = new Set(["config", "generationConfig", "generation_config", "inferenceConfig", "toolConfig"]);

function addConfig(to: KeyValues, config: KeyValues): void {
  for (const key of Object.keys(config)) {
    if (requestKeys.has(key) || Object.hasOwn(to, key)) continue;
    put(to, key === "toolChoice" ? "tool_choice" : key, config[key]);
  }
}

/** OpenLLMetry writes the list that OpenAI's responses were asked with into one message's text. */
function unwrapped(turns: Turn[]): Turn[] {
  const [only] = turns;
  const content = only?.message.content;
  if (turns.length !== 1 || only?.message.role !== "user" || typeof content !== "string" || !content.startsWith("[{"))
    return turns;
  const items = decode(content);
  return Array.isArray(items) && items.every(isInputItem) ? (toTurns(items) ?? turns) : turns;
}

function isInputItem(item: unknown): boolean {
  if (!isObject(item)) return false;
  if (typeof item["role"] === "string") return "content" in item;
  return item["type"] === "reasoning" || typeof item["call_id"] === "string";
}

function isBody(value: KeyValues): boolean {
  for (const key of ["messages", "contents", "input", "prompts"]) {
    const part = value[key];
    if (Array.isArray(part) || (key === "input" && typeof part === "string")) return true;
  }
  return typeof value["prompt"] === "string" || Array.isArray(value["prompt"]);
}

function textTurns(value: unknown): Turn[] | undefined {
  const texts = Array.isArray(value) ? value : [value];
  if (texts.length === 0 || !texts.every((text) => typeof text === "string")) return undefined;
  return texts.map((text) => ({ message: { role: "user", content: text } }));
}

/** A message, a list of messages, or a response body of any known API; undefined where it is none of them. */
export function toResponse(value: unknown): Response | undefined {
  const body = decode(value);
  const turns = responseTurns(body);
  if (turns === undefined || turns.length === 0) return undefined;
  const usage = usageOf(body);
  const facts = factsOf(body);
  return { turns, ...(usage === undefined ? {} : { usage }), ...(facts === undefined ? {} : { facts }) };
}

const factNames = [
  ["id", "gen_ai.response.id"],
  ["service_tier", "gen_ai.response.service_tier"],
  ["system_fingerprint", "gen_ai.response.system_fingerprint"],
] as const;

/** Of a whole response body only: a message has an id of its own. */
function factsOf(body: unknown): KeyValues | undefined {
  if (!isObject(body) || (body["object"] === undefined && body["type"] !== "message")) return undefined;
  const facts: KeyValues = {};
  for (const [key, name] of factNames) {
    const fact = toText(body[key]);
    if (fact !== undefined) facts[name] = fact;
  }
  return facts;
}

function responseTurns(body: unknown): Turn[] | undefined {
  if (!isObject(body)) return toTurns(body, "assistant");
  const choices = body["choices"] ?? body["generations"];
  if (Array.isArray(choices)) {
    const single: readonly unknown[] = choices.some(Array.isArray) ? choices.flat() : choices;
    return toTurns(
      single.map((choice) => (isObject(choice) ? withText(choice) : choice)),
      "assistant",
    );
  }
  if (Array.isArray(body["candidates"])) {
    return body["candidates"].flatMap((candidate) => {
      const content = isObject(candidate) && isObject(candidate["content"]) ? candidate["content"] : undefined;
      const finish = isObject(candidate)
        ? toFinish(candidate["finishReason"] ?? candidate["finish_reason"])
        : undefined;
      const found = content === undefined ? undefined : toTurns(content, "assistant");
      if (found === undefined) return [];
      return found.map((turn) => ({ ...turn, ...(finish === undefined ? {} : { finish }) }));
    });
  }
  if (Array.isArray(body["output"])) {
    const turns = toTurns(body["output"], "assistant");
    if (turns !== undefined || body["object"] === "response")
      return turns === undefined ? undefined : joinAnswer(turns);
  }
  if (Array.isArray(body["messages"])) return toTurns(body["messages"], "assistant");
  // Bedrock's Converse: the message stands in the output.
  if (isObject(body["output"]) && isObject(body["output"]["message"])) {
    return withFinish(toTurns(body["output"]["message"], "assistant"), toFinish(body["stopReason"]));
  }
  // Gemini's answer without its list of candidates, as Google's ADK writes it.
  if (isObject(body["content"]) && Array.isArray(body["content"]["parts"])) {
    return withFinish(toTurns(body["content"], "assistant"), toFinish(body["finishReason"] ?? body["finish_reason"]));
  }
  return toTurns(body, "assistant");
}

function withFinish(turns: Turn[] | undefined, finish: string | undefined): Turn[] | undefined {
  return finish === undefined ? turns : turns?.map((turn) => ({ ...turn, finish: turn.finish ?? finish }));
}

/** A choice of the older completions, a generation without a message: its text is the message. */
function withText(choice: KeyValues): KeyValues {
  if (choice["message"] !== undefined) return choice;
  const text = choice["text"] ?? choice["delta"];
  if (isObject(text)) return { ...choice, message: { role: "assistant", ...text } };
  const completion = isObject(choice["completion"]) ? choice["completion"]["text"] : text;
  return typeof completion === "string" ? { ...choice, message: { role: "assistant", content: completion } } : choice;
}

/** The usage that stands in a response body, as its API writes it. */
export function usageOf(body: unknown): KeyValues | undefined {
  if (!isObject(body)) return undefined;
  const llm = isObject(body["llmOutput"]) ? body["llmOutput"] : undefined;
  const { usage_metadata: stated, usage, usageMetadata: gemini } = body;
  for (const found of [stated, usage, gemini, usageOfGeneration(body), llm?.["tokenUsage"], llm?.["usage"]]) {
    if (isObject(found)) return found;
  }
  return undefined;
}

/** LangChain's usage stands in the message, where there is one prompt with one answer. */
function usageOfGeneration(body: KeyValues): unknown {
  if (!Array.isArray(body["generations"])) return undefined;
  const generations = body["generations"].flat();
  const [generation] = generations;
  const message = isObject(generation) && generations.length === 1 ? generation["message"] : undefined;
  const kwargs = isObject(message) && isObject(message["kwargs"]) ? message["kwargs"] : message;
  return isObject(kwargs) ? kwargs["usage_metadata"] : undefined;
}

/** Turns as LangSmith's choices, each with the reason it ended, where one is known. */
export function choicesOf(turns: readonly Turn[], finishes: readonly string[] | undefined): KeyValues[] {
  return turns.map(({ message, finish }, index) => {
    const reason = finish ?? finishes?.[index] ?? (turns.length === 1 ? finishes?.at(-1) : undefined);
    return reason === undefined ? { index, message } : { index, message, finish_reason: reason };
  });
}

/** An assistant's message from pieces that stand in attributes of their own. */
export function messageOf(pieces: {
  text?: unknown;
  reasoning?: unknown;
  calls?: unknown;
  files?: unknown;
}): Message | undefined {
  const parts: unknown[] = [];
  const reasoning = toText(decode(pieces.reasoning)) ?? undefined;
  if (reasoning !== undefined) parts.push({ type: "reasoning", reasoning });
  else if (Array.isArray(decode(pieces.reasoning))) parts.push(...reasoningParts(decode(pieces.reasoning)));
  const text = toText(pieces.text);
  if (text !== undefined) parts.push({ type: "text", text });
  const files = decode(pieces.files);
  if (Array.isArray(files)) parts.push(...files.map((file) => (isObject(file) ? { type: "file", ...file } : file)));
  const calls = decode(pieces.calls);
  const entry = { role: "assistant", content: parts, ...(Array.isArray(calls) ? { tool_calls: calls } : {}) };
  if (parts.length === 0 && !(Array.isArray(calls) && calls.length > 0)) {
    return typeof pieces.text === "string" ? { role: "assistant", content: "" } : undefined;
  }
  return toTurns(entry)?.[0]?.message;
}

function reasoningParts(list: unknown): unknown[] {
  if (!Array.isArray(list)) return [];
  return list.map((entry) => (isObject(entry) ? { type: "reasoning", ...entry } : { type: "reasoning", text: entry }));
}
