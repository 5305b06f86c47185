// The ids of secondary replicas are the ones that the langsmith SDK computes.
import fc from "fast-check";
import { computeRunIdForSecondaryReplica } from "langsmith";
import { describe, expect, it } from "vitest";
import { remapRun, replicaRunId } from "../../src/identity/replica-ids.js";
import type { Run } from "../../src/wire/run.js";

const V4 = "6fa459ea-ee8a-4ca4-894e-db77e160355e";

/** v7 ids from random bytes. */
const v7 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => {
  const hex = Buffer.from(bytes).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
});

describe("replicaRunId", () => {
  it("equals the langsmith SDK's id for any v7 id and any project, of any length of hash input", () => {
    fc.assert(
      fc.property(v7, fc.string({ minLength: 1, maxLength: 1_500, unit: "grapheme" }), (id, project) => {
        expect(replicaRunId(id, project)).toBe(computeRunIdForSecondaryReplica(id, project));
      }),
      { numRuns: 300 },
    );
  });

  it.each([1, 90, 91, 92, 203, 204, 1_024, 1_100, 5_000])("equals it at a project name of %i bytes", (length) => {
    const id = "0198c5f0-7b1e-7abc-8def-0123456789ab";
    expect(replicaRunId(id, "p".repeat(length))).toBe(computeRunIdForSecondaryReplica(id, "p".repeat(length)));
  });

  it("gives an id that is not v7 the time of its segment, and the same id for the same input", () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    const id = replicaRunId(V4, "second", at);
    expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(at);
    expect(id[14]).toBe("7");
    expect(replicaRunId(V4.toUpperCase(), "second", at)).toBe(id);
    expect(replicaRunId(V4, "third", at)).not.toBe(id);
  });
});

describe("remapRun", () => {
  const root = "0198c5f0-7b1e-7abc-8def-0123456789ab";
  const run: Run = {
    id: V4,
    trace_id: root,
    parent_run_id: root,
    dotted_order: `20260102T030405678000Z${root}.20260102T030406000001Z${V4}`,
    start_time: "2026-01-02T03:04:06.000001Z",
    session_name: "first",
    name: "tool",
    run_type: "tool",
    extra: { metadata: {} },
  };

  it("remaps the id, the trace, the parent and each segment alike, and names the replica's project", () => {
    const remapped = remapRun(run, "second");
    const [first, last] = remapped.dotted_order.split(".");
    expect(remapped.trace_id).toBe(computeRunIdForSecondaryReplica(root, "second"));
    expect(remapped.parent_run_id).toBe(remapped.trace_id);
    expect(first).toBe(`20260102T030405678000Z${remapped.trace_id}`);
    expect(last).toBe(`20260102T030406000001Z${remapped.id}`);
    expect(remapped.id).toBe(replicaRunId(V4, "second", Date.UTC(2026, 0, 2, 3, 4, 6)));
    expect(remapped.session_name).toBe("second");
    expect(run.id).toBe(V4);
  });

  it("leaves a root without a parent", () => {
    const { parent_run_id: _, ...rest } = run;
    const alone = { ...rest, id: root, dotted_order: `20260102T030405678000Z${root}` };
    expect(remapRun(alone, "second")).not.toHaveProperty("parent_run_id");
  });
});
