// Options and environment: what a user may say, checked once, at construction.

import type { MeterProvider } from "@opentelemetry/api";
import type { Dispatcher } from "undici";
import type { Loss } from "../delivery/operation.js";
import type { RetryPolicy } from "../delivery/options.js";
import { LangSmithOptionError } from "../errors.js";
import type { Vocabulary } from "../mapping/index.js";
import type { MappableSpan } from "../mapping/span.js";
import type { KeyValues, Run } from "../wire/run.js";
import {
  checkKinds,
  countOf,
  durationOf,
  rateOf,
  type SpansOption,
  type StartedSpan,
  spansOf,
  tracesOf,
  urlOf,
} from "./checks.js";
import { booleanOf, type Environment, langsmithVariable, numberOf, unquoted, variableOf } from "./environment.js";
import { checkNames } from "./names.js";
import { DEFAULT_PROJECT, projectFrom } from "./project.js";
import { tracingVariable } from "./tracing.js";

export { LangSmithOptionError, type SpansOption, type StartedSpan, urlOf };

/** Hides a field: `true` leaves it out whole, a function returns what may be said. */
export type HideOption = boolean | ((values: KeyValues) => KeyValues);

/** Where runs go besides the primary destination. */
export interface ReplicaOptions {
  readonly project?: string;
  readonly apiUrl?: string;
  readonly apiKey?: string;
  readonly workspaceId?: string;
  /** Keeps the run ids as they are; every other destination remaps them by its project. Default: the first. */
  readonly primary?: boolean;
  /** Fields laid over every run sent there. */
  readonly updates?: Readonly<KeyValues>;
}

/** Options of the processor and the exporter. An option beats the environment. */
export interface LangSmithOptions {
  /** LangSmith's key, or a function for keys that rotate. Default `LANGSMITH_API_KEY`. */
  readonly apiKey?: string | (() => string | Promise<string>);
  /** Default `LANGSMITH_ENDPOINT`, else `https://api.smith.langchain.com`. */
  readonly apiUrl?: string;
  /** For keys that belong to an organisation. Default `LANGSMITH_WORKSPACE_ID`. */
  readonly workspaceId?: string;
  /** Default `LANGSMITH_PROJECT`, else `default`. */
  readonly projectName?: string;
  /** False switches the bridge off. Default `LANGSMITH_TRACING` (or `LANGSMITH_TRACING_V2`), else true. */
  readonly enabled?: boolean;
  /**
   * Which spans become runs: `"application"` passes over infrastructure (HTTP, databases, …; known by scope), `"all"`
   * keeps it, a function decides for itself. Default `LANGSMITH_OTEL_SPANS`, else `"application"`.
   */
  readonly spans?: SpansOption;
  /**
   * Which traces are sent: `"genai"` those in which a GenAI span shows itself, `"all"` every one.
   * Default `LANGSMITH_OTEL_TRACES`, else `"genai"`.
   */
  readonly traces?: "genai" | "all";
  /**
   * A span that is open longer is posted as pending; milliseconds. 0 posts at start, `Infinity` never.
   * Default `LANGSMITH_OTEL_PENDING_AFTER_MILLIS`, else 1,000.
   */
  readonly pendingAfterMillis?: number;
  /** A span open longer is closed as an error that says so; milliseconds. Default 24 hours. */
  readonly abandonedAfterMillis?: number;
  /**
   * Below a local root that has ended, spans that are still open are closed as aborted when nothing has started or ended
   * there for so long; milliseconds. Never a run of which a reference was taken. Default 30 minutes; `Infinity` never.
   */
  readonly orphanedAfterMillis?: number;
  /** How long the exporter waits for a parent that has not come; milliseconds. Default 30,000. */
  readonly orphanAfterMillis?: number;
  /** Bounds of what is held of traces that have not shown a GenAI span: `maxTraces` 1,000, `maxBytes` 32 MiB. */
  readonly held?: { readonly maxTraces?: number; readonly maxBytes?: number };
  /** `forceFlush` and `shutdown` settle within this; milliseconds. Default 30,000. */
  readonly shutdownTimeoutMillis?: number;
  /**
   * Flushes, for five seconds at the most, when the process has nothing left to do (Node's `beforeExit`), so that a
   * script that just ends loses nothing. Default `LANGSMITH_OTEL_FLUSH_BEFORE_EXIT`, else true.
   */
  readonly flushBeforeExit?: boolean;
  /** Whole traces, by their trace id: 0 to 1. Default `LANGSMITH_TRACING_SAMPLING_RATE`, else 1. */
  readonly samplingRate?: number;
  /** Default `LANGSMITH_HIDE_INPUTS`, else false. */
  readonly hideInputs?: HideOption;
  /** Default `LANGSMITH_HIDE_OUTPUTS`, else false. */
  readonly hideOutputs?: HideOption;
  /** Default `LANGSMITH_HIDE_METADATA`, else false. */
  readonly hideMetadata?: HideOption;
  /** The attribute tables, the more specific first. Default `defaultVocabularies`. */
  readonly mapping?: { readonly vocabularies?: readonly Vocabulary[] };
  /** A last word on every run; it gets a copy and returns the run to send, or undefined to send none (counted). */
  readonly transformRun?: (run: Run, span: MappableSpan) => Run | undefined;
  /** Where else runs go. Default `LANGSMITH_RUNS_ENDPOINTS`. */
  readonly replicas?: readonly ReplicaOptions[];
  /** This processor keeps the run ids where two stand in one process. Default: the first. */
  readonly primary?: boolean;
  /** Memory for runs that wait to be sent; bytes, default 64 MiB. */
  readonly queue?: { readonly maxBytes?: number };
  /** Where runs are kept on disk. Default `LANGSMITH_FAILED_TRACES_DIR` and `LANGSMITH_FAILED_TRACES_MAX_MB`. */
  readonly spool?: { readonly dir: string; readonly maxBytes?: number; readonly mode?: "failures" | "always" };
  /** Operations a request, at the most; what `/info` says where that is lower. Default 100. */
  readonly maxBatchCount?: number;
  /** Uncompressed bytes a request, at the most; what `/info` says where that is lower. Default 10 MiB. */
  readonly maxBatchBytes?: number;
  /** How long a run waits for company; milliseconds. Default 250. */
  readonly batchDelayMillis?: number;
  /** Default 4. */
  readonly maxConcurrentRequests?: number;
  /** Milliseconds for one attempt. Default 30,000. */
  readonly requestTimeoutMillis?: number;
  /** How a request that failed is tried again; the first pause, the longest, and how long at all: milliseconds. */
  readonly retry?: RetryPolicy;
  readonly compression?: "auto" | "gzip" | "zstd" | "none";
  /** undici's own, for proxies, custom CA, keep-alive. */
  readonly dispatcher?: Dispatcher;
  /** `"immediate"` sends each run at its end, for serverless. Default `"batch"`. */
  readonly exportMode?: "batch" | "immediate";
  /** A serverless platform's way of keeping the process alive for a promise. */
  readonly waitUntil?: (promise: Promise<unknown>) => void;
  /** Told of every loss. Never throws into the application. */
  readonly onError?: (loss: Loss) => void;
  /** Default: the global one. */
  readonly meterProvider?: MeterProvider;
}

/** One destination of runs, resolved. */
export interface LangSmithDestination {
  readonly apiUrl: string;
  readonly apiKey: string | (() => string | Promise<string>) | undefined;
  readonly workspaceId: string | undefined;
}

/** Options after the environment and the defaults. */
export interface ResolvedOptions extends LangSmithDestination {
  readonly given: LangSmithOptions;
  readonly enabled: boolean;
  readonly projectName: string;
  readonly spans: SpansOption;
  readonly traces: "genai" | "all";
  readonly pendingAfterMillis: number;
  readonly abandonedAfterMillis: number;
  readonly orphanedAfterMillis: number;
  readonly orphanAfterMillis: number;
  readonly heldMaxTraces: number;
  readonly heldMaxBytes: number;
  readonly shutdownTimeoutMillis: number;
  readonly flushBeforeExit: boolean;
  readonly samplingRate: number;
  readonly hideInputs: HideOption;
  readonly hideOutputs: HideOption;
  readonly hideMetadata: HideOption;
  readonly spool: LangSmithOptions["spool"] | undefined;
  readonly runsEndpoints: string | undefined;
  /** Of the application: metadata of every run that has none of its own. */
  readonly revisionId: string | undefined;
  /** `LANGSMITH_DISABLE_RUN_COMPRESSION`: bodies are sent plain where no option says otherwise. */
  readonly isCompressionOff: boolean;
}

/** Every option, so that a name that is none is found. */
const OPTION_NAMES: readonly string[] = Object.keys({
  apiKey: true,
  apiUrl: true,
  workspaceId: true,
  projectName: true,
  enabled: true,
  spans: true,
  traces: true,
  pendingAfterMillis: true,
  abandonedAfterMillis: true,
  orphanedAfterMillis: true,
  orphanAfterMillis: true,
  held: true,
  shutdownTimeoutMillis: true,
  flushBeforeExit: true,
  samplingRate: true,
  hideInputs: true,
  hideOutputs: true,
  hideMetadata: true,
  mapping: true,
  transformRun: true,
  replicas: true,
  primary: true,
  queue: true,
  spool: true,
  maxBatchCount: true,
  maxBatchBytes: true,
  batchDelayMillis: true,
  maxConcurrentRequests: true,
  requestTimeoutMillis: true,
  retry: true,
  compression: true,
  dispatcher: true,
  exportMode: true,
  waitUntil: true,
  onError: true,
  meterProvider: true,
} satisfies Record<keyof LangSmithOptions, true>);

const REPLICA_NAMES: readonly string[] = Object.keys({
  project: true,
  apiUrl: true,
  apiKey: true,
  workspaceId: true,
  primary: true,
  updates: true,
} satisfies Record<keyof ReplicaOptions, true>);

const DEFAULT_API_URL = "https://api.smith.langchain.com";
const SPANS_VARIABLE = "LANGSMITH_OTEL_SPANS";
const TRACES_VARIABLE = "LANGSMITH_OTEL_TRACES";
const PENDING_VARIABLE = "LANGSMITH_OTEL_PENDING_AFTER_MILLIS";

/**
 * Lays options over the environment over the defaults.
 *
 * @param more names of options that stand beside these, for whoever made them to read
 * @throws LangSmithOptionError for an option (or a variable) that makes no sense, by its name; for one that does not
 * exist, by its name and the nearest
 */
export function resolveOptions(
  options: LangSmithOptions = {},
  env: Environment = process.env,
  more: readonly string[] = [],
): ResolvedOptions {
  if (typeof options !== "object" || options === null) throw new LangSmithOptionError("options", "an object", options);
  checkNames(options, [...OPTION_NAMES, ...more]);
  checkKinds(options);
  checkInnerNames(options);
  return {
    given: options,
    enabled: options.enabled ?? tracingVariable(env)?.isOn ?? true,
    apiKey:
      (typeof options.apiKey === "function" ? options.apiKey : unquoted(options.apiKey)) ??
      langsmithVariable(env, "API_KEY"),
    apiUrl: urlOf("apiUrl", unquoted(options.apiUrl) ?? langsmithVariable(env, "ENDPOINT") ?? DEFAULT_API_URL),
    workspaceId: unquotedOption(options.workspaceId) ?? langsmithVariable(env, "WORKSPACE_ID"),
    projectName: unquotedOption(options.projectName) ?? projectFrom(env) ?? DEFAULT_PROJECT,
    spans: spansOf(options.spans) ?? spansWord(env) ?? "application",
    traces:
      tracesOf("traces", options.traces) ?? tracesOf(TRACES_VARIABLE, variableOf(env, TRACES_VARIABLE)) ?? "genai",
    pendingAfterMillis:
      options.pendingAfterMillis !== undefined
        ? durationOf("pendingAfterMillis", options.pendingAfterMillis)
        : durationOf(PENDING_VARIABLE, variableNumber(env, PENDING_VARIABLE) ?? 1000),
    abandonedAfterMillis: durationOf("abandonedAfterMillis", options.abandonedAfterMillis ?? 24 * 60 * 60 * 1000),
    orphanedAfterMillis: durationOf("orphanedAfterMillis", options.orphanedAfterMillis ?? 30 * 60 * 1000),
    orphanAfterMillis: durationOf("orphanAfterMillis", options.orphanAfterMillis ?? 30_000),
    heldMaxTraces: countOf("held.maxTraces", options.held?.maxTraces ?? 1000),
    heldMaxBytes: countOf("held.maxBytes", options.held?.maxBytes ?? 32 * 1024 * 1024),
    shutdownTimeoutMillis: durationOf("shutdownTimeoutMillis", options.shutdownTimeoutMillis ?? 30_000),
    flushBeforeExit: options.flushBeforeExit ?? booleanOf(variableOf(env, "LANGSMITH_OTEL_FLUSH_BEFORE_EXIT")) ?? true,
    samplingRate: rateOf(options.samplingRate ?? eitherNumber(env, "TRACING_SAMPLING_RATE") ?? 1),
    hideInputs: options.hideInputs ?? booleanOf(langsmithVariable(env, "HIDE_INPUTS")) ?? false,
    hideOutputs: options.hideOutputs ?? booleanOf(langsmithVariable(env, "HIDE_OUTPUTS")) ?? false,
    hideMetadata: options.hideMetadata ?? booleanOf(langsmithVariable(env, "HIDE_METADATA")) ?? false,
    spool: options.spool ?? spoolOf(env),
    runsEndpoints: langsmithVariable(env, "RUNS_ENDPOINTS"),
    revisionId: langsmithVariable(env, "REVISION_ID"),
    isCompressionOff: booleanOf(langsmithVariable(env, "DISABLE_RUN_COMPRESSION")) ?? false,
  };
}

function checkInnerNames({ held, queue, spool, mapping, replicas }: LangSmithOptions): void {
  if (held) checkNames(held, ["maxTraces", "maxBytes"], "held");
  if (queue) checkNames(queue, ["maxBytes"], "queue");
  if (spool) checkNames(spool, ["dir", "maxBytes", "mode"], "spool");
  if (mapping) checkNames(mapping, ["vocabularies"], "mapping");
  for (const [at, replica] of (replicas ?? []).entries()) checkNames(replica, REPLICA_NAMES, `replicas[${at}]`);
}

function unquotedOption<T>(value: T | undefined): T | string | undefined {
  return typeof value === "string" ? unquoted(value) : value;
}

function spansWord(env: Environment): "application" | "all" | undefined {
  const word = variableOf(env, SPANS_VARIABLE);
  if (word === undefined || word === "application" || word === "all") return word;
  throw new LangSmithOptionError(SPANS_VARIABLE, '"application" or "all"', word);
}

function variableNumber(env: Environment, name: string): number | undefined {
  const text = variableOf(env, name);
  if (text === undefined) return undefined;
  const number = numberOf(text);
  if (number === undefined) throw new LangSmithOptionError(name, "a number", text);
  return number;
}

function eitherNumber(env: Environment, name: string): number | undefined {
  return variableNumber(env, `LANGSMITH_${name}`) ?? variableNumber(env, `LANGCHAIN_${name}`);
}

function spoolOf(env: Environment): LangSmithOptions["spool"] {
  const dir = langsmithVariable(env, "FAILED_TRACES_DIR");
  const megabytes = eitherNumber(env, "FAILED_TRACES_MAX_MB");
  if (megabytes !== undefined && megabytes <= 0) {
    throw new LangSmithOptionError("LANGSMITH_FAILED_TRACES_MAX_MB", "a number of megabytes, more than 0", megabytes);
  }
  return dir ? { dir, ...(megabytes !== undefined && { maxBytes: megabytes * 1024 * 1024 }) } : undefined;
}

/** Whether an address is this machine's: then no key is needed. */
export function isLocalAddress(apiUrl: string): boolean {
  const { hostname } = new URL(apiUrl);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
