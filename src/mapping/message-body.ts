// What one message says: its text, under whatever key it stands, and what stands beside it.
import type { KeyValues } from "../wire/run.js";
import { isObject, put, toText } from "./json.js";
import { isThere } from "./there.js";

/** Keys under which libraries and hand-made spans put a message's text, the plainest first. */
const textKeys = ["text", "message", "value", "body", "answer", "response", "completion", "output", "input", "prompt"];
const furtherTextKeys = ["question", "query", "output_text", "input_text", "result", "data"];

/** Keys that say something of a message, and never what it says. */
const notText = new Set([
  ..."id uuid status index phase name model author sender from user_id sessionId session_id".split(" "),
  ..."created_at createdAt timestamp time date language lang channel recipient finish reason".split(" "),
  ..."refusal annotations audio signature encrypted_content".split(" "),
]);

/** What becomes a field of its own, or is said by the run already (its model, its usage). */
const taken = new Set([
  ..."role content parts contents tool_calls toolCalls function_call name tool_call_id toolCallId type".split(" "),
  ..."function_call_name function_call_arguments_json finish_reason finishReason".split(" "),
  ..."stop_reason usage usage_metadata model object lc lc_kwargs lc_namespace tool_call_chunks from author".split(" "),
  // LangChain's, which may hold the whole answer once more.
  "response_metadata",
]);

/** A message's body, and its other keys. */
export interface MessageBody {
  /** A text, a part, or a list of parts; undefined where the message says nothing. */
  readonly body: unknown;
  /** A second body that says something else: Vercel's messages have `content` and `parts`. */
  readonly second?: unknown;
  readonly beside: KeyValues;
}

/** Takes a message apart. Nothing of it is lost: what is no body and no field of its own stays beside it. */
export function bodyOfMessage(entry: KeyValues): MessageBody {
  const key = ["parts", "contents", "content"].find((name) => isThere(entry[name]));
  const instead = key === undefined ? insteadOfContent(entry) : undefined;
  const beside: KeyValues = {};
  for (const name of Object.keys(entry)) {
    const value = entry[name];
    if (taken.has(name) || name === instead || !isThere(value) || isNoise(name, value, entry)) continue;
    put(beside, name, name === "additional_kwargs" ? withoutCopies(value) : value);
  }
  if (instead !== undefined) return { body: entry[instead], beside };
  const body = key === undefined ? (entry["content"] ?? entry["parts"] ?? entry["contents"]) : entry[key];
  const { content } = entry;
  return key !== "content" && isThere(content) ? { body, second: content, beside } : { body, beside };
}

/** The key of the text in a message without content. */
function insteadOfContent(entry: KeyValues): string | undefined {
  const known = [...textKeys, ...furtherTextKeys].find((name) => isThere(entry[name]));
  if (known !== undefined || hasOther(entry)) return known;
  const others = Object.keys(entry).filter((name) => !taken.has(name) && !notText.has(name) && isThere(entry[name]));
  const [only, second] = others;
  return only !== undefined && second === undefined && typeof entry[only] === "string" ? only : undefined;
}

/** Whether something else than a text is what the message says. */
function hasOther(entry: KeyValues): boolean {
  return ["tool_calls", "toolCalls", "function_call", "function_call_name", "reasoning", "reasoning_content"].some(
    (name) => isThere(entry[name]),
  );
}

function isNoise(name: string, value: unknown, entry: KeyValues): boolean {
  if (name === "reasoning" || name === "reasoning_content") return typeof value === "string";
  if (name === "status") return value === "completed" || value === "success";
  // The id of a whole answer is the run's; a tool's message has the call's.
  if (name === "id") return entry["type"] === "message" || toRole(entry["role"]) === "tool";
  // Messages that are events: their name, their system, their number.
  if (name.startsWith("event.") || name.startsWith("gen_ai.")) return true;
  return name === "additional_kwargs" && isObject(value) && !isThere(withoutCopies(value));
}

const copies = new Set(["id", "reasoning", "reasoning_content", "refusal"]);

/** The reasoning that stands beside a message's content, as DeepSeek's API and others write it. */
export function reasoningBeside(entry: KeyValues): string | undefined {
  const { reasoning_content: content, reasoning, additional_kwargs: kwargs } = entry;
  const stated = content ?? reasoning ?? (isObject(kwargs) ? kwargs["reasoning_content"] : undefined);
  return typeof stated === "string" && stated !== "" ? stated : undefined;
}

/** LangChain's copies of what stands in the message: its calls, its reasoning. */
function withoutCopies(value: unknown): unknown {
  if (!isObject(value)) return value;
  const rest: KeyValues = {};
  for (const key of Object.keys(value)) {
    const isCopy = taken.has(key) || copies.has(key) || key.startsWith("__");
    if (!isCopy && isThere(value[key])) put(rest, key, value[key]);
  }
  return rest;
}

const roles: Readonly<Record<string, string>> = {
  user: "user",
  human: "user",
  assistant: "assistant",
  ai: "assistant",
  model: "assistant",
  bot: "assistant",
  chatbot: "assistant",
  system: "system",
  developer: "developer",
  tool: "tool",
  function: "tool",
  humanmessage: "user",
  humanmessagechunk: "user",
  aimessage: "assistant",
  aimessagechunk: "assistant",
  systemmessage: "system",
  systemmessagechunk: "system",
  toolmessage: "tool",
  toolmessagechunk: "tool",
  functionmessage: "tool",
};

/** OpenAI's name of a role, from any library's, in any case; names that are nobody's stay. */
export function toRole(value: unknown): string | undefined {
  const role = toText(value);
  return role === undefined ? undefined : (knownRole(role) ?? role);
}

function knownRole(role: string): string | undefined {
  const lower = role.toLowerCase();
  return Object.hasOwn(roles, lower) ? roles[lower] : undefined;
}

/** The role that a message states; `from` and `author` count where they name one. */
export function roleOfMessage(entry: KeyValues): string | undefined {
  const role = toRole(entry["role"]);
  if (role !== undefined) return role;
  const { from, author } = entry;
  for (const sender of [from, author, isObject(author) ? author["role"] : undefined]) {
    const known = typeof sender === "string" ? knownRole(sender) : undefined;
    if (known !== undefined) return known;
  }
  return undefined;
}
