// A run reference: a run's place as plain JSON in LangSmith's own field names, to save, to send, to come back to.

import { isUuid } from "../wire/ids.js";
import { type RunType, toRunType } from "../wire/run.js";
import { isoOf } from "../wire/time.js";
import { type ParentPlace, placeOfDottedOrder } from "./place.js";

/**
 * Where a run stands, as plain JSON: enough to hang runs under it, and to finish it, in any process at any time. Any
 * run that LangSmith returns is one.
 */
export interface RunReference {
  readonly id: string;
  readonly trace_id: string;
  readonly dotted_order: string;
  /** The project. Left out where only the dotted order came along: then it is the bridge's own. */
  readonly session_name?: string;
  /** Left out where only the dotted order came along. */
  readonly name?: string;
  readonly run_type?: RunType;
  readonly start_time: string;
}

/** What a run can be given as: a reference, a run that LangSmith returned, a native or our own RunTree, a dotted order. */
export type RunLike =
  | RunReference
  | { readonly dotted_order?: string | undefined; readonly id?: string | undefined }
  | string;

/** A reference from what somebody saved or LangSmith returned; undefined where it breaks one of the service's rules. */
export function referenceOf(value: unknown): RunReference | undefined {
  const dottedOrder = textAt(value, "dotted_order");
  const place = placeOfDottedOrder(dottedOrder) ?? placeOfDottedOrder(spelledOut(dottedOrder));
  if (!place) return undefined;
  const id = textAt(value, "id");
  const traceId = textAt(value, "trace_id");
  if (id !== undefined && id.toLowerCase() !== place.runId) return undefined;
  if (traceId !== undefined && traceId.toLowerCase() !== place.traceId) return undefined;
  return referenceOfPlace(place, {
    project: textAt(value, "session_name") ?? textAt(value, "project_name"),
    name: textAt(value, "name"),
    runType: toRunType(textAt(value, "run_type")),
  });
}

/** A reference from a place. */
export function referenceOfPlace(
  place: ParentPlace,
  known: {
    readonly project?: string | undefined;
    readonly name?: string | undefined;
    readonly runType?: RunType | undefined;
  },
): RunReference {
  return {
    id: place.runId,
    trace_id: place.traceId,
    dotted_order: place.dottedOrder,
    ...(known.project !== undefined && { session_name: known.project }),
    ...(known.name !== undefined && { name: known.name }),
    ...(known.runType !== undefined && { run_type: known.runType }),
    start_time: isoOf(place.startMicros),
  };
}

function textAt(value: unknown, key: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const text: unknown = Reflect.get(value, key);
  return typeof text === "string" && text !== "" ? text : undefined;
}

// The v2 calls' description shows orders without hyphens in the ids and with a dot at the end.
function spelledOut(dottedOrder: string | undefined): string | undefined {
  return dottedOrder
    ?.replace(/\.$/, "")
    .replace(/Z([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})(?=\.|$)/gi, "Z$1-$2-$3-$4-$5");
}

/** Whether a text is a bare id rather than a place. */
export function isBareId(text: string): boolean {
  return isUuid(text.trim());
}
