// The demo's judge: it passes the tree that must be, and names what is wrong with every other.
import { describe, expect, it } from "vitest";
import { expectedOutlines, problemsOf, problemsOfTime } from "../../demo/check.mjs";
import { printedTree } from "../../demo/print.mjs";
import { type TracedRun, treesOf } from "../../demo/trace.mjs";

const spent = { input: 30, output: 12 };

/** A whole trace with the shape that the demo expects; its model runs share the tokens out. */
function wholeTrace(outline = expectedOutlines[0] ?? ""): TracedRun[] {
  const path: TracedRun[] = [];
  const lines = outline.split("\n");
  return lines.map((line, at) => {
    const depth = line.search(/\S/) / 2;
    const [run_type = "", service = ""] = line.trim().split(" ");
    const parent = path[depth - 1];
    const id = `run-${at}`;
    const isModel = run_type === "llm" || run_type === "embedding";
    const isFirstModel = at === lines.findIndex((each) => /llm/.test(each));
    const run: TracedRun = {
      id,
      trace_id: "run-0",
      parent_run_id: parent?.id ?? null,
      dotted_order: `${parent ? `${parent.dotted_order}.` : ""}${String(at).padStart(4, "0")}`,
      name: `${run_type} ${at}`,
      run_type,
      status: "success",
      start_time: "2026-01-01T00:00:00.000000",
      end_time: "2026-01-01T00:00:01.250000",
      total_tokens: at === 0 ? 42 : null,
      outputs: isModel ? { usage_metadata: isFirstModel ? { input_tokens: 30, output_tokens: 12 } : {} } : {},
      extra: { metadata: { "service.name": service } },
    };
    path[depth] = run;
    return run;
  });
}

describe("the demo's check", () => {
  it.each(expectedOutlines)("has nothing to say against the tree that must be: %s", (outline) => {
    expect(problemsOf(wholeTrace(outline), spent)).toEqual([]);
  });

  it.each<[string, (runs: TracedRun[]) => TracedRun[], RegExp]>([
    ["nothing arrived", () => [], /No run arrived/],
    ["a leaf is missing", (runs) => runs.filter((run) => run !== runs.at(-1)), /The tree is/],
    ["an ancestor is missing", (runs) => runs.filter((_, at) => at !== 3), /hangs under a run that is not there/],
    ["a second trace came too", (runs) => [...runs, { ...at(runs, 0), id: "other", trace_id: "other" }], /2 trees/],
    ["a run is of another trace", (runs) => changed(runs, 2, { trace_id: "other" }), /of another trace/],
    ["a run never ended", (runs) => changed(runs, 4, { status: "pending", end_time: null }), /is pending/],
    ["a run failed", (runs) => changed(runs, 4, { status: "error", error: "boom" }), /is error: boom/],
    ["a tool is taken for a chain", (runs) => changed(runs, 5, { run_type: "chain" }), /The tree is/],
    ["a service lost its name", (runs) => changed(runs, 7, { extra: {} }), /unknown service/],
    [
      "tokens are counted twice",
      (runs) => changed(runs, 0, { outputs: { usage_metadata: { input_tokens: 30 } } }),
      /tokens/,
    ],
    ["the server sums up more", (runs) => changed(runs, 0, { total_tokens: 84 }), /sums the tree up to 84/],
    ["tokens are lost", (runs) => runs.map((run) => ({ ...run, outputs: {} })), /0 in and 0 out/],
  ])("says so when %s", (_, change, sentence) => {
    expect(problemsOf(change(wholeTrace()), spent).join("\n")).toMatch(sentence);
  });

  it("says so when it took a minute, and nothing when it took less", () => {
    expect(problemsOfTime(59_999)).toEqual([]);
    expect(problemsOfTime(60_000)).toEqual(["The demo took 60 s, and must take less than 60 s."]);
    expect(problemsOfTime(61_240).join("\n")).toMatch(/^The demo took 61\.2 s/);
  });
});

describe("the printed tree", () => {
  it("shows every run once, under its parent, with its duration and its tokens", () => {
    const [root] = treesOf(wholeTrace());
    if (!root) throw new Error("The trace has no root.");
    const lines = printedTree(root, false).split("\n");
    expect(lines).toHaveLength(wholeTrace().length);
    expect(lines[0]).toMatch(/^chain 0\s+chain\s+concierge\s+1\.25 s\s+30 → 12 tokens$/);
    expect(lines[1]).toMatch(/^├─ chain 1 /);
    expect(lines.at(-1)).toMatch(/^ {3}└─ llm 11 /);
  });

  it("says of a run without an end that it is pending", () => {
    const [root] = treesOf(changed(wholeTrace(), 0, { end_time: null }));
    if (!root) throw new Error("The trace has no root.");
    expect(printedTree(root, false)).toContain("pending");
  });
});

function at(runs: TracedRun[], index: number): TracedRun {
  const run = runs[index];
  if (!run) throw new Error(`The trace has no run ${index}.`);
  return run;
}

function changed(runs: TracedRun[], index: number, change: Partial<TracedRun>): TracedRun[] {
  return runs.map((run, each) => (each === index ? { ...run, ...change } : run));
}
