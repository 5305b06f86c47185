// What a vocabulary is: a table of which attributes it reads and where they go, and code only where a table cannot say it.
import type { RunType } from "../wire/run.js";
import type { MappableLogRecord, MappableSpan } from "./span.js";

/**
 * Where an attribute goes. The closed list of what a run can learn from a span:
 *
 * - `run_type`, `name`, `agent` (true for an agent's or workflow's span), `integration`
 * - `provider`, `model` (that answered), `requested_model`
 * - `input_messages`, `output_messages` (lists of messages in any known form), `system` (instructions that stand apart),
 *   `output_text`, `output_reasoning`, `output_tool_calls`, `output_object`, `output_files`, `finish_reason`
 * - `inputs`, `outputs`: a whole value; `whole_inputs`, `whole_outputs`: the run's inputs or outputs as they are
 * - `tool_name`, `tool_call_id`, `tool_arguments`, `tool_result`; `query`, `documents`, `texts` (to embed), `vectors`, their `dimensions`
 * - `tools` (offered), `params` (an object), `param` (one, under `name` or the last part of its key in snake case)
 * - `usage` (an object) and one `usage.…` a count, `first_token`
 * - `error_type`, `error_message`, `error_level` (true where the span says it failed)
 * - `attachments` (a list of name, media type and content in base64)
 * - `thread_id`, `user_id`, `tags`, `metadata` (one value, or an object), `project_name`, `project_id`, `example_id`
 * - `input`, `output`: one part of the inputs or outputs, under `name`, where nothing supplies them whole
 * - `drop`: read, and sent nowhere, since it says again what another says
 */
export type Field =
  | "run_type"
  | "name"
  | "agent"
  | "integration"
  | "provider"
  | "model"
  | "requested_model"
  | "input_messages"
  | "output_messages"
  | "system"
  | "output_text"
  | "output_reasoning"
  | "output_tool_calls"
  | "output_object"
  | "output_files"
  | "finish_reason"
  | "inputs"
  | "outputs"
  | "whole_inputs"
  | "whole_outputs"
  | "input"
  | "output"
  | "tool_name"
  | "tool_call_id"
  | "tool_arguments"
  | "tool_result"
  | "query"
  | "documents"
  | "texts"
  | "vectors"
  | "dimensions"
  | "tools"
  | "params"
  | "param"
  | "usage"
  | "usage.input_tokens"
  | "usage.output_tokens"
  | "usage.total_tokens"
  | "usage.cache_read"
  | "usage.cache_creation"
  | "usage.reasoning"
  | "usage.input_details"
  | "usage.output_details"
  | "usage.input_cost"
  | "usage.output_cost"
  | "usage.total_cost"
  | "first_token"
  | "error_type"
  | "error_message"
  | "error_level"
  | "attachments"
  | "thread_id"
  | "user_id"
  | "tags"
  | "metadata"
  | "project_name"
  | "project_id"
  | "example_id"
  | "drop";

/** One line of a vocabulary's table. */
export interface Rule {
  /** Attribute keys, the first that is there and usable wins. */
  readonly keys?: readonly string[];
  /** Every attribute whose key begins so; ends in a dot. */
  readonly prefix?: string;
  /** With `prefix`: the key ends so. */
  readonly suffix?: string;
  readonly to: Field;
  /** The name of a `param`, an `input` or an `output`, or the key of a `metadata`; default: the rest of the key. */
  readonly name?: string;
  /** With `prefix`: the name is the whole key, not what the prefix leaves of it. */
  readonly ownKey?: boolean;
  /** With `prefix`: the keys' rests are paths with indices (`0.message.role`), put together to one value. */
  readonly flattened?: boolean;
  /**
   * Reads the attribute's value. `undefined` says that it is not usable: the next in line takes its place, and the
   * attribute goes to the metadata. A thrown error counts as `undefined`.
   */
  readonly as?: (value: unknown, span: MappableSpan) => unknown;
  /** The rule holds only for spans of which this is true. */
  readonly when?: (span: MappableSpan) => boolean;
  /** A remark for the docs. */
  readonly note?: string;
}

/**
 * Supplies a field from code, as a rule would have. `key` is the attribute it came from, where there is one; `entries`
 * are what stands in the metadata where the run's type has no place for the field.
 */
export type Fill = (
  field: Field,
  value: unknown,
  options?: { key?: string; name?: string; entries?: readonly (readonly [key: string, value: unknown])[] },
) => void;

/**
 * One way of naming things on spans.
 *
 * @example
 * ```ts
 * const acme: Vocabulary = {
 *   name: "acme",
 *   markers: ["acme.model"],
 *   rules: [
 *     { keys: ["acme.kind"], to: "run_type", as: (kind) => (kind === "completion" ? "llm" : undefined) },
 *     { keys: ["acme.model"], to: "model" },
 *     { keys: ["acme.prompt"], to: "inputs" },
 *     { keys: ["acme.answer"], to: "outputs" },
 *     { keys: ["acme.tokens.in"], to: "usage.input_tokens" },
 *     { prefix: "acme.label.", to: "metadata" },
 *   ],
 * };
 * new LangSmithSpanProcessor({ mapping: { vocabularies: [acme, ...defaultVocabularies] } });
 * ```
 */
export interface Vocabulary {
  /** Names it in the docs, and in `metadata.ls_integration` of the runs whose type it decided. */
  readonly name: string;
  /** One sentence for the docs: who speaks it. */
  readonly about?: string;
  /** What `metadata.ls_integration` says; default `name`; `false`: nothing. */
  readonly integration?: string | false;
  /** Instrumentation scopes whose spans are all GenAI; a name that ends in `*` is a beginning. */
  readonly scopes?: readonly string[];
  /** Keys, or beginnings that end in a dot, that only a GenAI span carries. */
  readonly markers?: readonly string[];
  readonly rules: readonly Rule[];
  /**
   * What a table cannot say; runs when an attribute of the table, or a span event or log record named in `events`, is
   * there. `fill` supplies fields. A thrown error is ignored.
   */
  readonly read?: (span: MappableSpan, fill: Fill, logs: readonly MappableLogRecord[]) => void;
  /** Names of span events and log records that `read` takes as content; they are not sent again as events. */
  readonly events?: readonly string[];
  /** Keys of `entries` that `read` supplies, by what they hold: hiding knows them by these. */
  readonly leaves?: { readonly inputs: readonly string[]; readonly outputs: readonly string[] };
  /** Scopes for which it is known that `input_tokens` leaves cached tokens out. */
  readonly countsCachedApart?: readonly string[];
}

/** A decoder for a rule of `run_type`: by a table of values, in any case, and what every other string means. */
export function byValue(table: Readonly<Record<string, RunType>>, other?: RunType): (value: unknown) => unknown {
  const known = new Map(Object.entries(table).map(([value, type]) => [inOneCase(value), type]));
  return (value) => (typeof value === "string" && value !== "" ? (known.get(inOneCase(value)) ?? other) : undefined);
}

/** A decoder for a rule of `agent`: true for these values, in any case. */
export function isOneOf(...values: string[]): (value: unknown) => unknown {
  const known = new Set(values.map(inOneCase));
  return (value) => (typeof value === "string" && known.has(inOneCase(value)) ? true : undefined);
}

/** `CHAT`, `text-completion`: conventions name values in lower case, hand-made spans in any. */
function inOneCase(value: string): string {
  // Values of these tables are short; others are none of them.
  return value.length > 64 ? value : value.trim().toLowerCase().replace(/[-. ]/g, "_");
}
