// Messages of every known form (OpenAI chat and responses, Anthropic, GenAI parts, AI SDK, LangChain, OpenInference,
// Gemini) become OpenAI's: the one form in which LangSmith shows a conversation.
import type { KeyValues } from "../wire/run.js";
import { addItem, isReasoningAlone, joinAnswer, joinResults } from "./items.js";
import { decode, isObject, put, toText } from "./json.js";
import type { Message, Turn } from "./message.js";
import { bodyOfMessage, reasoningBeside, roleOfMessage, toRole } from "./message-body.js";
import {
  addParts,
  contentOf,
  type Parts,
  partsInText,
  resultContent,
  type ToolCall,
  toToolCall,
  toToolCalls,
} from "./parts.js";

const messageTypes = new Set(["human", "ai", "system", "tool", "function", "user", "assistant", "developer"]);

/** Who speaks where a message does not say it: in a question the user, in an answer the model. */
export type Speaker = "user" | "assistant";

/**
 * The messages of a list, or of one message; undefined where nothing in it is one. An entry that is none among
 * others that are stays as a message of its text.
 */
export function toTurns(value: unknown, speaker: Speaker = "user"): Turn[] | undefined {
  const decoded = decode(value);
  if (isObject(decoded)) {
    const turns: Turn[] = [];
    return addMessage(decoded, turns, speaker) ? turns : undefined;
  }
  if (!Array.isArray(decoded)) return undefined;
  const turns: Turn[] = [];
  let isConversation = false;
  for (const raw of decoded) {
    const entry = decode(raw);
    if (Array.isArray(entry)) {
      const inner = toTurns(entry, speaker);
      if (inner === undefined) continue;
      turns.push(...inner);
      isConversation = true;
    } else if (isObject(entry) && addMessage(entry, turns, speaker)) {
      isConversation = true;
    } else if (entry !== null && entry !== undefined && entry !== "") {
      turns.push({ message: { role: speaker, content: resultContent(entry) } });
    }
  }
  if (!isConversation) return undefined;
  joinResults(turns);
  return turns;
}

function addMessage(entry: KeyValues, turns: Turn[], speaker: Speaker): boolean {
  const finish = finishOf(entry);
  // A choice or a generation around a message; OpenInference's wrapper; a message around its own body.
  if (isObject(entry["message"]) && (entry["role"] === undefined || !hasBody(entry))) {
    const before = turns.length;
    const { message } = entry;
    const isStated = entry["role"] === undefined || message["role"] !== undefined;
    const isMessage = addMessage(isStated ? message : { ...message, role: entry["role"] }, turns, speaker);
    const last = turns.at(-1);
    if (finish !== undefined && last !== undefined && turns.length > before) last.finish ??= finish;
    return isMessage;
  }
  if (entry["lc"] === 1 && isObject(entry["kwargs"])) {
    const id = entry["id"];
    const role = toRole(Array.isArray(id) ? id.at(-1) : undefined) ?? speaker;
    return pushMessage({ ...entry["kwargs"], role: entry["kwargs"]["role"] ?? role }, turns, finish, speaker);
  }
  const type = toText(entry["type"]);
  const role = roleOfMessage(entry);
  if (role === undefined && type !== undefined) {
    if (addItem(entry, type, turns)) return true;
    const isSpeaker = messageTypes.has(type) && (saysSpeaker.has(type) || "content" in entry);
    if (isSpeaker || (messageTypes.has(type) && isObject(entry["data"]))) {
      const inner = isObject(entry["data"]) ? entry["data"] : entry;
      return pushMessage({ ...inner, role: toRole(type), type: undefined }, turns, finish, speaker);
    }
    return false;
  }
  if (role === undefined && !hasBody(entry)) return false;
  const before = turns.at(-1);
  if (before === undefined || !isReasoningAlone(before.message)) return pushMessage(entry, turns, finish, speaker);
  const own: Turn[] = [];
  pushMessage(entry, own, finish, speaker);
  turns.splice(-1, 1, ...joinAnswer([before, ...own]));
  return true;
}

/** Types that only messages have. */
const saysSpeaker = new Set(["human", "ai", "user", "assistant"]);

const bodyKeys = ["content", "parts", "contents", "tool_calls", "toolCalls", "reasoning", "reasoning_content"];
const olderBodyKeys = ["function_call", "function_call_name", "tool_call_id"];

/** Whether something without a role is a message all the same. */
function hasBody(entry: KeyValues): boolean {
  return bodyKeys.some((key) => key in entry) || olderBodyKeys.some((key) => key in entry);
}

function pushMessage(entry: KeyValues, turns: Turn[], finish: string | undefined, speaker: Speaker): boolean {
  const parts: Parts = { content: [], calls: [], results: [] };
  const reasoning = reasoningBeside(entry);
  if (reasoning !== undefined) parts.content.push({ type: "reasoning", reasoning });
  const { body, second, beside } = bodyOfMessage(entry);
  addParts(typeof body === "string" ? (partsInText(body) ?? body) : body, parts);
  if (second !== undefined) addSecond(second, parts);
  const stated =
    toToolCalls(entry["tool_calls"] ?? entry["toolCalls"]) ?? functionCall(entry["function_call"]) ?? namedCall(entry);
  const calls = stated ?? parts.calls;
  const callId = toText(entry["tool_call_id"] ?? entry["toolCallId"]);
  const role = roleIn(entry, parts, calls, callId) ?? speaker;
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
  const answers = callId ?? toText(role === "tool" ? entry["id"] : undefined);
  if (answers !== undefined) message.tool_call_id = answers;
  for (const key of Object.keys(beside)) if (!Object.hasOwn(message, key)) put(message, key, beside[key]);
  turns.push(finish === undefined ? { message } : { message, finish });
  if (hasResults && role === "assistant") pushResults(parts, turns, undefined);
  return true;
}

/** Who speaks: as stated, or as what is said shows. A message that answers a call is the tool's, whoever brought it. */
function roleIn(entry: KeyValues, parts: Parts, calls: readonly ToolCall[], callId: unknown): string | undefined {
  const role = roleOfMessage(entry);
  if (callId !== undefined && (role === undefined || role === "user")) return "tool";
  if (role !== undefined) return role;
  const isModels = calls.length > 0 || parts.content.some((part) => isObject(part) && part["type"] === "reasoning");
  return isModels ? "assistant" : undefined;
}

/** Adds what a second body says that the first does not. */
function addSecond(second: unknown, to: Parts): void {
  const own: Parts = { content: [], calls: [], results: [] };
  addParts(second, own);
  const known = new Set(to.content.map((part) => JSON.stringify(part)));
  for (const part of own.content) if (!known.has(JSON.stringify(part))) to.content.push(part);
  if (to.calls.length === 0) to.calls.push(...own.calls);
  if (to.results.length === 0) to.results.push(...own.results);
}

function pushResults({ results }: Parts, turns: Turn[], ofTool: string | undefined): void {
  for (const { id, name = ofTool, content, status } of results) {
    const message = newMessage("tool", content, name);
    if (id !== undefined) message.tool_call_id = id;
    if (status !== undefined) message["status"] = status;
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

const callsTools = new Set(["tool-calls", "tool_call", "tool_use", "toolUse"]);

/** Why a model stopped; the spellings of `tool_calls` become one. */
export function toFinish(value: unknown): string | undefined {
  const stated = toText(value);
  // Gemini's reasons are constants: `STOP`, `MAX_TOKENS`.
  const reason = stated !== undefined && /^[A-Z_]{2,40}$/.test(stated) ? stated.toLowerCase() : stated;
  return reason !== undefined && callsTools.has(reason) ? "tool_calls" : reason;
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
