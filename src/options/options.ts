// Options and environment: what a user may say, checked once, at construction.
import { LangSmithOptionError } from "../errors.js";
import { withoutSlashesAtEnd } from "../wire/address.js";
import { checkOptions, urlOf } from "./checks.js";
import { booleanOf, type Environment, langsmithVariable, unquoted } from "./environment.js";
import type { HideOption, SpansOption, StartedSpan } from "./functions.js";
import type { LangSmithOptions, ReplicaOptions } from "./given.js";
import { MEGABYTES } from "./kinds.js";
import { DEFAULT_PROJECT, projectFrom } from "./project.js";
import { OPTIONS } from "./table.js";
import { resolved, variableValue } from "./value.js";

export {
  type HideOption,
  LangSmithOptionError,
  type LangSmithOptions,
  type ReplicaOptions,
  type SpansOption,
  type StartedSpan,
  urlOf,
};

const MAX_MB = ["LANGSMITH_FAILED_TRACES_MAX_MB", "LANGCHAIN_FAILED_TRACES_MAX_MB"];

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
  readonly withVectors: boolean;
  readonly spool: LangSmithOptions["spool"] | undefined;
  readonly runsEndpoints: string | undefined;
  /** Of the application: metadata of every run that has none of its own. */
  readonly revisionId: string | undefined;
  /** `LANGSMITH_DISABLE_RUN_COMPRESSION`: bodies are sent plain where no option says otherwise. */
  readonly isCompressionOff: boolean;
}

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
  checkOptions(options, more);
  const { held } = options;
  return {
    given: options,
    enabled: resolved(OPTIONS.enabled, options.enabled, env),
    apiKey: resolved(OPTIONS.apiKey, unquotedOption(options.apiKey), env),
    apiUrl: withoutSlashesAtEnd(resolved(OPTIONS.apiUrl, unquoted(options.apiUrl), env)),
    workspaceId: resolved(OPTIONS.workspaceId, unquoted(options.workspaceId), env),
    projectName: unquoted(options.projectName) ?? projectFrom(env) ?? DEFAULT_PROJECT,
    spans: resolved(OPTIONS.spans, options.spans, env),
    traces: resolved(OPTIONS.traces, options.traces, env),
    pendingAfterMillis: resolved(OPTIONS.pendingAfterMillis, options.pendingAfterMillis, env),
    abandonedAfterMillis: resolved(OPTIONS.abandonedAfterMillis, options.abandonedAfterMillis, env),
    orphanedAfterMillis: resolved(OPTIONS.orphanedAfterMillis, options.orphanedAfterMillis, env),
    orphanAfterMillis: resolved(OPTIONS.orphanAfterMillis, options.orphanAfterMillis, env),
    heldMaxTraces: resolved(OPTIONS["held.maxTraces"], held?.maxTraces, env),
    heldMaxBytes: resolved(OPTIONS["held.maxBytes"], held?.maxBytes, env),
    shutdownTimeoutMillis: resolved(OPTIONS.shutdownTimeoutMillis, options.shutdownTimeoutMillis, env),
    flushBeforeExit: resolved(OPTIONS.flushBeforeExit, options.flushBeforeExit, env),
    samplingRate: resolved(OPTIONS.samplingRate, options.samplingRate, env),
    hideInputs: resolved(OPTIONS.hideInputs, options.hideInputs, env),
    hideOutputs: resolved(OPTIONS.hideOutputs, options.hideOutputs, env),
    hideMetadata: resolved(OPTIONS.hideMetadata, options.hideMetadata, env),
    withVectors: resolved(OPTIONS["mapping.withVectors"], options.mapping?.withVectors, env),
    spool: options.spool ?? spoolOf(env),
    runsEndpoints: langsmithVariable(env, "RUNS_ENDPOINTS"),
    revisionId: langsmithVariable(env, "REVISION_ID"),
    isCompressionOff: booleanOf(langsmithVariable(env, "DISABLE_RUN_COMPRESSION")) ?? false,
  };
}

function unquotedOption<T>(value: T | undefined): T | string | undefined {
  return typeof value === "string" ? unquoted(value) : value;
}

function spoolOf(env: Environment): LangSmithOptions["spool"] {
  const dir = resolved(OPTIONS["spool.dir"], undefined, env);
  const megabytes = variableValue({ kind: MEGABYTES, variables: MAX_MB }, env);
  return dir ? { dir, ...(megabytes !== undefined && { maxBytes: megabytes * 1024 * 1024 }) } : undefined;
}

/** Whether an address is this machine's: then no key is needed. */
export function isLocalAddress(apiUrl: string): boolean {
  const { hostname } = new URL(apiUrl);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
