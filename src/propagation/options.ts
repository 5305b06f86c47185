// What may come in by a header and go out by one: options over the environment over the defaults.
import { LangSmithOptionError } from "../errors.js";
import { booleanOf, type Environment, listOf, variableOf } from "../options/environment.js";
import { checkNames } from "../options/names.js";

/** What is believed of inbound headers. */
export interface InboundOptions {
  /**
   * Whether a `langsmith-trace` header is taken: for all, for none, or by carrier (the headers).
   * Default `LANGSMITH_OTEL_INBOUND_TRACE`, else true. A service that faces strangers says false.
   */
  readonly trace?: boolean | ((carrier: unknown) => boolean);
  /** Metadata keys that are taken with an accepted trace. Default `["thread_id"]`. */
  readonly metadata?: readonly string[];
  /** Tags that are taken with an accepted trace: all, none, or those listed. Default false. */
  readonly tags?: boolean | readonly string[];
  /**
   * Projects, beside this process's own, in which a trace from outside may live; `"*"` is every one.
   * Default `LANGSMITH_OTEL_INBOUND_PROJECTS` (comma-separated), else none.
   */
  readonly project?: readonly string[];
}

/** What is told to those who are called. Beside it go the trace's project and its `thread_id`. */
export interface OutboundOptions {
  /** Whether anything is injected: for all, for none, or by carrier (the headers). Default true. */
  readonly trace?: boolean | ((carrier: unknown) => boolean);
  /** Metadata keys that go along beside `thread_id`, which always does. Default none. */
  readonly metadata?: readonly string[];
  /** Tags that go along: all, none, or those listed. Default false. */
  readonly tags?: boolean | readonly string[];
  /** Projects whose traces may be told of; `"*"` is every one. Default `["*"]`. */
  readonly project?: readonly string[];
  /** A longer `langsmith-trace` line is cut to the longest ancestor prefix that fits; bytes, default 4,096. */
  readonly maxHeaderBytes?: number;
}

export interface LangSmithPropagatorOptions {
  readonly inbound?: InboundOptions;
  readonly outbound?: OutboundOptions;
}

export type InboundRules = Required<InboundOptions>;
export type OutboundRules = Required<OutboundOptions>;

/** @throws LangSmithOptionError for an option (or a variable) that makes no sense, by its name */
export function inboundRules(given: InboundOptions = {}, env: Environment = process.env): InboundRules {
  checkRecord("inbound", given);
  checkNames(given, ["trace", "metadata", "tags", "project"], "inbound");
  return {
    trace: switchOf("inbound.trace", given.trace) ?? environmentSwitch(env) ?? true,
    metadata: namesOf("inbound.metadata", given.metadata) ?? ["thread_id"],
    tags: tagsOf("inbound.tags", given.tags) ?? false,
    project:
      namesOf("inbound.project", given.project) ?? listOf(variableOf(env, "LANGSMITH_OTEL_INBOUND_PROJECTS")) ?? [],
  };
}

/** @throws LangSmithOptionError for an option that makes no sense, by its name */
export function outboundRules(given: OutboundOptions = {}): OutboundRules {
  checkRecord("outbound", given);
  checkNames(given, ["trace", "metadata", "tags", "project", "maxHeaderBytes"], "outbound");
  const metadata = namesOf("outbound.metadata", given.metadata) ?? [];
  const maxHeaderBytes = given.maxHeaderBytes ?? 4096;
  // Below this not even one run's place would fit.
  if (typeof maxHeaderBytes !== "number" || !(maxHeaderBytes >= 128)) {
    throw new LangSmithOptionError("outbound.maxHeaderBytes", "a number of bytes, 128 or more", maxHeaderBytes);
  }
  return {
    trace: switchOf("outbound.trace", given.trace) ?? true,
    metadata: metadata.includes("thread_id") ? metadata : ["thread_id", ...metadata],
    tags: tagsOf("outbound.tags", given.tags) ?? false,
    project: namesOf("outbound.project", given.project) ?? ["*"],
    maxHeaderBytes,
  };
}

function environmentSwitch(env: Environment): boolean | undefined {
  const text = variableOf(env, "LANGSMITH_OTEL_INBOUND_TRACE");
  if (text === undefined) return undefined;
  const is = booleanOf(text);
  if (is === undefined) throw new LangSmithOptionError("LANGSMITH_OTEL_INBOUND_TRACE", "true or false", text);
  return is;
}

function switchOf(option: string, value: InboundOptions["trace"]): InboundRules["trace"] | undefined {
  if (value === undefined || typeof value === "boolean" || typeof value === "function") return value;
  throw new LangSmithOptionError(option, "true, false or a function", value);
}

function namesOf(option: string, value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (isNames(value)) return value;
  throw new LangSmithOptionError(option, "a list of names", value);
}

function tagsOf(option: string, value: unknown): boolean | readonly string[] | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  if (isNames(value)) return value;
  throw new LangSmithOptionError(option, "true, false or a list of tags", value);
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

function checkRecord(option: string, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new LangSmithOptionError(option, "an object", value);
  }
}
