// A response out of its stream's events: the final one carries it whole; of one that broke off, what had come by then.
import type { KeyValues } from "../../wire/run.js";
import { isKeyValues } from "../values.js";

const FINAL: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** A response from its events, as langsmith's wrapper of the OpenAI client logs it. The events stay untouched. */
export function aggregateResponses(events: readonly KeyValues[]): KeyValues {
  const final = events.find(({ type, response }) => FINAL.has(type) && isKeyValues(response))?.["response"];
  const failure = events.find(({ type }) => type === "error");
  if (isKeyValues(final)) {
    const isWhole = !Array.isArray(final["output"]) || final["output"].length > 0;
    const output = isWhole ? [] : outputOf(events);
    return output.length > 0 ? { ...final, output } : { ...final };
  }
  const begun = events.findLast(({ response }) => isKeyValues(response))?.["response"];
  const output = outputOf(events);
  if (!isKeyValues(begun) && output.length === 0 && !failure) return events[events.length - 1] ?? {};
  return {
    ...(isKeyValues(begun) ? begun : {}),
    output,
    ...(failure && { status: "failed", error: errorOf(failure) }),
  };
}

/** `{ type: "error", code, message }`, or the same one level down. */
function errorOf({ type: _, sequence_number: __, error, ...rest }: KeyValues): KeyValues {
  return isKeyValues(error) ? error : rest;
}

/** The output items, as far as events tell of them. */
function outputOf(events: readonly KeyValues[]): KeyValues[] {
  const items = new Map<unknown, KeyValues>();
  for (const event of events) {
    const { type, item, output_index: at } = event;
    if ((type === "response.output_item.added" || type === "response.output_item.done") && isKeyValues(item)) {
      items.set(at, { ...item });
      continue;
    }
    if (typeof type !== "string" || !type.endsWith(".delta")) continue;
    const what = type.replace(/^response\./, "");
    // Some services leave out the event that begins an item.
    const known = items.get(at) ?? begun(what);
    if (!known) continue;
    items.set(at, known);
    apply(known, what, event);
  }
  return [...items.values()];
}

/** What comes in pieces: under which list and index of the item, and under which key there. */
const PIECES: Readonly<Record<string, readonly [list: string, index: string, key: string, type: string]>> = {
  output_text: ["content", "content_index", "text", "output_text"],
  refusal: ["content", "content_index", "refusal", "refusal"],
  reasoning_text: ["content", "content_index", "text", "reasoning_text"],
  reasoning_summary_text: ["summary", "summary_index", "text", "summary_text"],
};

/** The item to which a piece belongs that came without one. */
function begun(type: string): KeyValues | undefined {
  if (/^(?:output_text|refusal)\./.test(type)) return { type: "message", role: "assistant", content: [] };
  if (/^reasoning_/.test(type)) return { type: "reasoning" };
  return type.startsWith("function_call_arguments.") ? { type: "function_call", arguments: "" } : undefined;
}

/** Texts of the item itself. */
const OWN_PIECES: Readonly<Record<string, string>> = {
  function_call_arguments: "arguments",
  mcp_call_arguments: "arguments",
  custom_tool_call_input: "input",
  code_interpreter_call_code: "code",
};

function apply(item: KeyValues, type: string, event: KeyValues): void {
  const [what = "", how] = type.split(".");
  if (how !== "delta") return;
  const { delta } = event;
  if (typeof delta !== "string") return;
  const own = Object.hasOwn(OWN_PIECES, what) ? OWN_PIECES[what] : undefined;
  if (own !== undefined) {
    item[own] = `${typeof item[own] === "string" ? item[own] : ""}${delta}`;
    return;
  }
  const place = Object.hasOwn(PIECES, what) ? PIECES[what] : undefined;
  if (!place) return;
  const [list, index, key, partType] = place;
  const parts: unknown[] = Array.isArray(item[list]) ? [...item[list]] : [];
  const at = event[index];
  if (typeof at !== "number" || !(at >= 0 && at <= parts.length)) return;
  const part = parts[at];
  const before = isKeyValues(part) ? part : { type: partType, [key]: "" };
  parts[at] = { ...before, [key]: `${typeof before[key] === "string" ? before[key] : ""}${delta}` };
  item[list] = parts;
}
