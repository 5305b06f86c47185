// Ending a run whose process is gone: by one patch, or by a complete post where its post never arrived.

import { primaryBridge } from "../bridges.js";
import { RunReferenceError } from "../errors.js";
import { entriesById, isSpanOpen } from "../identity/node.js";
import { placeOfDottedOrder } from "../identity/place.js";
import { isBareId, type RunLike, type RunReference, referenceOf } from "../identity/reference.js";
import { spanIdOf } from "../identity/run-ids.js";
import { warnOnce } from "../warnings.js";
import type { KeyValues, Run } from "../wire/run.js";
import { isoOf, microsOfIso } from "../wire/time.js";
import { findRun } from "./find-run.js";
import { projectNameOf } from "./projects.js";
import { createRest, ownDestination } from "./rest.js";

export interface EndRunOptions {
  /** What the run returned; anything but an object stands under `output`. */
  readonly outputs?: unknown;
  /** Why it failed. */
  readonly error?: unknown;
  /** When it ended: a Date, milliseconds, or ISO 8601. Default now; never before its start. */
  readonly endTime?: Date | number | string;
  /** Inputs, where they were not sent before. */
  readonly inputs?: KeyValues;
  /** True posts the run whole, for one whose post is known never to have arrived. Default false: it is patched. */
  readonly complete?: boolean;
  /** Clients, of this package or of langsmith: what they were told to hide or to mask is. */
  readonly clients?: readonly object[];
}

/**
 * Finishes a run whose process is gone. It was left pending when its reference was taken, so this is its one patch; a
 * second is refused by the service, and counted. Resolves when the operation is queued: `forceFlush` sends it.
 *
 * @param run a reference, a run that LangSmith returned, a dotted order, or an id, which is looked up by `findRun`
 * @throws RunReferenceError where it is no run, where its span is open in this very process (`LSB_ERR_RUN_OPEN`), or
 * where no processor runs (`LSB_ERR_NO_BRIDGE`); LangSmithRequestError where an id cannot be looked up
 * @example
 * ```ts
 * await endRun(saved.run, { outputs: { answer } });
 * ```
 */
export async function endRun(run: RunLike, options: EndRunOptions = {}): Promise<void> {
  const reference = await resolved(run);
  const bridge = primaryBridge();
  if (!bridge) {
    throw new RunReferenceError(
      "LSB_ERR_NO_BRIDGE",
      `run ${reference.id} cannot be ended: no LangSmithSpanProcessor runs in this process. Register one first.`,
    );
  }
  if (isOpenHere(reference)) {
    throw new RunReferenceError(
      "LSB_ERR_RUN_OPEN",
      `run ${reference.id} is a span that is open in this process; end the span, and the run ends with it.`,
    );
  }
  const kind = options.complete === true ? "post" : "end";
  const patch = ended(reference, options);
  if (options.clients) bridge.sendRun(kind, patch, options.clients);
  else bridge.sendRun(kind, patch);
}

async function resolved(run: RunLike): Promise<RunReference> {
  if (typeof run === "string" && isBareId(run)) return findRun(run.trim());
  const reference = referenceOf(typeof run === "string" ? { dotted_order: run.trim() } : run);
  if (reference) {
    // A patch says the name and type again; a bare dotted order has neither.
    if (reference.name !== undefined && reference.run_type !== undefined) return inItsProject(run, reference);
    return { ...(await findRun(reference.id, projectIn(reference))), ...reference };
  }
  if (typeof run === "object" && run !== null && typeof run.id === "string" && run.dotted_order === undefined) {
    return findRun(run.id);
  }
  throw new RunReferenceError(
    "LSB_ERR_RUN_REFERENCE",
    "endRun takes a reference, a run that LangSmith returned, a dotted order, or an id; this is none, or its dotted_order breaks a rule.",
  );
}

// A run that LangSmith returned says its project by id, and a patch by name.
async function inItsProject(run: unknown, reference: RunReference): Promise<RunReference> {
  if (reference.session_name !== undefined) return reference;
  const session_name = await projectNameOf(createRest(ownDestination()), run);
  return session_name === undefined ? reference : { ...reference, session_name };
}

function projectIn({ session_name }: RunReference) {
  return session_name === undefined ? {} : { projectName: session_name };
}

function isOpenHere({ id }: RunReference): boolean {
  const spanId = spanIdOf(id);
  if (spanId === undefined || !isSpanOpen(spanId)) return false;
  return entriesById(spanId).some((entry) => entry.node?.runId === id);
}

function ended(reference: RunReference, options: EndRunOptions): Run {
  const place = placeOfDottedOrder(reference.dotted_order);
  const start = place?.startMicros ?? 0;
  const error = errorText(options.error);
  const run: Omit<Run, "extra"> = {
    id: reference.id,
    trace_id: reference.trace_id,
    ...(place?.parentRunId !== undefined && { parent_run_id: place.parentRunId }),
    dotted_order: reference.dotted_order,
    name: reference.name ?? "run",
    run_type: reference.run_type ?? "chain",
    start_time: reference.start_time,
    end_time: isoOf(Math.max(start, endMicros(options.endTime))),
    session_name: reference.session_name ?? primaryBridge()?.projectName ?? "default",
    ...(options.inputs !== undefined && { inputs: options.inputs }),
    ...(options.outputs !== undefined && { outputs: outputsOf(options.outputs) }),
    ...(error !== undefined && { error }),
  };
  if (options.complete) return { ...run, inputs: run.inputs ?? {}, extra: { metadata: {} } };
  // A patch replaces `extra` whole; what was posted there stays only when it is not named at all.
  return run as Run;
}

function endMicros(time: EndRunOptions["endTime"]): number {
  const now = Date.now() * 1000;
  if (time === undefined) return now;
  const millis = time instanceof Date ? time.getTime() : time;
  const micros = typeof millis === "number" ? Math.floor(millis * 1000) : microsOfIso(millis);
  if (micros !== undefined && Number.isFinite(micros) && micros >= 0) return micros;
  warnOnce(
    "LSB_WARN_END_TIME",
    `endRun was given the endTime ${String(time)}, which is no Date, milliseconds or ISO 8601; the run ends now.`,
  );
  return now;
}

function outputsOf(outputs: unknown): KeyValues {
  if (typeof outputs === "object" && outputs !== null && !Array.isArray(outputs)) return { ...outputs };
  return { output: outputs };
}

function errorText(error: EndRunOptions["error"]): string | undefined {
  if (error === undefined || error === null) return undefined;
  if (typeof error === "string") return error === "" ? "unknown error" : error;
  // JavaScript throws anything.
  return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
}
