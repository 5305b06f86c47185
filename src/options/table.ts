// Every option of the processor and the exporter, a row each. The types in `given.ts` and the table in docs/options.md
// are made of it (`npm run docs:options`); checks, defaults and the reading of variables go by it.
import {
  ADDRESS,
  BYTES,
  CARRIER_SWITCH,
  type CarrierSwitch,
  COUNT,
  DURATION,
  FLAG,
  functionOf,
  HEADER_SIZE,
  HIDE,
  KEY,
  type Kind,
  listOf,
  NAMES,
  NUMBER_OF,
  objectOf,
  oneOf,
  RATE,
  SIZE,
  SPANS,
  TAGS,
  TEXT,
  TIME_LIMIT,
} from "./kinds.js";

/** One option. */
export interface Row<T = unknown> {
  readonly kind: Kind<T>;
  /** The variables behind it, by their full names: the first that is set counts, and names it in the docs. */
  readonly variables?: readonly string[];
  /** What holds where nobody says. */
  readonly default?: T;
  /** In words, where it is no value, or not to be read as one. */
  readonly unset?: string;
  /** Where it stands in an object that makes no sense without it. */
  readonly isRequired?: boolean;
  /** What it does, in the words of the docs. */
  readonly doc: string;
}

/** A variable of LangSmith's, and the older name behind it. */
function either(name: string): readonly [string, string] {
  return [`LANGSMITH_${name}`, `LANGCHAIN_${name}`];
}

function row<T>(kind: Kind<T>, rest: Omit<Row<T>, "kind" | "default">): Row<T>;
function row<T>(kind: Kind<T>, rest: Omit<Row<T>, "kind"> & { readonly default: T }): Row<T> & { readonly default: T };
function row<T>(kind: Kind<T>, rest: Omit<Row<T>, "kind">): Row<T> {
  return { kind, ...rest };
}

const MIB = 1_048_576;

/** The names with a dot stand in an object of their own: `held: { maxTraces }`. */
export const OPTIONS = {
  apiKey: row(KEY, {
    variables: either("API_KEY"),
    unset: "none: one warning, nothing is sent, unless the address is this machine's",
    doc: "LangSmith's key, or a function for keys that rotate, which is asked for every request.",
  }),
  apiUrl: row(ADDRESS, {
    variables: either("ENDPOINT"),
    default: "https://api.smith.langchain.com",
    doc: "Where LangSmith's API is; of a self-hosted installation it ends in `/api/v1`.",
  }),
  workspaceId: row(TEXT, {
    variables: either("WORKSPACE_ID"),
    doc: "For keys that belong to an organisation.",
  }),
  projectName: row(TEXT, {
    variables: ["LANGSMITH_PROJECT", "LANGCHAIN_PROJECT", "LANGSMITH_SESSION", "LANGCHAIN_SESSION"],
    unset: "`default`, or the agent of `LANGSMITH_AGENT_ID` with `LANGSMITH_AGENT_ENVIRONMENT`",
    doc: "The project of runs that name none.",
  }),
  enabled: row(FLAG, {
    variables: ["LANGSMITH_TRACING_V2", "LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGCHAIN_TRACING"],
    default: true,
    doc: "False switches the bridge off.",
  }),
  spans: row(SPANS, {
    variables: ["LANGSMITH_OTEL_SPANS"],
    default: "application",
    doc: 'Which spans become runs: `"application"` passes over infrastructure (HTTP, databases, …; known by scope), `"all"` keeps it, a function `(span, byDefault) => boolean` decides for itself.',
  }),
  traces: row<"genai" | "all">(oneOf("genai", "all"), {
    variables: ["LANGSMITH_OTEL_TRACES"],
    default: "genai",
    doc: 'Which traces are sent: `"genai"` those in which a GenAI span shows itself, `"all"` every one.',
  }),
  pendingAfterMillis: row(DURATION, {
    variables: ["LANGSMITH_OTEL_PENDING_AFTER_MILLIS"],
    default: 1_000,
    doc: "A span that is open longer is posted as pending; milliseconds. 0 posts at start, `Infinity` never.",
  }),
  abandonedAfterMillis: row(DURATION, {
    default: 24 * 60 * 60 * 1_000,
    doc: "A span that is open longer is closed as an error that says so; milliseconds.",
  }),
  orphanedAfterMillis: row(DURATION, {
    default: 30 * 60 * 1_000,
    doc: "Below a local root that has ended, spans that are still open are closed as aborted when nothing has started or ended there for so long; milliseconds, `Infinity` never. Never a run of which a reference was taken.",
  }),
  orphanAfterMillis: row(DURATION, {
    default: 30_000,
    doc: "How long the exporter waits for a parent that has not come; milliseconds.",
  }),
  "held.maxTraces": row(COUNT, {
    default: 1_000,
    doc: "Traces that are held until a GenAI span shows itself.",
  }),
  "held.maxBytes": row(BYTES, { default: 32 * MIB, doc: "Memory for them; bytes." }),
  shutdownTimeoutMillis: row(DURATION, {
    default: 30_000,
    doc: "`forceFlush` and `shutdown` settle within this; milliseconds.",
  }),
  flushBeforeExit: row(FLAG, {
    variables: ["LANGSMITH_OTEL_FLUSH_BEFORE_EXIT"],
    default: true,
    doc: "Flushes, for 5 s at the most, when the process has nothing left to do (Node's `beforeExit`), so that a script that just ends loses nothing.",
  }),
  samplingRate: row(RATE, {
    variables: either("TRACING_SAMPLING_RATE"),
    default: 1,
    doc: "How many traces are sent, whole, chosen by their id: 0 to 1.",
  }),
  hideInputs: row(HIDE, {
    variables: either("HIDE_INPUTS"),
    default: false,
    doc: "True leaves the inputs out; a function returns what may be sent, at once.",
  }),
  hideOutputs: row(HIDE, {
    variables: either("HIDE_OUTPUTS"),
    default: false,
    doc: "As `hideInputs`, for outputs.",
  }),
  hideMetadata: row(HIDE, {
    variables: either("HIDE_METADATA"),
    default: false,
    doc: "As `hideInputs`, for metadata.",
  }),
  "mapping.vocabularies": row(listOf<object>("readonly Vocabulary[]"), {
    unset: "`defaultVocabularies`, the [tables](mapping.md)",
    doc: "The tables by which attributes are read, the more specific first.",
  }),
  "mapping.withVectors": row(FLAG, {
    default: false,
    doc: "Whether embeddings keep their vectors in `outputs.embeddings`, where the instrumentation records them; else their number and size stand there.",
  }),
  transformRun: row(functionOf<unknown>("(run: Run, span: MappableSpan) => Run | undefined"), {
    doc: "A last word on every run; it gets a copy and returns the run to send, or undefined to send none (counted).",
  }),
  replicas: row(listOf<object>("readonly ReplicaOptions[]"), {
    variables: either("RUNS_ENDPOINTS"),
    doc: "Where runs go, in place of `apiUrl`: a destination each. The first, or the one marked `primary`, keeps the run ids.",
  }),
  primary: row(FLAG, {
    unset: "the first processor of the process",
    doc: "This processor keeps the run ids where two stand in one process.",
  }),
  "queue.maxBytes": row(SIZE, { default: 64 * MIB, doc: "Memory for runs that wait to be sent; bytes." }),
  "spool.dir": row(TEXT, {
    variables: either("FAILED_TRACES_DIR"),
    unset: "no spool",
    isRequired: true,
    doc: "Where runs are kept on disk.",
  }),
  "spool.maxBytes": row(SIZE, {
    unset: "512 MiB, or the megabytes of `LANGSMITH_FAILED_TRACES_MAX_MB`",
    doc: "Bound of that directory; beyond it the oldest goes, counted.",
  }),
  "spool.mode": row(oneOf("failures", "always"), {
    unset: '`"failures"`',
    doc: '`"failures"` keeps what could not be sent or held in memory, `"always"` every run, before it is sent.',
  }),
  maxBatchCount: row(NUMBER_OF, {
    default: 100,
    doc: "Operations a request, at the most; what `/info` says where that is lower.",
  }),
  maxBatchBytes: row(SIZE, {
    default: 10 * MIB,
    doc: "Uncompressed bytes a request, at the most; what `/info` says where that is lower.",
  }),
  batchDelayMillis: row(DURATION, {
    default: 250,
    doc: 'How long a run waits for company; milliseconds. None with `exportMode: "immediate"`.',
  }),
  maxConcurrentRequests: row(NUMBER_OF, { default: 4, doc: "Requests at once." }),
  requestTimeoutMillis: row(TIME_LIMIT, {
    default: 30_000,
    doc: "For one attempt, from connecting to the answer; milliseconds.",
  }),
  "retry.initialDelayMillis": row(DURATION, {
    default: 500,
    doc: "Ceiling of the first pause, doubled from one to the next; the pause itself is random, between half of it and all.",
  }),
  "retry.maxDelayMillis": row(DURATION, { default: 30_000, doc: "Highest ceiling." }),
  "retry.maxAgeMillis": row(DURATION, {
    default: 3_600_000,
    doc: "How long a run is tried before it is given up (or left in the spool).",
  }),
  compression: row(oneOf("auto", "gzip", "zstd", "none"), {
    unset: '`"auto"`; `"none"` with `LANGSMITH_DISABLE_RUN_COMPRESSION=true`',
    doc: '`"auto"` is the best that both ends have.',
  }),
  dispatcher: row(objectOf<object>("Dispatcher"), {
    unset: "an agent that goes by `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` and `NODE_EXTRA_CA_CERTS`",
    doc: "undici's own, for proxies, custom CA, keep-alive.",
  }),
  exportMode: row(oneOf("batch", "immediate"), {
    default: "batch",
    doc: '`"immediate"` sends each run at its end, for serverless.',
  }),
  waitUntil: row(functionOf<unknown>("(promise: Promise<unknown>) => void"), {
    doc: "A serverless platform's way of keeping the process alive for a promise.",
  }),
  onError: row(functionOf<unknown>("(loss: Loss) => void"), {
    doc: "Told of every loss. Never throws into the application.",
  }),
  meterProvider: row(objectOf<object>("MeterProvider"), {
    unset: "the global one",
    doc: "Where metrics go.",
  }),
} as const;

/** What stands in one entry of `replicas`. */
export const REPLICA_OPTIONS = {
  project: row(TEXT, { unset: "the run's own", doc: "The project there, by name." }),
  apiUrl: row(ADDRESS, { unset: "`apiUrl`", doc: "Where that API is." }),
  apiKey: row(TEXT, { unset: "`apiKey`, on its own host alone", doc: "The key for it." }),
  workspaceId: row(TEXT, {
    unset: "`workspaceId`, on its own host alone",
    doc: "For keys that belong to an organisation.",
  }),
  primary: row(FLAG, {
    unset: "the first",
    doc: "Keeps the run ids as they are; every other destination remaps them by its project.",
  }),
  updates: row(objectOf<object>("Readonly<KeyValues>"), { doc: "Fields laid over every run sent there." }),
} as const;

/** Options of `LangSmithPropagator`: what is believed of inbound headers, and what is told to those who are called. */
export const PROPAGATOR_OPTIONS = {
  "inbound.trace": row<CarrierSwitch>(CARRIER_SWITCH, {
    variables: ["LANGSMITH_OTEL_INBOUND_TRACE"],
    default: true,
    doc: "Whether a `langsmith-trace` header is taken: for all, for none, or by carrier (the headers). A service that faces strangers says false.",
  }),
  "inbound.metadata": row<readonly string[]>(NAMES, {
    default: ["thread_id"],
    doc: "Metadata keys that are taken with an accepted trace.",
  }),
  "inbound.tags": row<boolean | readonly string[]>(TAGS, {
    default: false,
    doc: "Tags that are taken with an accepted trace: all, none, or those listed.",
  }),
  "inbound.project": row<readonly string[]>(NAMES, {
    variables: ["LANGSMITH_OTEL_INBOUND_PROJECTS"],
    default: [],
    doc: 'Projects, beside this process\'s own, in which a trace from outside may live; `"*"` is every one. In the variable with commas between.',
  }),
  "outbound.trace": row<CarrierSwitch>(CARRIER_SWITCH, {
    default: true,
    doc: "Whether anything is injected: for all, for none, or by carrier (the headers).",
  }),
  "outbound.metadata": row<readonly string[]>(NAMES, {
    default: [],
    doc: "Metadata keys that go along beside `thread_id`, which always does.",
  }),
  "outbound.tags": row<boolean | readonly string[]>(TAGS, {
    default: false,
    doc: "Tags that go along: all, none, or those listed.",
  }),
  "outbound.project": row<readonly string[]>(NAMES, {
    default: ["*"],
    doc: 'Projects whose traces may be told of; `"*"` is every one.',
  }),
  "outbound.maxHeaderBytes": row(HEADER_SIZE, {
    default: 4_096,
    doc: "A longer `langsmith-trace` line is cut to the longest ancestor prefix that fits.",
  }),
} as const;

/** Variables that stand behind no option of the processor's. */
export const OTHER_VARIABLES: Readonly<Record<string, string>> = {
  LANGSMITH_REVISION_ID:
    "The application's revision: `revision_id` in the metadata of every run that has none of its own.",
  LANGSMITH_OTEL_CONTENT_AS_ATTRIBUTES:
    "`contentAsAttributes` of `configureAuthoring`: inputs and outputs of traced functions as span attributes, too. Default false.",
};

export type OptionName = keyof typeof OPTIONS;
