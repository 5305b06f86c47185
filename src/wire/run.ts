// A run as LangSmith takes it: the one shape that mapping fills, privacy trims and delivery sends.

/** The seven run types LangSmith knows. Source: `RunTypeEnum` in LangSmith's OpenAPI description. */
export const RUN_TYPES = ["tool", "chain", "llm", "retriever", "embedding", "prompt", "parser"] as const;

export type RunType = (typeof RUN_TYPES)[number];

const runTypes: ReadonlySet<unknown> = new Set(RUN_TYPES);

export function isRunType(value: unknown): value is RunType {
  return runTypes.has(value);
}

/** The run type of that name, in any case (LangSmith's v2 calls write capitals); undefined for anything else. */
export function toRunType(value: unknown): RunType | undefined {
  const word = typeof value === "string" ? value.toLowerCase() : undefined;
  return isRunType(word) ? word : undefined;
}

/** Free JSON-like key-values. */
export type KeyValues = Record<string, unknown>;

/** Key-values as users pass and read them, under LangSmith's own name: an interface (`ChatCompletion`) is taken too. */
// biome-ignore lint/suspicious/noExplicitAny: an interface is no Record<string, unknown>, but one of `any`
export type KVMap = Record<string, any>;

/** Something that happened during a run. `new_token` marks the first token of a streamed llm run. */
export interface RunEvent {
  name: string;
  /** ISO 8601 with six fractional digits. */
  time: string;
  [key: string]: unknown;
}

/** A file that travels beside a run. The name has no dot in it. */
export interface Attachment {
  mimeType: string;
  data: Uint8Array;
}

/** What a run says: everything but its place in a trace and its times. Mapping makes it. */
export interface RunContent {
  name: string;
  run_type: RunType;
  inputs?: KeyValues;
  outputs?: KeyValues;
  /** Non-empty where the run failed: `Type: message`, then the stack. */
  error?: string;
  events?: RunEvent[];
  tags?: string[];
  serialized?: KeyValues;
  extra: RunExtra;
  reference_example_id?: string;
  attachments?: Record<string, Attachment>;
}

export interface RunExtra {
  /** Filterable key-values; `usage_metadata` on llm and embedding runs stands in here. */
  metadata: KeyValues;
  invocation_params?: KeyValues;
  runtime?: KeyValues;
  [key: string]: unknown;
}

/** A whole run, ready to be sent. Without `end_time` it is pending. */
export interface Run extends RunContent {
  /** UUID. */
  id: string;
  /** The id of the trace's root run. */
  trace_id: string;
  parent_run_id?: string;
  /** One segment an ancestor from the root down, joined by `.`; a segment is `YYYYMMDDTHHMMSSffffffZ<run id>`. */
  dotted_order: string;
  /** ISO 8601, UTC, six fractional digits: the same microsecond as the last segment. */
  start_time: string;
  /** As `start_time`, and never before it. */
  end_time?: string;
  /** The project, by name. */
  session_name?: string;
  /** The project, by id; instead of the name. */
  session_id?: string;
}
