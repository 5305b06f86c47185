// A run as it arrived, brought to the protocol's own spelling, with what follows from what it says about itself.
import { type JsonObject, stringOf, uuidFrom } from "../json.js";
import { formatTime, segmentOf } from "../time.js";
import { segmentsOf } from "./rules.js";

const ID_FIELDS = ["id", "trace_id", "parent_run_id", "session_id", "reference_example_id"];
const SEGMENT_CHARS = "YYYYMMDDTHHMMSSffffffZ".length + 36;

const HAS_CAPITALS = /[A-F]/;

// Almost every order is spelled so already, and is not taken apart to find out.
function isSpelled(order: string): boolean {
  const step = SEGMENT_CHARS + 1;
  if ((order.length + 1) % step !== 0 || HAS_CAPITALS.test(order)) return false;
  for (let dot = SEGMENT_CHARS; dot < order.length; dot += step) if (order[dot] !== ".") return false;
  return true;
}

/** The run with its ids, those of its dotted order too, dashed and in lower case. What is no id stays as it is. */
export function spelled(run: JsonObject): JsonObject {
  let changes: JsonObject | undefined;
  for (const field of ID_FIELDS) {
    const written = run[field];
    if (written == null) continue;
    const id = uuidFrom(written);
    if (id !== undefined && id !== written) changes = { ...changes, [field]: id };
  }
  const order = stringOf(run["dotted_order"]);
  if (order !== undefined && !isSpelled(order)) {
    const segments = segmentsOf(order);
    if (segments) {
      const spelledOrder = segments.map(({ timeMicros, id }) => segmentOf(timeMicros, id)).join(".");
      changes = { ...changes, dotted_order: spelledOrder };
    }
  }
  return changes ? { ...run, ...changes } : run;
}

/** The run with what its dotted order says and the run does not: its id, trace, parent and start. */
export function placedByOrder(run: JsonObject): JsonObject {
  const segments = segmentsOf(stringOf(run["dotted_order"]) ?? "");
  const [first, last, parent] = [segments?.[0], segments?.at(-1), segments?.at(-2)];
  if (!first || !last) return run;
  return {
    ...run,
    id: run["id"] ?? last.id,
    trace_id: run["trace_id"] ?? first.id,
    parent_run_id: run["parent_run_id"] ?? parent?.id ?? null,
    start_time: run["start_time"] ?? formatTime(last.timeMicros),
  };
}
