// The service's rules: each of them, broken alone, is found before it costs a request.
import { describe, expect, it } from "vitest";
import { checkRun } from "../../src/delivery/check.js";
import type { Run } from "../../src/wire/run.js";
import { iso, newId, newRun } from "./runs.js";

const root = newRun();
const child = newRun({}, root);
const other = newId(Date.UTC(2026, 0, 1));

const broken: [string, (run: Run) => Partial<Run>][] = [
  ["an id that is not a UUID", () => ({ id: "run-1" })],
  ["a trace_id that is not a UUID", () => ({ trace_id: "" })],
  ["a last segment of another run", () => ({ id: other })],
  ["a first segment of another trace", () => ({ trace_id: other })],
  ["a parent that is not the second last segment", () => ({ parent_run_id: other })],
  ["a segment with three fractional digits", (run) => ({ dotted_order: run.dotted_order.replace("000Z", "Z") })],
  [
    "a segment at a time that does not exist",
    (run) => ({ dotted_order: run.dotted_order.replace(/^2026\d{4}/, "20260231") }),
  ],
  ["a start_time of another microsecond", (run) => ({ start_time: run.start_time.replace("000Z", "001Z") })],
  ["a start_time that is no time", () => ({ start_time: "yesterday" })],
  ["an end before the start", (run) => ({ end_time: iso(Date.parse(run.start_time) - 1) })],
  ["an empty name", () => ({ name: "" })],
  ["an unknown run type", () => ({ run_type: "agent" as Run["run_type"] })],
];

describe("checkRun", () => {
  it("finds nothing wrong with a root, a child and a pending run", () => {
    const { end_time, ...pending } = child;
    for (const run of [root, child, pending]) expect(checkRun(run)).toBeUndefined();
  });

  it.each(broken)("finds %s", (_, change) => {
    expect(checkRun({ ...child, ...change(child) })).toEqual(expect.any(String));
  });

  it("finds a root with two segments, and a child earlier than its parent", () => {
    const { parent_run_id, ...orphan } = child;
    expect(checkRun(orphan)).toMatch(/parent_run_id is missing/);
    const [first = "", last = ""] = child.dotted_order.split(".");
    const early = `20200101T000000000000Z${last.slice(-36)}`;
    expect(
      checkRun({ ...child, dotted_order: `${first}.${early}`, start_time: "2020-01-01T00:00:00.000000Z" }),
    ).toMatch(/earlier than its parent/);
  });

  it("takes ids in capitals for the same ids", () => {
    expect(checkRun({ ...child, id: child.id.toUpperCase() })).toBeUndefined();
  });
});
