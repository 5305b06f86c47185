// Runs the second script over every recording, and over its own blind spots: it must see what is wrong.
import { describe, expect, test } from "vitest";
import { allRecordings, loadMeta, loadRecording } from "../fixtures/load.js";
import { type CheckedRun, problemsOf, type Scenario } from "./check-recordings.js";
import { type MappedNode, mapRecording } from "./tree.js";

function checked(node: MappedNode): CheckedRun {
  return {
    spanName: node.span.name,
    scope: node.span.instrumentationScope.name,
    hasEnded: node.span.ended,
    run: node.mapped.content,
    children: node.children.map(checked),
  };
}

function scenarioOf(folder: string, file: string): Scenario {
  const scenario = loadMeta(folder).scenarios[file];
  if (scenario === undefined) throw new Error(`${folder}/meta.json does not describe ${file}`);
  const { description, recorded } = scenario;
  if (typeof recorded !== "object" || recorded === null) throw new Error(`${folder}/${file} has no tree`);
  return { ...scenario, recorded, ...(typeof description === "string" ? { description } : {}) };
}

function found(folder: string, file: string) {
  const scenario = scenarioOf(folder, file);
  const nodes = mapRecording(loadRecording(folder, file));
  return { folder, file, scenario, roots: nodes.filter((node) => node.parent === undefined).map(checked) };
}

describe("the runs tell what the programs did", () => {
  test.each(allRecordings())("%s/%s", (folder, file) => {
    expect(problemsOf(found(folder, file))).toEqual([]);
  });
});

describe("the check sees what is wrong", () => {
  const good = found("ai-v6", "agent-rag");

  function spoil(change: (text: string) => string) {
    return problemsOf({ ...good, roots: JSON.parse(change(JSON.stringify(good.roots))) });
  }

  test.each<[what: string, from: string | RegExp, to: string]>([
    ["a wrong count", '"input_tokens":118', '"input_tokens":119'],
    ["a lost answer", /umbrella at home/g, "umbrella"],
    ["a lost call", /\\"city\\"/g, '\\"town\\"'],
    ["usage on a chain", '"run_type":"llm"', '"run_type":"chain"'],
    ["another tree", '"spanName":"ai.toolCall"', '"spanName":"ai.toolcall"'],
    ["a result that joins nothing", /"tool_call_id":"[^"]*"/g, '"tool_call_id":"none"'],
    ["a span that never ended", '"hasEnded":true', '"hasEnded":false'],
    ["usage twice", '"outputs":{"choices"', '"outputs":{"usage_metadata":{},"choices"'],
  ])("%s", (_what, from, to) => {
    expect(spoil((text) => text.replace(from, to))).not.toEqual([]);
  });
});
