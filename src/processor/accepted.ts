// What came from outside and LangSmith would refuse, and with it the run: left out of its field, kept in the metadata.

import { warnOnce } from "../warnings.js";
import { isUuid } from "../wire/ids.js";
import type { KeyValues, Run } from "../wire/run.js";
import { toRunType } from "../wire/run.js";
import { isoOf, microsOfIso } from "../wire/time.js";

/** A field's value as the service takes it; `undefined` leaves the field out. `isSame`: it only reads otherwise. */
type Fit = { readonly value?: unknown; readonly isSame?: boolean } | "fits";

const FITS = "fits";

/** What a run is called that nobody named. */
const UNNAMED = "unnamed";

/** For each field that people, and not the bridge, can fill: what the service takes of it. Source: `runs.Run`. */
const FIELDS: readonly (readonly [
  field: keyof Run,
  check: (value: unknown, before: Run | undefined, run: Run) => Fit,
])[] = [
  [
    "name",
    (value, before) => (typeof value === "string" && value.trim() !== "" ? FITS : { value: before?.name ?? UNNAMED }),
  ],
  [
    "run_type",
    (value, before) => (toRunType(value) === value ? FITS : { value: toRunType(value) ?? before?.run_type ?? "chain" }),
  ],
  ["reference_example_id", (value) => (isUuid(value) ? FITS : {})],
  ["session_id", (value) => (isUuid(value) ? FITS : {})],
  [
    "session_name",
    (value, before, run) => {
      if (typeof value === "string" && value.trim() !== "") return FITS;
      return isUuid(run.session_id) ? {} : { value: before?.session_name };
    },
  ],
  ["inputs", (value) => objectOr(value, "input")],
  ["outputs", (value) => objectOr(value, "output")],
  ["serialized", (value) => (isObject(value) ? FITS : {})],
  ["tags", textsOf],
  ["events", objectsOf],
  ["error", (value) => (typeof value === "string" ? FITS : { value: textOf(value) })],
  ["end_time", endOf],
];

/** Without these a run is refused, or has no project. */
const needed: ReadonlySet<string> = new Set(["name", "run_type", "session_name"]);

/** Wrapped, nothing of these is lost. */
const WRAPPED: ReadonlySet<string> = new Set(["inputs", "outputs", "error"]);

/**
 * The run as the service takes it; the same object where nothing is wrong with it. Each field is warned about once.
 *
 * @param before the run before somebody changed it: its own value stands in where it had one
 */
export function accepted(run: Run, before?: Run): Run {
  let changed: Run | undefined;
  const kept: KeyValues = {};
  for (const [field, check] of FIELDS) {
    const value: unknown = run[field];
    if (value === undefined && !(needed.has(field) && (before !== undefined || field !== "session_name"))) continue;
    const result = value === null && !needed.has(field) ? {} : check(value, before, run);
    if (result === FITS) continue;
    changed ??= { ...run };
    if (result.value === undefined) delete changed[field];
    else Reflect.set(changed, field, result.value);
    if (value === null || value === undefined || value === "" || result.isSame) continue;
    if (!WRAPPED.has(field)) kept[field] = value;
    warnLeft(field);
  }
  const extra = extraOf(run, kept);
  if (extra === run.extra) return changed ?? run;
  return { ...(changed ?? run), extra };
}

/** `extra` with an object for metadata, and in it what was left out elsewhere. */
function extraOf(run: Run, kept: KeyValues): Run["extra"] {
  const extra: unknown = run.extra;
  // A patch of a run that another process posted says nothing of `extra`, which it would replace whole.
  if (extra === undefined) return run.extra;
  if (!isObject(extra)) {
    warnLeft("extra");
    return { metadata: { ...kept, ...(extra === null ? {} : { extra }) } };
  }
  const metadata: unknown = extra["metadata"];
  if (isObject(metadata))
    return Object.keys(kept).length === 0 ? run.extra : { ...extra, metadata: { ...kept, ...metadata } };
  if (metadata !== undefined && metadata !== null) {
    warnLeft("extra.metadata");
    kept["metadata"] = metadata;
  }
  return { ...extra, metadata: kept };
}

function warnLeft(field: string): void {
  const instead = WRAPPED.has(field)
    ? "The run is sent with an acceptable form of it."
    : "The run is sent without it, and the value is kept in the run's metadata.";
  warnOnce(
    "LSB_WARN_FIELD",
    `A run came with a value for ${field} that LangSmith would refuse, and the whole run with it: ${WANTED[field] ?? "see the run data format"}. ${instead}`,
    field,
  );
}

const WANTED: Readonly<Record<string, string>> = {
  name: "it must be a text that is not empty",
  run_type: "it must be one of tool, chain, llm, retriever, embedding, prompt, parser",
  reference_example_id: "it must be a UUID",
  session_id: "it must be a UUID",
  session_name: "it must be a text that is not empty",
  inputs: "they must be an object",
  outputs: "they must be an object",
  serialized: "it must be an object",
  tags: "they must be a list of texts",
  events: "they must be a list of objects",
  error: "it must be a text",
  end_time: "it must be an ISO 8601 time",
  extra: "it must be an object",
  "extra.metadata": "it must be an object",
};

/** Whether it is an object in JSON, too: a date and an address are texts there. */
function isObject(value: unknown): value is KeyValues {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return false;
  if (!("toJSON" in value) || typeof value.toJSON !== "function") return true;
  try {
    const written: unknown = value.toJSON();
    return typeof written === "object" && written !== null && !Array.isArray(written);
  } catch {
    return false;
  }
}

function objectOr(value: unknown, name: string): Fit {
  return isObject(value) ? FITS : { value: { [name]: value } };
}

function textsOf(value: unknown): Fit {
  if (!Array.isArray(value)) return {};
  const texts = value.filter((tag) => typeof tag === "string");
  return texts.length === value.length ? FITS : texts.length > 0 ? { value: texts } : {};
}

function objectsOf(value: unknown): Fit {
  if (!Array.isArray(value)) return {};
  const objects = value.filter(isObject);
  return objects.length === value.length ? FITS : objects.length > 0 ? { value: objects } : {};
}

function textOf(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  try {
    return (typeof value === "object" ? JSON.stringify(value) : String(value)) || "Error";
  } catch {
    return "Error";
  }
}

/** What the bridge wrote is right; somebody else's end is written as ours are, and is never before the start. */
function endOf(value: unknown, before: Run | undefined, run: Run): Fit {
  if (before === undefined || value === before.end_time) return FITS;
  const micros = typeof value === "string" ? microsOfIso(value) : undefined;
  if (micros === undefined) return { value: before.end_time ?? run.start_time };
  const end = isoOf(Math.max(micros, microsOfIso(run.start_time) ?? 0));
  return end === value ? FITS : { value: end, isSame: true };
}
