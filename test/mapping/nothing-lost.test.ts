// No attribute is lost: every text and number of every recorded span stands somewhere in its run, but for what is listed here.
import { describe, expect, test } from "vitest";
import { allRecordings, loadRecording } from "../fixtures/load.js";
import { mapRecording } from "./tree.js";

/** What says again, in other words, what stands in the run. */
const saidOtherwise: readonly [why: string, key: RegExp, value?: RegExp][] = [
  ["the run type, the name and the function's id say it", /^(operation\.name|langsmith\.span\.kind)$/],
  ["the provider is the part before the dot", /^(ai\.model\.provider|gen_ai\.(system|provider\.name))$/],
  ["the four spellings of tool_calls are one", /(finish_?[rR]eason|stop_reason)/, /^(tool[-_]calls?|tool_use)$/],
  ["a first token is a time", /(msToFirstChunk|time_to_first_chunk|completion_start_time)$/],
  ["vectors are left out unless asked for", /embedding/, /^-?\d/],
  ["media types of the values beside them", /\.mime_type$/],
  ["a picture's bytes say its type", /./, /^image\/\*$/],
  ["marks of content that was left out", /./, /^__REDACTED__$/],
  [
    "parts have other types in OpenAI's form",
    /(messages|instructions|toolCalls|prompt|observation\.(in|out)put|tool_result\.content|_messages\..*type|^(in|out)put\.value)/,
    /^(thinking|document|input_(text|image|file)|refusal|text|blob|uri|file|tool[-_](call|result|use|call_response)|error-text|summary_text|function_call(_output)?|output_text)$/,
  ],
  [
    "a library's own redaction is kept to",
    /^(input|output)\.value$/,
    /^(What is the capital of France\?|The capital of France is Paris\.)$/,
  ],
  [
    "a hidden input is hidden in the parameters and the embeddings too",
    /^(llm\.invocation_parameters|embedding\..*text)$/,
    /^(You are a weather assistant\..*|umbrella policy)$/,
  ],
  ["pictures as bytes are data URIs", /^(ai\.prompt|input\.value)$/, /^(Buffer|\d+)$/],
  ["ids of items that are parts of a message", /./, /^(rs|fc|msg)_[0-9a-f]+$/],
  [
    "how a whole body frames what it says",
    /^(input|output)\.value$|^llm\.invocation_parameters$/,
    /^(constructor|langchain_core|messages|\w+Message(Chunk)?|success|chat\.completion|response|completed|message|ephemeral|standard|disabled|auto|ai|stop|openai|text|\d+|[0-9a-f]{8}-.*|chatcmpl-.*|gpt-.*|o4-.*|resp_.*|fp_mock|default|summary_text|function_call(_output)?|output_text|reasoning)$/,
  ],
  [
    "LangSmith's place and marks, read at the start",
    /^langsmith\.(span\.parent_id|traceable|traceable_parent_otel_span_id|span\.tags)$/,
  ],
  ["Logfire's schema says which attributes are JSON", /^logfire\.json_schema$/],
  ["an error's level and stack are in the error", /^(langfuse\.observation\.level|exception\.stacktrace)$/],
  ["a user's message of results alone is a tool's", /^gen_ai\.input\.messages$/, /^user$/],
  ["when Mastra stored a part", /^gen_ai\.input\.messages$/, /^\d{13}$/],
  ["unknown names nothing", /^error\.type$/, /^unknown$/],
];

function leaves(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(leaves);
  if (typeof value === "number") return value === 0 ? [] : [String(value)];
  if (typeof value !== "string" || value === "") return [];
  if (!/^\s*[[{"]/.test(value)) return [value];
  try {
    const parsed: unknown = JSON.parse(value);
    return parsed === value ? [value] : leaves(parsed);
  } catch {
    return [value];
  }
}

function isAllowed(key: string, leaf: string): boolean {
  return saidOtherwise.some(([, keys, values]) => keys.test(key) && (values === undefined || values.test(leaf)));
}

describe("nothing that a span says is lost", () => {
  test.each(allRecordings())("%s/%s", (folder, file) => {
    for (const { span, mapped } of mapRecording(loadRecording(folder, file))) {
      const text = JSON.stringify(mapped);
      const kept = new Set(leaves(mapped));
      const lost = Object.entries(span.attributes).flatMap(([key, value]) =>
        leaves(value)
          .filter(
            (leaf) => !kept.has(leaf) && !text.includes(JSON.stringify(leaf).slice(1, -1)) && !isAllowed(key, leaf),
          )
          .map((leaf) => `${span.name}: ${key} = ${leaf.slice(0, 100)}`),
      );
      expect(lost).toEqual([]);
    }
  });
});
