// Attributes that a run's type has no place for go to the metadata: every field, on a run of every type.
import { describe, expect, test } from "vitest";
import type { Field, Vocabulary } from "../../src/mapping/index.js";
import type { RunType } from "../../src/wire/run.js";
import { startBridge } from "../processor/bridge.js";
import { mapped } from "./span.js";

const types: readonly RunType[] = ["chain", "tool", "llm", "retriever", "embedding", "prompt", "parser"];
const messages = JSON.stringify([{ role: "user", parts: [{ type: "text", content: "XYZZY" }] }]);

/** A value for each field that holds something of the user's. */
const values: readonly [Field, unknown][] = [
  ["name", "XYZZY"],
  ["provider", "XYZZY"],
  ["model", "XYZZY"],
  ["requested_model", "XYZZY"],
  ["input_messages", messages],
  ["input_messages", '["XYZZY"]'],
  ["output_messages", messages],
  ["system", "XYZZY"],
  ["output_text", "XYZZY"],
  ["output_reasoning", "XYZZY"],
  ["output_tool_calls", '[{"name":"XYZZY","arguments":"{}"}]'],
  ["output_object", '{"a":"XYZZY"}'],
  ["output_files", '[{"mediaType":"text/plain","base64":"XYZZY"}]'],
  ["finish_reason", "XYZZY"],
  ["inputs", "XYZZY"],
  ["outputs", "XYZZY"],
  ["whole_inputs", '{"a":"XYZZY"}'],
  ["whole_outputs", '{"a":"XYZZY"}'],
  ["tool_name", "XYZZY"],
  ["tool_call_id", "XYZZY"],
  ["tool_arguments", '{"a":"XYZZY"}'],
  ["tool_result", "XYZZY"],
  ["query", "XYZZY"],
  ["documents", '[{"content":"XYZZY"}]'],
  ["texts", '["XYZZY"]'],
  ["tools", '[{"type":"function","function":{"name":"XYZZY"}}]'],
  ["tools", "XYZZY"],
  ["params", "XYZZY"],
  ["error_type", "XYZZY"],
  ["error_message", "XYZZY"],
  ["thread_id", "XYZZY"],
  ["user_id", "XYZZY"],
  ["tags", "XYZZY"],
  ["first_token", "XYZZY"],
  ["project_id", "XYZZY"],
  ["example_id", "XYZZY"],
];

function vocabularyFor(field: Field): Vocabulary {
  return {
    name: "acme",
    rules: [
      { keys: ["acme.type"], to: "run_type" },
      { keys: ["acme.value"], to: field },
    ],
  };
}

describe.each(types)("on a run of type %s", (type) => {
  test.each(values)("%s %j stands somewhere in the run", (field, value) => {
    const attributes = { "acme.type": type, "acme.value": String(value) };
    const { content } = mapped(attributes, {}, { vocabularies: [vocabularyFor(field)] });
    expect(content.run_type).toBe(type);
    expect(JSON.stringify(content)).toContain("XYZZY");
  });

  test("vectors stand there by their number and size", () => {
    const attributes = { "acme.type": type, "acme.value": "[[0.25,0.5],[0.5,0.25]]" };
    const { content } = mapped(attributes, {}, { vocabularies: [vocabularyFor("vectors")] });
    expect(JSON.stringify(content)).toMatch(/"count":2,"dimensions":2/);
    expect(JSON.stringify(content)).not.toContain("0.25");
  });
});

describe("flattened attributes and span events", () => {
  test.each(types.filter((type) => type !== "llm"))("flattened messages on a run of type %s are not lost", (type) => {
    const { content } = mapped({
      "langsmith.span.kind": type,
      "llm.input_messages.0.message.role": "user",
      "llm.input_messages.0.message.content": "XYZZY",
      "retrieval.documents.0.document.content": "PLUGH",
      "tool.name": "t",
    });
    expect(JSON.stringify(content)).toContain("XYZZY");
    expect(JSON.stringify(content)).toContain("PLUGH");
  });

  test("messages in span events stay events on an embedding", () => {
    const event = {
      name: "gen_ai.user.message",
      time: [1_795_000_000, 600_000_000] as [number, number],
      attributes: { content: "XYZZY" },
    };
    const { content } = mapped({ "gen_ai.operation.name": "embeddings" }, { events: [event] });
    expect(JSON.stringify(content)).toContain("XYZZY");
  });
});

describe("what hiding takes out", () => {
  const attributes = {
    "gen_ai.operation.name": "embeddings",
    "gen_ai.request.model": "m",
    "gen_ai.input.messages": messages,
    "gen_ai.tool.call.result": "PLUGH",
  };

  test.each([
    ["true", true, true],
    ["a function", () => ({ a: "hidden" }), () => ({ b: "hidden" })],
  ])("is taken out of the metadata too: %s", async (_, hideInputs, hideOutputs) => {
    const bridge = await startBridge({ hideInputs, hideOutputs });
    bridge.tracer.startSpan("call", { attributes }).end();
    const run = (await bridge.finish()).one("call");
    expect(JSON.stringify(run)).not.toMatch(/XYZZY|PLUGH/);
    expect(run.extra.metadata["ls_model_name"]).toBe("m");
  });

  test("leaves the other side where one is hidden", async () => {
    const bridge = await startBridge({ hideInputs: true });
    bridge.tracer.startSpan("call", { attributes }).end();
    const run = (await bridge.finish()).one("call");
    expect(JSON.stringify(run)).not.toContain("XYZZY");
    expect(run.extra.metadata["gen_ai.tool.call.result"]).toBe("PLUGH");
  });
});
