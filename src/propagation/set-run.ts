// References used: from plain JSON, headers or an order back into a context.

import { type Context, context as contextApi } from "@opentelemetry/api";
import { RunReferenceError } from "../errors.js";
import { setPlace } from "../identity/context.js";
import { knownPlace } from "../identity/known-places.js";
import type { RunNode } from "../identity/node.js";
import { MAX_AHEAD_MICROS, type ParentPlace } from "../identity/place.js";
import { isBareId, type RunLike, type RunReference, referenceOf } from "../identity/reference.js";
import { warnOnce } from "../warnings.js";
import { threadKeysOf } from "../wire/thread.js";
import { takeHeaders } from "./inbound.js";
import { inboundGate } from "./propagator.js";

/** Headers as they come: Node's, a `Headers`, or any object by name. */
export type HeadersLike =
  | { get(name: string): string | null | undefined }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * A context in which what starts hangs under a run: of this process or another, of today or last week, whether or not
 * it is still open. Headers obey the inbound rules of {@link LangSmithPropagator}; a reference is the application's own
 * and is believed, but for a time more than 5 minutes ahead. `undefined` and `null` (nothing was saved, since nothing
 * was traced) leave the context as it is, and so does a dotted order that breaks a rule, which is warned about.
 *
 * @throws RunReferenceError for a bare id (`LSB_ERR_RUN_ID`: use {@link findRun}) and for what is nothing of the kind
 * @example
 * ```ts
 * context.with(setRun(context.active(), job.data.run), () => work(job));
 * ```
 */
export function setRun(context: Context, run: RunLike | RunNode | HeadersLike | null | undefined): Context {
  if (run === undefined || run === null) return context;
  if (typeof run === "string") return setDottedOrder(context, run);
  if (typeof run !== "object") throw notARun(run);
  if (isNode(run)) return setPlace(context, { place: run, project: run.project, ...inheritedFrom(run) });
  if ("dotted_order" in run && typeof run.dotted_order === "string") return setReference(context, run);
  const read = headerReader(run);
  if (read) {
    const { rules, refusals } = inboundGate();
    return takeHeaders(context, run, read, rules, refusals);
  }
  if ("id" in run && typeof run.id === "string") throw bareId(run.id);
  throw notARun(run);
}

/**
 * Runs `fn` under a run, see {@link setRun}, and returns what it returns.
 *
 * @example
 * ```ts
 * await withRun(await findRun(row.runId), () => nextStep(row));
 * ```
 */
export function withRun<T>(run: RunLike | RunNode | HeadersLike | null | undefined, fn: () => T): T {
  return contextApi.with(setRun(contextApi.active(), run), fn);
}

function isNode(run: object): run is RunNode {
  return "dottedOrder" in run && "runId" in run && "lastChildMillis" in run && "project" in run;
}

function inheritedFrom(node: RunNode) {
  return { metadata: node.inherited?.metadata, tags: node.inherited?.tags };
}

function setDottedOrder(context: Context, text: string): Context {
  if (isBareId(text)) throw bareId(text.trim());
  const place = knownPlace(text.trim());
  if (!place) return sayMalformed(context);
  return set(context, place, undefined, undefined);
}

function setReference(context: Context, run: object): Context {
  const reference = referenceOf(run);
  const place = reference && knownPlace(reference.dotted_order);
  if (!reference || !place) return sayMalformed(context);
  return set(context, place, reference, inheritedBy(run));
}

function set(
  context: Context,
  place: ParentPlace,
  reference: RunReference | undefined,
  inherited: { readonly metadata?: Record<string, unknown> } | undefined,
): Context {
  if (place.startMicros - Date.now() * 1000 > MAX_AHEAD_MICROS) {
    warnOnce(
      "LSB_WARN_REFERENCE_AHEAD",
      `A run reference (${place.runId}) has a time more than 5 minutes ahead of this machine's clock and is not taken; what starts under it roots a trace of its own. Check the clocks of both machines.`,
    );
    return context;
  }
  return setPlace(context, {
    place,
    project: reference?.session_name,
    metadata: inherited?.metadata,
    tags: undefined,
    name: reference?.name,
    runType: reference?.run_type,
  });
}

// A run that LangSmith returned, or a RunTree, says its thread; a thread is whole only when every run carries its key.
function inheritedBy(run: object): { readonly metadata: Record<string, unknown> } | undefined {
  const extra: unknown = Reflect.get(run, "extra");
  const metadata = threadKeysOf(
    typeof extra === "object" && extra !== null ? Reflect.get(extra, "metadata") : undefined,
  );
  return metadata && { metadata };
}

function headerReader(carrier: object): ((name: string) => unknown) | undefined {
  const get: unknown = Reflect.get(carrier, "get");
  if (typeof get === "function") return (name) => Reflect.apply(get, carrier, [name]) ?? undefined;
  const names = Object.keys(carrier);
  const found = (wanted: string) => names.find((name) => name.toLowerCase() === wanted);
  // Headers without a trace are headers still; an object with neither is a mistake somewhere.
  if ("dotted_order" in carrier || ("id" in carrier && !found("langsmith-trace"))) return undefined;
  return (wanted) => {
    const name = found(wanted);
    const value: unknown = name === undefined ? undefined : Reflect.get(carrier, name);
    return Array.isArray(value) ? value.join(",") : value;
  };
}

function bareId(id: string): RunReferenceError {
  return new RunReferenceError(
    "LSB_ERR_RUN_ID",
    `${id} is a run's id alone, which does not say where in its trace the run stands. Save the reference (getRunReference()) instead of the id, or look it up: await findRun("${id}").`,
  );
}

function notARun(value: unknown): RunReferenceError {
  return new RunReferenceError(
    "LSB_ERR_RUN_REFERENCE",
    `a ${typeof value} is no run: give a reference (getRunReference()), a run that LangSmith returned, a dotted order, or headers.`,
  );
}

function sayMalformed(context: Context): Context {
  warnOnce(
    "LSB_WARN_REFERENCE",
    "A run reference breaks the rules of dotted orders, or its id is not the one that its dotted_order ends in; it is not taken, and what starts under it roots a trace of its own. Save what getRunReference() returns, whole.",
  );
  return context;
}
