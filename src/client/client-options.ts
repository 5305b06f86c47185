// What a client is made with: what this package does, what it leaves to the processor, and what it does not know.

import { LangSmithOptionError } from "../errors.js";
import { check, urlOf } from "../options/checks.js";
import { FLAG, HIDE, MASK, RATE, TIME_LIMIT } from "../options/kinds.js";
import { isAboutPrivacy, nearestName, unknownOption } from "../options/names.js";
import type { HideOption } from "../options/options.js";
import { warnOnce } from "../warnings.js";
import type { KeyValues } from "../wire/run.js";

/**
 * Options of `new Client`; the names are the langsmith package's. What is left out is the process's processor's, else the
 * environment's.
 */
export interface ClientOptions extends LeftToProcessor {
  readonly apiUrl?: string;
  readonly apiKey?: string;
  readonly workspaceId?: string;
  /** Where the pages are, for the addresses of runs. Default: made of `apiUrl`. */
  readonly webUrl?: string;
  /** For one request that reads or scores; milliseconds. Default 30,000. */
  readonly timeout_ms?: number;
  /**
   * Hides the inputs of the runs that are made with this client, and of all below them: `true` leaves them out whole, a
   * function returns what may be sent. It must answer at once. Default: `anonymizer`, else false.
   */
  readonly hideInputs?: HideOption;
  /** As `hideInputs`, for outputs. */
  readonly hideOutputs?: HideOption;
  /** As `hideInputs`, for metadata. */
  readonly hideMetadata?: HideOption;
  /** Masks inputs, outputs, metadata, what events say and, as `{ error }`, the error. It must answer at once. */
  readonly anonymizer?: (values: KeyValues) => KeyValues;
  /** Of the traces made with this client, by trace id: 0 to 1. Default 1: the processor's rate alone. */
  readonly tracingSamplingRate?: number;
  /** Leaves out `extra.runtime`. Default false. */
  readonly omitTracedRuntimeInfo?: boolean;
}

/** What the langsmith package's client takes and ours leaves to the processor, or to nobody: a warning says so once. */
export interface LeftToProcessor {
  readonly autoBatchTracing?: boolean;
  readonly batchSizeBytesLimit?: number;
  readonly batchSizeLimit?: number;
  readonly blockOnRootRunFinalization?: boolean;
  readonly cache?: unknown;
  readonly callerOptions?: unknown;
  readonly debug?: boolean;
  readonly disablePromptCache?: boolean;
  readonly fetchImplementation?: unknown;
  readonly fetchOptions?: unknown;
  readonly headers?: Record<string, string>;
  readonly manualFlushMode?: boolean;
  readonly maxIngestMemoryBytes?: number;
  readonly preferProfileAuth?: boolean;
  readonly profile?: string;
  readonly profileConfigPath?: string;
  readonly traceBatchConcurrency?: number;
  readonly tracingMode?: string;
}

const OWN: readonly string[] = Object.keys({
  apiUrl: true,
  apiKey: true,
  workspaceId: true,
  webUrl: true,
  timeout_ms: true,
  hideInputs: true,
  hideOutputs: true,
  hideMetadata: true,
  anonymizer: true,
  tracingSamplingRate: true,
  omitTracedRuntimeInfo: true,
} satisfies Record<Exclude<keyof ClientOptions, keyof LeftToProcessor>, true>);

/** Why each is left alone: what does it here. */
const INSTEAD: Readonly<Record<keyof LeftToProcessor, string>> = {
  autoBatchTracing: 'runs are batched by the processor (exportMode: "immediate" sends each at its end)',
  batchSizeBytesLimit: "it is the processor's maxBatchBytes",
  batchSizeLimit: "it is the processor's maxBatchCount",
  blockOnRootRunFinalization: "it is the processor's waitUntil, or await client.flush()",
  cache: "prompts are not read here",
  callerOptions: "it is the processor's maxConcurrentRequests",
  debug: "set OTEL_LOG_LEVEL=debug",
  disablePromptCache: "prompts are not read here",
  fetchImplementation: "it is the processor's dispatcher",
  fetchOptions: "it is the processor's dispatcher",
  headers: "it is the processor's dispatcher",
  manualFlushMode: "it is the processor's batchDelayMillis",
  maxIngestMemoryBytes: "it is the processor's queue.maxBytes",
  preferProfileAuth: "pass apiKey",
  profile: "pass apiUrl and apiKey",
  profileConfigPath: "pass apiUrl and apiKey",
  traceBatchConcurrency: "it is the processor's maxConcurrentRequests",
  tracingMode: "every run goes to LangSmith; name other exporters in OTEL_TRACES_EXPORTER",
};

/**
 * Checks a client's options; reports once what is left to the processor.
 *
 * @throws LangSmithOptionError for an option that makes no sense; for one that asks for hiding, masking or sampling that
 * this package does not do, by its name
 */
export function checkClientOptions(options: ClientOptions): void {
  if (typeof options !== "object" || options === null) throw new LangSmithOptionError("options", "an object", options);
  for (const [name, value] of Object.entries(options)) if (value !== undefined) checkName(name);
  if (options.apiUrl !== undefined) urlOf("apiUrl", options.apiUrl);
  for (const name of ["hideInputs", "hideOutputs", "hideMetadata"] as const) check(name, options[name], HIDE);
  const { anonymizer, tracingSamplingRate, omitTracedRuntimeInfo, timeout_ms } = options;
  check("anonymizer", anonymizer, MASK);
  check("tracingSamplingRate", tracingSamplingRate, RATE);
  check("omitTracedRuntimeInfo", omitTracedRuntimeInfo, FLAG);
  check("timeout_ms", timeout_ms, TIME_LIMIT);
}

function checkName(name: string): void {
  if (OWN.includes(name)) return;
  const instead: unknown = Object.hasOwn(INSTEAD, name) ? Reflect.get(INSTEAD, name) : undefined;
  if (typeof instead === "string") {
    warnOnce("LSB_WARN_CLIENT_OPTION", `The client's option ${name} does nothing here: ${instead}.`, name);
    return;
  }
  if (isAboutPrivacy(name, OWN)) throw unknownOption(name, OWN);
  const near = nearestName(name, [...OWN, ...Object.keys(INSTEAD)]);
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  warnOnce("LSB_WARN_CLIENT_OPTION", `The client has no option ${name}; it does nothing.${hint}`, name);
}
