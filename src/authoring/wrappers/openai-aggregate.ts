// One answer out of a stream's chunks, as langsmith's wrapper of the OpenAI client logs it. The chunks stay untouched.
import type { KeyValues } from "../../wire/run.js";

interface ToolCallDelta {
  index?: number;
  id?: string;
  type?: string;
  function?: { name?: string; arguments?: string };
}

interface ChoiceDelta {
  index: number;
  finish_reason?: string | null;
  delta: {
    role?: string;
    content?: string | null;
    function_call?: { name?: string; arguments?: string };
    tool_calls?: ToolCallDelta[];
    [field: string]: unknown;
  };
}

interface ChatChunk {
  choices?: ChoiceDelta[];
  [field: string]: unknown;
}

interface TextChunk {
  choices?: { text?: string | null; [field: string]: unknown }[];
  [field: string]: unknown;
}

/** A chat completion from its chunks. */
export function aggregateChat(chunks: readonly ChatChunk[]): KeyValues {
  const last = chunks[chunks.length - 1];
  if (!last) return { choices: [{ message: { role: "assistant", content: "" } }] };
  const byIndex = new Map<number, ChoiceDelta[]>();
  for (const chunk of chunks) {
    for (const choice of chunk.choices ?? []) {
      const choices = byIndex.get(choice.index);
      if (choices) choices.push(choice);
      else byIndex.set(choice.index, [choice]);
    }
  }
  const choices = [...byIndex].sort(([a], [b]) => a - b).map(([, deltas]) => choiceOf(deltas));
  return { ...last, choices };
}

function choiceOf(deltas: readonly ChoiceDelta[]): KeyValues {
  const message: KeyValues = { role: "assistant", content: "" };
  const call = { name: "", arguments: "" };
  const others: Record<string, string> = {};
  let content = "";
  let hasCall = false;
  for (const { delta } of deltas) {
    if (delta.role) message.role = delta.role;
    if (delta.content) content += delta.content;
    if (delta.function_call) {
      hasCall = true;
      call.name += delta.function_call.name ?? "";
      call.arguments += delta.function_call.arguments ?? "";
    }
    // A refusal, or what other providers' models think (`reasoning_content`), comes in pieces as the content does.
    for (const [field, piece] of Object.entries(delta)) {
      if (typeof piece === "string" && field !== "role" && field !== "content") {
        others[field] = (others[field] ?? "") + piece;
      }
    }
  }
  Object.assign(message, others);
  message.content = content;
  if (hasCall) message.function_call = call;
  const calls = toolCallsOf(deltas);
  if (calls.length > 0) message.tool_calls = calls;
  const finish = [...deltas].reverse().find((choice) => choice.finish_reason);
  return { index: deltas[0]?.index, finish_reason: finish?.finish_reason, message };
}

/** Tool calls by their own index: langsmith's wrapper melts several calls of one choice into one. */
function toolCallsOf(deltas: readonly ChoiceDelta[]): KeyValues[] {
  const calls = new Map<number, { id: string | null; type: string | null; name: string; arguments: string }>();
  for (const { delta } of deltas) {
    for (const part of delta.tool_calls ?? []) {
      const index = part.index ?? 0;
      const call = calls.get(index) ?? { id: null, type: null, name: "", arguments: "" };
      calls.set(index, call);
      call.id ??= part.id ?? null;
      call.type ??= part.type ?? null;
      call.name += part.function?.name ?? "";
      call.arguments += part.function?.arguments ?? "";
    }
  }
  return [...calls].map(([index, { id, type, name, arguments: args }]) => ({
    index,
    id,
    type,
    function: { name, arguments: args },
  }));
}

/** A text completion from its chunks. */
export function aggregateText(chunks: readonly TextChunk[]): KeyValues {
  const last = chunks[chunks.length - 1];
  if (!last) return { choices: [{ text: "" }] };
  const text = chunks.map((chunk) => chunk.choices?.[0]?.text ?? "").join("");
  return { ...last, choices: [{ ...last.choices?.[0], text }] };
}

/** A picture or a transcript from its events: the last one carries it whole. */
export function aggregateMedia(events: readonly KeyValues[]): KeyValues {
  const final = events.findLast(({ type }) => typeof type === "string" && /\.(?:completed|done)$/.test(type));
  const { type: _, ...whole } = final ?? events[events.length - 1] ?? {};
  return whole;
}
