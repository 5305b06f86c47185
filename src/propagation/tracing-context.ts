// What runs started inside inherit, and new traces inside old ones.

import { type Attributes, type Context, context, type Span, SpanStatusCode, trace } from "@opentelemetry/api";
import { bridges, primaryBridge } from "../bridges.js";
import { LangSmithOptionError } from "../errors.js";
import { leaveStartContext, setSettings, type TracingSettings } from "../identity/context.js";
import type { RunNode } from "../identity/node.js";
import type { RunLike } from "../identity/reference.js";
import { textOfThrown } from "../thrown.js";
import type { KeyValues } from "../wire/run.js";
import { currentOf } from "./current.js";
import { type HeadersLike, setRun } from "./set-run.js";

/** What {@link tracingContext} lays over the context; every field is optional, and the inner one wins. */
export interface TracingContextOptions {
  /** The project of traces that start inside. A trace that is under way stays where it is, and says so once. */
  readonly projectName?: string;
  /** Metadata of every run inside, children too. */
  readonly metadata?: Readonly<KeyValues>;
  /** Tags of every run inside. */
  readonly tags?: readonly string[];
  /** The conversation: lands in every run's metadata under `thread_id`, as threads need it. */
  readonly threadId?: string;
  /** False: spans inside are no runs, and nothing is injected. */
  readonly enabled?: boolean;
  /** The run under which what starts inside hangs, as for {@link setRun}. */
  readonly parent?: RunLike | RunNode | HeadersLike | null;
}

/**
 * Runs `fn` so that every run started inside inherits what is given. It is set on the context, not on spans, and opens
 * a trace that is held.
 *
 * @example
 * ```ts
 * await tracingContext({ threadId: chat.id, metadata: { tier: "pro" } }, () => answer(question));
 * ```
 */
export function tracingContext<T>(options: TracingContextOptions, fn: () => T): T {
  let inner = context.active();
  if (options.parent !== undefined) inner = setRun(inner, options.parent);
  inner = setSettings(inner, settingsOf(options));
  if (options.enabled !== false) openHeld(inner);
  return context.with(inner, fn);
}

function settingsOf({ projectName, metadata, tags, threadId, enabled }: TracingContextOptions): TracingSettings {
  const all = { ...metadata, ...(threadId !== undefined && { thread_id: threadId }) };
  return {
    ...(projectName !== undefined && { projectName }),
    ...(Object.keys(all).length > 0 && { metadata: all }),
    ...(tags !== undefined && { tags }),
    ...(enabled !== undefined && { enabled }),
  };
}

function openHeld(inner: Context): void {
  const bridge = primaryBridge();
  const entry = currentOf(inner, bridge)?.entry;
  if (entry) bridge?.openTrace(entry);
}

export interface StartTraceOptions {
  readonly attributes?: Attributes;
  /** The project of the new trace. Default: what the context says, else the bridge's. */
  readonly projectName?: string;
  readonly metadata?: Readonly<KeyValues>;
  readonly tags?: readonly string[];
  readonly threadId?: string;
}

/**
 * Begins a LangSmith trace of its own for a job inside a span that stays open for days (a consumer's loop, a websocket
 * server). The OpenTelemetry trace goes on as it is; the old LangSmith trace is named in the new root's metadata.
 * The span ends when `fn` returns, or what it returns settles; an exception is recorded on it and goes on.
 *
 * @example
 * ```ts
 * for await (const job of jobs) await startTrace("job", () => handle(job));
 * ```
 */
export function startTrace<T>(name: string, fn: (span: Span) => T): T;
export function startTrace<T>(name: string, options: StartTraceOptions, fn: (span: Span) => T): T;
export function startTrace<T>(
  name: string,
  given: StartTraceOptions | ((span: Span) => T),
  then?: (span: Span) => T,
): T {
  const fn = typeof given === "function" ? given : then;
  if (typeof fn !== "function") throw new LangSmithOptionError("startTrace's last argument", "a function to run", fn);
  const { attributes, ...options } = typeof given === "function" ? {} : given;
  const active = context.active();
  const inherited = setSettings(active, settingsOf(options));
  const fresh = setSettings(inherited, { newTrace: true, continues: nameOld(active) });
  const span = trace.getTracer("otel-langsmith").startSpan(name, attributes === undefined ? {} : { attributes }, fresh);
  // An exporter alone would take it for a child.
  if (bridges().some(({ isExporter }) => isExporter)) leaveStartContext(span, fresh);
  // Only the first span inside roots the new trace.
  return runIn(trace.setSpan(setSettings(inherited, NO_NEW_TRACE), span), span, fn);
}

const NO_NEW_TRACE: TracingSettings = { newTrace: false, continues: {} };

function nameOld(active: Context): Readonly<KeyValues> {
  const current = currentOf(active);
  if (!current) return {};
  return { LANGSMITH_CONTINUES_TRACE: current.place.traceId, LANGSMITH_CONTINUES_RUN: current.place.runId };
}

function runIn<T>(inner: Context, span: Span, fn: (span: Span) => T): T {
  let result: T;
  try {
    result = context.with(inner, fn, undefined, span);
  } catch (error) {
    fail(span, error);
    throw error;
  }
  if (!isThenable(result)) {
    span.end();
    return result;
  }
  // Beside the caller's own handling, and never in its way.
  result.then(
    () => span.end(),
    (error: unknown) => fail(span, error),
  );
  return result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function fail(span: Span, error: unknown): void {
  try {
    span.recordException(error instanceof Error ? error : textOfThrown(error));
    span.setStatus({
      code: SpanStatusCode.ERROR,
      message: error instanceof Error ? error.message : textOfThrown(error),
    });
  } catch {
    // What was thrown cannot be read; it is the caller's all the same.
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
