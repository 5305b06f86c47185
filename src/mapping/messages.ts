// Messages of every known form (OpenAI chat and responses, Anthropic, GenAI parts, AI SDK, LangChain, OpenInference,
// Gemini) become OpenAI's: the one form in which LangSmith shows a conversation.
import type { KeyValues } from "../run.js";
import { addItem, isReasoningAlone, joinAnswer, joinResults } from "./items.js";
import { decode, isObject, toText } from "./json.js";
import {
  addParts,
  contentOf,
  looksLikeParts,
  type Parts,
  resultContent,
  type ToolCall,
  toToolCall,
  toToolCalls,
} from "./parts.js";

/** A message as LangSmith shows it. */
export interface Message {
  role: string;
  name?: string;
  content: unknown;
  tool_calls?: ToolCall[];
  tool_call_id?: string;
  [key: string]: unknown;
}

/** A message, and why the model stopped after it, where that is said with it. */
export interface Turn {
  message: Message;
  finish?: string;
}

const roles: Readonly<Record<string, string>> = {
  human: "user",
  ai: "assistant",
  model: "assistant",
  function: "tool",
  HumanMessage: "user",
  HumanMessageChunk: "user",
  AIMessage: "assistant",
  AIMessageChunk: "assistant",
  SystemMessage: "system",
  SystemMessageChunk: "system",
  ToolMessage: "tool",
  ToolMessageChunk: "tool",
  FunctionMessage: "tool",
};

const messageTypes = new Set(["human", "ai", "system", "tool", "function", "user", "assistant", "developer"]);

function roleOf(value: unknown): string | undefined {
  const role = toText(value);
  return role === undefined ? undefined : (roles[role] ?? role);
}

/**
 * The messages of a list, or of one message; undefined where nothing in it is one. An entry that is none among
 * others that are stays as a message of its text.
 */
export function toTurns(value: unknown): Turn[] | undefined {
  const decoded = decode(value);
  if (isObject(decoded)) {
    const turns: Turn[] = [];
    return addMessage(decoded, turns) ? turns : undefined;
  }
  if (!Array.isArray(decoded)) return undefined;
  const turns: Turn[] = [];
  let isConversation = false;
  for (const raw of decoded) {
    const entry = decode(raw);
    if (Array.isArray(entry)) {
      const inner = toTurns(entry);
      if (inner === undefined) continue;
      turns.push(...inner);
      isConversation = true;
    } else if (isObject(entry) && addMessage(entry, turns)) {
      isConversation = true;
    } else if (entry !== null && entry !== undefined && entry !== "") {
      turns.push({ message: { role: "user", content: resultContent(entry) } });
    }
  }
  if (!isConversation) return undefined;
  joinResults(turns);
  return turns;
}

function addMessage(entry: KeyValues, turns: Turn[]): boolean {
  const finish = finishOf(entry);
  // A choice or a generation around a message; OpenInference's wrapper.
  if (isObject(entry["message"]) && entry["role"] === undefined) {
    const before = turns.length;
    const isMessage = addMessage(entry["message"], turns);
    const last = turns.at(-1);
    if (finish !== undefined && last !== undefined && turns.length > before) last.finish ??= finish;
    return isMessage;
  }
  if (entry["lc"] === 1 && isObject(entry["kwargs"])) {
    const id = entry["id"];
    const role = roleOf(Array.isArray(id) ? id.at(-1) : undefined) ?? "user";
    return pushMessage({ ...entry["kwargs"], role: entry["kwargs"]["role"] ?? role }, turns, finish);
  }
  const type = toText(entry["type"]);
  if (entry["role"] === undefined && type !== undefined) {
    if (addItem(entry, type, turns)) return true;
    if (messageTypes.has(type) && (isObject(entry["data"]) || "content" in entry)) {
      const inner = isObject(entry["data"]) ? entry["data"] : entry;
      return pushMessage({ ...inner, role: roleOf(type), type: undefined }, turns, finish);
    }
    return false;
  }
  const hasBody = "content" in entry || "parts" in entry || "contents" in entry || "tool_calls" in entry;
  if (typeof entry["role"] !== "string" && !hasBody) return false;
  const before = turns.at(-1);
  if (before === undefined || !isReasoningAlone(before.message)) return pushMessage(entry, turns, finish);
  const own: Turn[] = [];
  pushMessage(entry, own, finish);
  turns.splice(-1, 1, ...joinAnswer([before, ...own]));
  return true;
}

const keptExtras = ["refusal", "annotations", "audio"] as const;

function pushMessage(entry: KeyValues, turns: Turn[], finish: string | undefined): boolean {
  const parts: Parts = { content: [], calls: [], results: [] };
  const reasoning = entry["reasoning_content"] ?? entry["reasoning"];
  if (typeof reasoning === "string" && reasoning !== "") parts.content.push({ type: "reasoning", reasoning });
  const body = entry["parts"] ?? entry["contents"] ?? entry["content"];
  addParts(typeof body === "string" && looksLikeParts(body) ? decode(body) : body, parts);
  if (entry["contents"] !== undefined && typeof entry["content"] === "string") addParts(entry["content"], parts);
  const stated =
    toToolCalls(entry["tool_calls"] ?? entry["toolCalls"]) ?? functionCall(entry["function_call"]) ?? namedCall(entry);
  const calls = stated ?? parts.calls;
  const role = roleOf(entry["role"]) ?? (calls.length > 0 ? "assistant" : "user");
  const name = toText(entry["name"]);
  const hasResults = parts.results.length > 0;
  const isAlone = parts.content.length === 0 && calls.length === 0;
  // A user's message brings results before what the user says; an assistant's tells its calls before their results.
  if (hasResults && (role !== "assistant" || isAlone)) pushResults(parts, turns, role === "tool" ? name : undefined);
  if (hasResults && isAlone) return true;
  const content = contentOf(parts.content);
  const message = newMessage(role, content, name);
  if (role === "tool") message.content = resultContent(content === "" && isObject(body) ? body : content);
  if (calls.length > 0) {
    message.tool_calls = calls;
    if (content === "" && typeof body !== "string") message.content = null;
  }
  const callId = toText(entry["tool_call_id"] ?? entry["toolCallId"] ?? (role === "tool" ? entry["id"] : undefined));
  if (callId !== undefined) message.tool_call_id = callId;
  for (const key of keptExtras) {
    const extra = entry[key];
    if (extra !== null && extra !== undefined && !(Array.isArray(extra) && extra.length === 0)) message[key] = extra;
  }
  turns.push(finish === undefined ? { message } : { message, finish });
  if (hasResults && role === "assistant") pushResults(parts, turns, undefined);
  return true;
}

function pushResults({ results }: Parts, turns: Turn[], ofTool: string | undefined): void {
  for (const { id, name = ofTool, content } of results) {
    const message = newMessage("tool", content, name);
    if (id !== undefined) message.tool_call_id = id;
    turns.push({ message });
  }
}

function newMessage(role: string, content: unknown, name?: string): Message {
  return name === undefined ? { role, content } : { role, name, content };
}

/** OpenInference's older form: the call's name and arguments as fields of the message. */
function namedCall(entry: KeyValues): ToolCall[] | undefined {
  const name = toText(entry["function_call_name"]);
  return name === undefined ? undefined : functionCall({ name, arguments: entry["function_call_arguments_json"] });
}

function functionCall(value: unknown): ToolCall[] | undefined {
  const call = isObject(value) ? toToolCall(value) : undefined;
  return call === undefined ? undefined : [call];
}

function finishOf(entry: KeyValues): string | undefined {
  return toFinish(entry["finish_reason"] ?? entry["finishReason"] ?? entry["stop_reason"] ?? finishOfLangChain(entry));
}

function finishOfLangChain({ generationInfo: info, kwargs }: KeyValues): unknown {
  if (isObject(info) && info["finish_reason"] !== undefined) return info["finish_reason"];
  const response = isObject(kwargs) ? kwargs["response_metadata"] : undefined;
  return isObject(response) ? (response["finish_reason"] ?? response["stop_reason"]) : undefined;
}

/** Why a model stopped; the four spellings of `tool_calls` become one. */
export function toFinish(value: unknown): string | undefined {
  const reason = toText(value);
  return reason === "tool-calls" || reason === "tool_call" || reason === "tool_use" ? "tool_calls" : reason;
}

/** A list of them: a list, a JSON list, or a comma-separated text. */
export function toFinishes(value: unknown): string[] | undefined {
  const list = decode(value);
  if (typeof list === "string" && !list.includes(",")) {
    const only = toFinish(list);
    return only === undefined ? undefined : [only];
  }
  const entries = Array.isArray(list)
    ? list
    : typeof list === "string"
      ? list.split(",").map((text) => text.trim())
      : [];
  const reasons: string[] = [];
  for (const entry of entries) {
    const reason = toFinish(entry);
    if (reason !== undefined) reasons.push(reason);
  }
  return reasons.length === 0 ? undefined : reasons;
}

/** System instructions, in any form, as the first message. */
export function toSystem(value: unknown): Turn[] {
  if (value === undefined || value === null) return [];
  const decoded = decode(value);
  const turns = toTurnsWithRole(decoded);
  if (turns !== undefined) return turns;
  const parts: Parts = { content: [], calls: [], results: [] };
  addParts(decoded, parts);
  return parts.content.length === 0 ? [] : [{ message: { role: "system", content: contentOf(parts.content) } }];
}

function toTurnsWithRole(value: unknown): Turn[] | undefined {
  const list = Array.isArray(value) ? value : [value];
  return list.every((entry) => isObject(entry) && typeof entry["role"] === "string") ? toTurns(list) : undefined;
}
