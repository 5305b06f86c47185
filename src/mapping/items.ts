// How messages come together: the items of OpenAI's responses to the messages they are parts of, and tools' results to
// the calls they answer.
import { isObject, toText } from "./json.js";
import type { Message, Turn } from "./message.js";
import { addParts, contentOf, type Parts, resultContent, type ToolCall, toToolCall } from "./parts.js";

/** What a server's own tools leave in a response: calls and listings that are parts of the assistant's message. */
const ofServerTools = /^(\w+_call|\w+_call_output|mcp_\w+)$/;

/** Adds an item of OpenAI's responses; false where it is none. Calls and reasoning join the assistant's message. */
export function addItem(item: Record<string, unknown>, type: string, turns: Turn[]): boolean {
  if (type === "function_call_output" || type === "custom_tool_call_output") {
    const id = toText(item["call_id"]);
    const content = resultContent(item["output"]);
    turns.push({ message: { role: "tool", content, ...(id === undefined ? {} : { tool_call_id: id }) } });
    return true;
  }
  const isCall = type === "function_call" || type === "custom_tool_call";
  // A call in the form of other libraries' parts has no id of an item, and is read as a part.
  const isServers = !isCall && ofServerTools.test(type) && toText(item["id"]) !== undefined && type !== "tool_call";
  if (!isCall && !isServers && type !== "reasoning") return false;
  const last = turns.at(-1)?.message;
  const isOpen = last?.role === "assistant" && (isCall || (last.tool_calls?.length ?? 0) === 0);
  const message: Message = isOpen && last !== undefined ? last : { role: "assistant", content: "" };
  if (message !== last) turns.push({ message });
  if (isCall) {
    const call = toToolCall(item);
    if (call !== undefined) message.tool_calls = [...(message.tool_calls ?? []), call];
    if (message.content === "") message.content = null;
  } else {
    const parts: Parts = { content: [], calls: [], results: [] };
    if (isServers) parts.content.push(item);
    else addParts(item, parts);
    message.content = contentOf([...partsOf(message), ...parts.content]);
  }
  return true;
}

function partsOf({ content }: Message): readonly unknown[] {
  if (Array.isArray(content)) return content;
  return content === "" || content === null || content === undefined ? [] : [{ type: "text", text: content }];
}

/** One answer, told as several messages of the assistant: one message. */
export function joinAnswer(turns: readonly Turn[]): Turn[] {
  const joined: Turn[] = [];
  for (const turn of turns) {
    const last = joined.at(-1);
    if (last?.message.role === "assistant" && turn.message.role === "assistant") {
      joined[joined.length - 1] = joinTurns(last, turn);
    } else joined.push(turn);
  }
  return joined;
}

function joinTurns(first: Turn, second: Turn): Turn {
  const parts = [...partsOf(first.message), ...partsOf(second.message)];
  const calls = [...(first.message.tool_calls ?? []), ...(second.message.tool_calls ?? [])];
  const message: Message = { ...first.message, ...second.message, content: contentOf(parts) };
  if (calls.length > 0) {
    message.tool_calls = calls;
    if (message.content === "") message.content = null;
  }
  const finish = second.finish ?? first.finish;
  return finish === undefined ? { message } : { message, finish };
}

/** Whether a message tells reasoning and nothing else: the beginning of the one that follows. */
export function isReasoningAlone({ role, content, tool_calls: calls }: Message): boolean {
  if (role !== "assistant" || calls !== undefined || !Array.isArray(content) || content.length === 0) return false;
  return content.every((part) => isObject(part) && part["type"] === "reasoning");
}

const speakers = new Set(["system", "user", "assistant", "tool", "developer"]);

/** Results that bear the name of their tool for a role (as Langfuse writes LangChain's) become a tool's messages. */
export function joinResults(turns: readonly Turn[]): void {
  if (turns.every(({ message }) => speakers.has(message.role))) return;
  const open: ToolCall[] = [];
  for (const { message } of turns) {
    open.push(...(message.tool_calls ?? []));
    if (speakers.has(message.role)) continue;
    const at = open.findIndex((call) => call.function.name === message.role);
    const [call] = at === -1 ? [] : open.splice(at, 1);
    if (call === undefined) continue;
    message.name = message.role;
    message.role = "tool";
    if (call.id !== undefined) message.tool_call_id ??= call.id;
  }
}
