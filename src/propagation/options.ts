// What may come in by a header and go out by one: options over the environment over the defaults.
import { checkGroup, rowsIn } from "../options/checks.js";
import type { Environment } from "../options/environment.js";
import { PROPAGATOR_OPTIONS } from "../options/table.js";
import { resolved } from "../options/value.js";

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
  checkGroup("inbound", given, rowsIn("inbound", PROPAGATOR_OPTIONS));
  return {
    trace: resolved(PROPAGATOR_OPTIONS["inbound.trace"], given.trace, env),
    metadata: resolved(PROPAGATOR_OPTIONS["inbound.metadata"], given.metadata, env),
    tags: resolved(PROPAGATOR_OPTIONS["inbound.tags"], given.tags, env),
    project: resolved(PROPAGATOR_OPTIONS["inbound.project"], given.project, env),
  };
}

/** @throws LangSmithOptionError for an option that makes no sense, by its name */
export function outboundRules(given: OutboundOptions = {}): OutboundRules {
  checkGroup("outbound", given, rowsIn("outbound", PROPAGATOR_OPTIONS));
  const metadata = given.metadata ?? PROPAGATOR_OPTIONS["outbound.metadata"].default;
  return {
    trace: given.trace ?? PROPAGATOR_OPTIONS["outbound.trace"].default,
    metadata: metadata.includes("thread_id") ? metadata : ["thread_id", ...metadata],
    tags: given.tags ?? PROPAGATOR_OPTIONS["outbound.tags"].default,
    project: given.project ?? PROPAGATOR_OPTIONS["outbound.project"].default,
    maxHeaderBytes: given.maxHeaderBytes ?? PROPAGATOR_OPTIONS["outbound.maxHeaderBytes"].default,
  };
}
