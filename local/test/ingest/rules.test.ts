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
  ["a start that is no time", { ...root, start_time: "yesterday" }, 422],
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

test("a start and the order's last segment may differ, by a microsecond or by decades", () => {
  for (const start_time of ["2026-01-15T12:00:05.000001Z", "1970-01-21T10:30:36Z", 1_795_836_920]) {
    expect(checkRun({ ...root, start_time })).toEqual([]);
  }
});

test("a patch may leave out what its post said, but not its run, and what it says is checked", () => {
  const { id } = child;
  expect(validateOperation({ kind: "patch", run: { id, end_time: 1_795_836_920_899 } })).toEqual([]);
  expect(validateOperation({ kind: "patch", run: { id, name: null, run_type: null, start_time: null } })).toEqual([]);
  const broken = [{}, { id, run_type: "agent" }, { id, start_time: "soon" }, { id, dotted_order: "x" }];
  for (const run of broken) expect(validateOperation({ kind: "patch", run })).not.toEqual([]);
});

const MICROS = Date.UTC(2026, 10, 28, 3, 35, 20) * 1000;

test.each([
  ["2026-11-28T03:35:20Z", 0],
  ["2026-11-28T03:35:20", 0],
  ["2026-11-28 03:35:20", 0],
  ["2026-11-28t03:35:20z", 0],
  ["2026-11-28T03:35:20.1", 100_000],
  ["2026-11-28T03:35:20,123", 123_000],
  ["2026-11-28T03:35:20.123456", 123_456],
  ["2026-11-28T03:35:20.123456789Z", 123_456],
  ["2026-11-28T03:35:20.123456+00:00", 123_456],
  ["2026-11-28T03:35:20+0000", 0],
  ["2026-11-28T03:35:20+00", 0],
  ["2026-11-28T05:05:20+01:30", 0],
  ["2026-11-27T19:35:20.5-08:00", 500_000],
  ["2026-11-28 03:35:20 UTC", 0],
  ["20261128T033520Z", 0],
  ["20261128T033520.123456Z", 123_456],
  ["20261128T033520123456Z", 123_456],
  ["2026-11-28T03:34:60Z", -20_000_000],
  [MICROS / 1_000_000, 0],
  [MICROS / 1000, 0],
  [MICROS / 1000 + 0.25, 250],
  [MICROS / 1_000_000 + 0.5, 500_000],
  [String(MICROS / 1000), 0],
])("the time %s is read", (value, micros) => {
  expect(parseTime(value)).toBe(MICROS + micros);
});

test.each([
  "",
  "soon",
  "2026-13-01T00:00:00Z",
  "2026-02-30",
  "2026-11-28T25:00:00Z",
  "2026-11-28T03:35:20+25:00",
  "2026-11-28T03:35:20+00:99",
  "10000-01-01T00:00:00Z",
  "9999-12-31T23:59:59-23:59",
  "0000-01-01",
  "12:00",
  "1e9",
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1.8e15,
  -1e15,
  null,
  true,
  {},
  "2".repeat(100_000),
])("the time %s is none", (value) => {
  expect(parseTime(value)).toBeUndefined();
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
