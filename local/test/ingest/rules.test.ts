// The service's rules, one broken at a time.
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkRun, validateOperation } from "../../src/index.js";
import { formatTime, parseSegmentTime, parseTime } from "../../src/time.js";
import { makeRun, newId, SECOND } from "../support.js";

const root = makeRun({ at: 5 * SECOND });
const child = makeRun({ parent: root, at: 6 * SECOND });
const order = (run: { dotted_order: string }, change: (segments: string[]) => string[]): string =>
  change(run.dotted_order.split(".")).join(".");

test("a root run and its child are taken", () => {
  expect(checkRun(root)).toEqual([]);
  expect(checkRun(child)).toEqual([]);
  expect(validateOperation({ kind: "patch", run: child })).toEqual([]);
});

test.each([
  ["the last segment's id is another", { ...child, dotted_order: order(child, ([a = ""]) => [a, a]) }, 400],
  ["the trace id is not the first segment's", { ...child, trace_id: newId() }, 400],
  ["the parent is not the second last segment's", { ...child, parent_run_id: newId() }, 400],
  ["a run without a parent has two segments", { ...child, parent_run_id: undefined }, 400],
  ["a run with a parent has one segment", { ...root, parent_run_id: newId() }, 400],
  ["three fractional digits", { ...root, dotted_order: root.dotted_order.replace(/000Z/, "Z") }, 400],
  ["a month that is none", { ...root, dotted_order: root.dotted_order.replace("202601", "202613") }, 400],
  ["not a dotted order", { ...root, dotted_order: "x" }, 400],
  ["a child earlier than its parent", makeRun({ parent: root, at: 4 * SECOND }), 400],
  ["a start that is not the segment's", { ...root, start_time: "2026-01-15T12:00:05.000001Z" }, 400],
  ["no id", { ...root, id: undefined }, 422],
  ["an id that is no UUID", { ...root, id: "7" }, 422],
  ["no trace id", { ...root, trace_id: undefined }, 422],
  ["no dotted order", { ...root, dotted_order: undefined }, 422],
  ["no name", { ...root, name: undefined }, 422],
  ["an unknown run type", { ...root, run_type: "agent" }, 422],
  ["no start", { ...root, start_time: undefined }, 422],
  ["an end that is no time", { ...root, end_time: "soon" }, 422],
  ["inputs that are no object", { ...root, inputs: [1] }, 422],
  ["outputs that are no object", { ...root, outputs: "x" }, 422],
  ["an error that is no string", { ...root, error: { message: "x" } }, 422],
  ["tags that are no strings", { ...root, tags: [1] }, 422],
  ["events that are no list", { ...root, events: {} }, 422],
  ["metadata that is no object", { ...root, extra: { metadata: [] } }, 422],
  ["not an object", 7, 422],
] as const)("%s", (_name, run, status) => {
  expect(checkRun(run).map((violation) => violation.status)).toContain(status);
});

test("a start with another zone, or none, is the same microsecond", () => {
  expect(checkRun({ ...root, start_time: "2026-01-15T14:00:05.000000+02:00" })).toEqual([]);
  expect(checkRun({ ...root, start_time: "2026-01-15T12:00:05" })).toEqual([]);
});

test("every microsecond is written and read back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000_000 }), (micros) => {
      const text = formatTime(micros);
      expect(parseTime(text)).toBe(micros);
      expect(parseSegmentTime(text.replace(/[-:.]/g, ""))).toBe(micros);
    }),
  );
});
