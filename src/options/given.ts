// What a user may give. Made of table.ts by `npm run docs:options`: change it there.
import type { MeterProvider } from "@opentelemetry/api";
import type { Dispatcher } from "undici";
import type { Vocabulary } from "../mapping/index.js";
import type { MappableSpan } from "../mapping/span.js";
import type { KeyValues, Run } from "../wire/run.js";
import type { HideOption, SpansOption } from "./functions.js";
import type { Loss } from "./loss.js";

/** Where runs go besides the primary destination. */
export interface ReplicaOptions {
  /** The project there, by name. Default: the run's own. */
  readonly project?: string;
  /** Where that API is. Default: `apiUrl`. */
  readonly apiUrl?: string;
  /** The key for it. Default: `apiKey`, on its own host alone. */
  readonly apiKey?: string;
  /** For keys that belong to an organisation. Default: `workspaceId`, on its own host alone. */
  readonly workspaceId?: string;
  /**
   * Keeps the run ids as they are; every other destination remaps them by its project. Default: the first.
   */
  readonly primary?: boolean;
  /** Fields laid over every run sent there. */
  readonly updates?: Readonly<KeyValues>;
}

/** Options of the processor and the exporter. An option beats the environment. */
export interface LangSmithOptions {
  /**
   * LangSmith's key, or a function for keys that rotate, which is asked for every request. Default:
   * `LANGSMITH_API_KEY`, else none: one warning, nothing is sent, unless the address is this machine's.
   */
  readonly apiKey?: string | (() => string | Promise<string>);
  /**
   * Where LangSmith's API is; of a self-hosted installation it ends in `/api/v1`. Default: `LANGSMITH_ENDPOINT`,
   * else `https://api.smith.langchain.com`.
   */
  readonly apiUrl?: string;
  /** For keys that belong to an organisation. Default: `LANGSMITH_WORKSPACE_ID`. */
  readonly workspaceId?: string;
  /**
   * The project of runs that name none. Default: `LANGSMITH_PROJECT`, else `default`, or the agent of
   * `LANGSMITH_AGENT_ID` with `LANGSMITH_AGENT_ENVIRONMENT`.
   */
  readonly projectName?: string;
  /** False switches the bridge off. Default: `LANGSMITH_TRACING_V2` or `LANGSMITH_TRACING`, else `true`. */
  readonly enabled?: boolean;
  /**
   * Which spans become runs: `"application"` passes over infrastructure (HTTP, databases, …; known by scope),
   * `"all"` keeps it, a function `(span, byDefault) => boolean` decides for itself. Default:
   * `LANGSMITH_OTEL_SPANS`, else `"application"`.
   */
  readonly spans?: SpansOption;
  /**
   * Which traces are sent: `"genai"` those in which a GenAI span shows itself, `"all"` every one. Default:
   * `LANGSMITH_OTEL_TRACES`, else `"genai"`.
   */
  readonly traces?: "genai" | "all";
  /**
   * A span that is open longer is posted as pending; milliseconds. 0 posts at start, `Infinity` never. Default:
   * `LANGSMITH_OTEL_PENDING_AFTER_MILLIS`, else 1,000.
   */
  readonly pendingAfterMillis?: number;
  /** A span that is open longer is closed as an error that says so; milliseconds. Default: 24 hours. */
  readonly abandonedAfterMillis?: number;
  /**
   * Below a local root that has ended, spans that are still open are closed as aborted when nothing has started or
   * ended there for so long; milliseconds, `Infinity` never. Never a run of which a reference was taken. Default:
   * 30 minutes.
   */
  readonly orphanedAfterMillis?: number;
  /** How long the exporter waits for a parent that has not come; milliseconds. Default: 30,000. */
  readonly orphanAfterMillis?: number;
  readonly held?: {
    /** Traces that are held until a GenAI span shows itself. Default: 1,000. */
    readonly maxTraces?: number;
    /** Memory for them; bytes. Default: 32 MiB. */
    readonly maxBytes?: number;
  };
  /** `forceFlush` and `shutdown` settle within this; milliseconds. Default: 30,000. */
  readonly shutdownTimeoutMillis?: number;
  /**
   * Flushes, for 5 s at the most, when the process has nothing left to do (Node's `beforeExit`), so that a script
   * that just ends loses nothing. Default: `LANGSMITH_OTEL_FLUSH_BEFORE_EXIT`, else `true`.
   */
  readonly flushBeforeExit?: boolean;
  /**
   * How many traces are sent, whole, chosen by their id: 0 to 1. Default: `LANGSMITH_TRACING_SAMPLING_RATE`, else
   * 1.
   */
  readonly samplingRate?: number;
  /**
   * True leaves the inputs out; a function returns what may be sent, at once. Default: `LANGSMITH_HIDE_INPUTS`,
   * else `false`.
   */
  readonly hideInputs?: HideOption;
  /** As `hideInputs`, for outputs. Default: `LANGSMITH_HIDE_OUTPUTS`, else `false`. */
  readonly hideOutputs?: HideOption;
  /** As `hideInputs`, for metadata. Default: `LANGSMITH_HIDE_METADATA`, else `false`. */
  readonly hideMetadata?: HideOption;
  readonly mapping?: {
    /**
     * The tables by which attributes are read, the more specific first. Default: `defaultVocabularies`, the tables.
     */
    readonly vocabularies?: readonly Vocabulary[];
    /**
     * Whether embeddings keep their vectors in `outputs.embeddings`, where the instrumentation records them; else
     * their number and size stand there. Default: `false`.
     */
    readonly withVectors?: boolean;
  };
  /**
   * A last word on every run; it gets a copy and returns the run to send, or undefined to send none (counted).
   */
  readonly transformRun?: (run: Run, span: MappableSpan) => Run | undefined;
  /**
   * Where runs go, in place of `apiUrl`: a destination each. The first, or the one marked `primary`, keeps the run
   * ids. Default: `LANGSMITH_RUNS_ENDPOINTS`.
   */
  readonly replicas?: readonly ReplicaOptions[];
  /**
   * This processor keeps the run ids where two stand in one process. Default: the first processor of the process.
   */
  readonly primary?: boolean;
  readonly queue?: {
    /** Memory for runs that wait to be sent; bytes. Default: 64 MiB. */
    readonly maxBytes?: number;
  };
  readonly spool?: {
    /** Where runs are kept on disk. Default: `LANGSMITH_FAILED_TRACES_DIR`, else no spool. */
    readonly dir: string;
    /**
     * Bound of that directory; beyond it the oldest goes, counted. Default: 512 MiB, or the megabytes of
     * `LANGSMITH_FAILED_TRACES_MAX_MB`.
     */
    readonly maxBytes?: number;
    /**
     * `"failures"` keeps what could not be sent or held in memory, `"always"` every run, before it is sent. Default:
     * `"failures"`.
     */
    readonly mode?: "failures" | "always";
  };
  /** Operations a request, at the most; what `/info` says where that is lower. Default: 100. */
  readonly maxBatchCount?: number;
  /** Uncompressed bytes a request, at the most; what `/info` says where that is lower. Default: 10 MiB. */
  readonly maxBatchBytes?: number;
  /** How long a run waits for company; milliseconds. None with `exportMode: "immediate"`. Default: 250. */
  readonly batchDelayMillis?: number;
  /** Requests at once. Default: 4. */
  readonly maxConcurrentRequests?: number;
  /** For one attempt, from connecting to the answer; milliseconds. Default: 30,000. */
  readonly requestTimeoutMillis?: number;
  readonly retry?: {
    /**
     * Ceiling of the first pause, doubled from one to the next; the pause itself is random, between half of it and
     * all. Default: 500.
     */
    readonly initialDelayMillis?: number;
    /** Highest ceiling. Default: 30,000. */
    readonly maxDelayMillis?: number;
    /** How long a run is tried before it is given up (or left in the spool). Default: 1 hour. */
    readonly maxAgeMillis?: number;
  };
  /**
   * `"auto"` is the best that both ends have. Default: `"auto"`; `"none"` with
   * `LANGSMITH_DISABLE_RUN_COMPRESSION=true`.
   */
  readonly compression?: "auto" | "gzip" | "zstd" | "none";
  /**
   * undici's own, for proxies, custom CA, keep-alive. Default: an agent that goes by `HTTPS_PROXY`, `HTTP_PROXY`,
   * `NO_PROXY` and `NODE_EXTRA_CA_CERTS`.
   */
  readonly dispatcher?: Dispatcher;
  /** `"immediate"` sends each run at its end, for serverless. Default: `"batch"`. */
  readonly exportMode?: "batch" | "immediate";
  /** A serverless platform's way of keeping the process alive for a promise. */
  readonly waitUntil?: (promise: Promise<unknown>) => void;
  /** Told of every loss. Never throws into the application. */
  readonly onError?: (loss: Loss) => void;
  /** Where metrics go. Default: the global one. */
  readonly meterProvider?: MeterProvider;
}
