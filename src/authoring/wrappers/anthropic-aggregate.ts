// An Anthropic message from the events of its stream. The events are the application's: they are not changed.
import type { KeyValues } from "../../wire/run.js";
import { isKeyValues } from "../values.js";

/** A content block that is being put together. */
interface Block {
  readonly fields: KeyValues;
  json: string;
}

/** The message that the events make: text, tool calls with their parsed inputs, thinking, citations, usage. */
export function aggregateMessage(events: readonly KeyValues[]): KeyValues {
  let message: KeyValues = { role: "assistant" };
  let usage: KeyValues | undefined;
  const blocks = new Map<number, Block>();
  for (const event of events) {
    const { type, delta } = event;
    const index = typeof event.index === "number" ? event.index : 0;
    if (type === "message_start" && isKeyValues(event.message)) {
      const { usage: first, ...rest } = event.message;
      message = rest;
      usage = merged(usage, first);
    } else if (type === "content_block_start" && isKeyValues(event.content_block)) {
      blocks.set(index, { fields: { ...event.content_block }, json: "" });
    } else if (type === "content_block_delta" && isKeyValues(delta)) {
      const block = blocks.get(index);
      if (block) addDelta(block, delta);
    } else if (type === "message_delta") {
      if (isKeyValues(delta)) message = { ...message, ...delta };
      usage = merged(usage, event.usage);
    }
  }
  const content = [...blocks].sort(([a], [b]) => a - b).map(([, block]) => whole(block));
  return { ...message, content, ...(usage && { usage }) };
}

function addDelta(block: Block, delta: KeyValues): void {
  const { fields } = block;
  for (const [type, from, to] of TEXTS) {
    if (delta.type === type && typeof delta[from] === "string") fields[to] = `${textOf(fields[to])}${delta[from]}`;
  }
  if (delta.type === "input_json_delta") block.json += textOf(delta.partial_json);
  if (delta.type === "citations_delta") {
    const { citations } = fields;
    fields.citations = [...(Array.isArray(citations) ? citations : []), delta.citation];
  }
}

const TEXTS = [
  ["text_delta", "text", "text"],
  ["thinking_delta", "thinking", "thinking"],
  ["signature_delta", "signature", "signature"],
] as const;

function whole({ fields, json }: Block): KeyValues {
  if (json === "") return fields;
  try {
    return { ...fields, input: JSON.parse(json) };
  } catch {
    // A stream that broke off: what came is shown.
    return { ...fields, input: json };
  }
}

/** Counts of the end replace those of the start, where they say something. */
function merged(usage: KeyValues | undefined, more: unknown): KeyValues | undefined {
  if (!isKeyValues(more)) return usage;
  return { ...usage, ...Object.fromEntries(Object.entries(more).filter(([, count]) => count != null)) };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
