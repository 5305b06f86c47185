// The `langsmith` package's own runs, as far as they are looked at: by shape, since an application may hold two copies.
import { type ParentPlace, placeOfDottedOrder } from "../identity/place.js";
import type { KeyValues } from "../wire/run.js";

/** A RunTree of the `langsmith` package. */
export interface NativeRun {
  id: string;
  dotted_order: string;
  trace_id?: string;
  name?: string;
  run_type?: string;
  project_name?: string;
  /** Where it stands instead of in a project. */
  address?: { id?: unknown; environment?: unknown };
  tracingEnabled?: boolean;
  client?: object;
  tags?: string[];
  extra?: { metadata?: KeyValues; [key: string | symbol]: unknown };
  execution_order: number;
  child_execution_order: number;
  createChild(config: object): NativeRun;
  postRun(...args: unknown[]): Promise<void>;
}

/** Under this key LangChain leaves a run's config in the `extra` of its RunTree. */
export const CHILD_CONFIG = Symbol.for("lc:child_config");
/** Under this key LangChain keeps its context variables. */
export const CONTEXT_VARIABLES = Symbol.for("lc:context_variables");
/** Under this key a `traceable` waits for its children's ends. */
export const CHILD_ENDS = Symbol.for("lc:child_run_end_promises");

export function isNativeRun(value: unknown): value is NativeRun {
  if (typeof value !== "object" || value === null) return false;
  return (
    typeof Reflect.get(value, "createChild") === "function" &&
    typeof Reflect.get(value, "postRun") === "function" &&
    typeof Reflect.get(value, "id") === "string"
  );
}

const places = new WeakMap<NativeRun, ParentPlace>();

/** Where a native run stands; one place a run, so that the spans below it keep their order. */
export function placeOfNative(run: NativeRun): ParentPlace | undefined {
  const known = places.get(run);
  if (known && known.dottedOrder === run.dotted_order) return known;
  const place = placeOfDottedOrder(run.dotted_order);
  if (!place || place.runId !== run.id.toLowerCase()) return undefined;
  places.set(run, place);
  return place;
}
