// Hostile and broken values: a good run or a plain string, never an exception, never a large allocation.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultVocabularies, hasGenAiMarker, isGenAiScope, mapSpan, threadIdOf } from "../../src/mapping/index.js";
import { allRecordings, loadRecording, toMappable } from "../fixtures/load.js";
import { mapped, spanOf } from "./span.js";

const chat = { "gen_ai.operation.name": "chat" };

/** What a run must be, whatever the span said. */
function expectGoodRun(result: ReturnType<typeof mapSpan>): void {
  const { content } = result;
  expect(content.name).toBeTypeOf("string");
  expect(["tool", "chain", "llm", "retriever", "embedding", "prompt", "parser"]).toContain(content.run_type);
  expect(content.extra.metadata["otel-langsmith.mapping_error"]).toBeUndefined();
  expect(JSON.parse(JSON.stringify(content))).toMatchObject({ run_type: content.run_type });
  for (const side of [content.inputs, content.outputs]) if (side !== undefined) expect(Array.isArray(side)).toBe(false);
  const usage = content.extra.metadata["usage_metadata"];
  if (usage !== undefined) expect(result.isModelCall).toBe(true);
}

describe("single values", () => {
  test.each<[string, string]>([
    ["broken JSON", '[{"role":"user","parts":[{"type":"te'],
    ["an empty text", ""],
    ["white space", "  \n "],
    ["a text that looks like a number", "42"],
    ["null as JSON", "null"],
    ["a list of nulls", "[null,null,{}]"],
    ["a list of numbers", "[1,2,3]"],
    ["lone surrogates", '[{"role":"user","parts":[{"type":"text","content":"\ud800"}]}]'],
    ["deep nesting", `${"[".repeat(5000)}${"]".repeat(5000)}`],
    ["messages that are texts", '["hello","there"]'],
    ["parts of the wrong types", '[{"role":7,"parts":[1,null,"x",{"type":9},{"type":"tool_call"},{"type":"blob"}]}]'],
  ])("%s as messages gives a run", (_what, value) => {
    const result = mapped({ ...chat, "gen_ai.input.messages": value, "gen_ai.output.messages": value });
    expectGoodRun(result);
    expect(result.content.run_type).toBe("llm");
  });

  test("broken JSON stays a string", () => {
    const text = '{"city": "Par';
    const { content } = mapped({ "openinference.span.kind": "TOOL", "input.value": text, "output.value": "[1,2" });
    expect(content.inputs).toEqual({ input: text });
    expect(content.outputs).toEqual({ output: "[1,2" });
  });

  test("JSON that was encoded twice is decoded once more where it is an object or a list", () => {
    const twice = JSON.stringify(JSON.stringify({ city: "Paris" }));
    expect(mapped({ "openinference.span.kind": "TOOL", "input.value": twice }).content.inputs).toEqual({
      city: "Paris",
    });
  });

  test("texts that only look like numbers, booleans or null stay texts", () => {
    for (const text of ["42", "1e999", "true", "null", "-0"]) {
      const { content } = mapped({ "openinference.span.kind": "CHAIN", "input.value": text });
      expect(content.inputs).toEqual({ input: text });
    }
  });

  test("a text of 10 MB comes through, and quickly", () => {
    const text = "x".repeat(10 * 1024 * 1024);
    const started = performance.now();
    const { content } = mapped({
      ...chat,
      "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [{ type: "text", content: text }] }]),
      "gen_ai.output.messages": text,
    });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(JSON.stringify(content.inputs).length).toBeGreaterThan(text.length);
    expect(content.outputs).toEqual({ choices: [{ index: 0, message: { role: "assistant", content: text } }] });
  });

  test("wrong types of counts are no usage, and stay where a reader finds them", () => {
    const { content } = mapped({ ...chat, "gen_ai.usage.input_tokens": "many", "gen_ai.usage.output_tokens": -3 });
    expect(content.extra.metadata["usage_metadata"]).toBeUndefined();
    expect(content.extra.metadata["gen_ai.usage.input_tokens"]).toBe("many");
    expect(content.extra.metadata["gen_ai.usage.output_tokens"]).toBe(-3);
  });
});

describe("messages that cannot be read", () => {
  const broken = '[{"role":"user","parts":[{"type":"te';

  test("stay a string in the run of a model call", () => {
    const { content } = mapped({ ...chat, "gen_ai.input.messages": broken, "gen_ai.output.messages": broken });
    expect(content.inputs).toEqual({ input: broken });
    expect(content.outputs).toEqual({ output: broken });
  });

  test("and beside them the system prompt stays", () => {
    const { content } = mapped({ ...chat, "gen_ai.input.messages": broken, "gen_ai.system_instructions": "Be brief." });
    expect(content.inputs).toEqual({ input: broken, system: "Be brief." });
  });

  test("JSON that is nested beyond reason stays a string", () => {
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
    const { content } = mapped({ "openinference.span.kind": "CHAIN", "input.value": deep, metadata: deep });
    expect(content.inputs).toEqual({ input: deep });
    expect(content.extra.metadata["metadata"]).toBe(deep);
  });
});

describe("flattened keys", () => {
  test("indices out of order and with gaps are a list in their order", () => {
    const { content } = mapped({
      "openinference.span.kind": "LLM",
      "llm.input_messages.7.message.role": "assistant",
      "llm.input_messages.7.message.content": "second",
      "llm.input_messages.2.message.role": "user",
      "llm.input_messages.2.message.content": "first",
    });
    expect(content.inputs).toEqual({
      messages: [
        { role: "user", content: "first" },
        { role: "assistant", content: "second" },
      ],
    });
  });

  test("a huge index costs one entry", () => {
    const before = process.memoryUsage().heapUsed;
    const { content } = mapped({
      "openinference.span.kind": "LLM",
      "llm.input_messages.9999999999.message.role": "user",
      "llm.input_messages.9999999999.message.content": "here",
      "llm.output_messages.4294967294.message.content": "there",
      "gen_ai.prompt.99999999999999999999999.content": "x",
    });
    expect(content.inputs).toEqual({ messages: [{ role: "user", content: "here" }] });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50 * 1024 * 1024);
  });

  test("__proto__, constructor and prototype in keys and values change nothing but the run", () => {
    const { content } = mapped({
      "openinference.span.kind": "LLM",
      "llm.input_messages.0.__proto__.polluted": "yes",
      "llm.input_messages.0.message.role": "user",
      metadata: '{"__proto__":{"polluted":"yes"},"constructor":"c"}',
      "metadata.__proto__": "yes",
      "ai.telemetry.metadata.__proto__": "yes",
      "llm.invocation_parameters": '{"__proto__":{"polluted":"yes"},"temperature":1}',
      "llm.token_count.prompt_details.__proto__": 5,
      "llm.token_count.prompt": 7,
      __proto__x: "yes",
    });
    expect(JSON.parse('{"polluted":"no"}').polluted).toBe("no");
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(content.extra.invocation_params?.["temperature"]).toBe(1);
    expect(Object.hasOwn(content.extra.metadata, "__proto__")).toBe(true);
  });

  test("a path through a value that is there keeps both", () => {
    const result = mapped({
      "openinference.span.kind": "LLM",
      "llm.input_messages.0.message": "a text where an object is due",
      "llm.input_messages.0.message.role": "user",
      "llm.input_messages.0.message.content": "hello",
    });
    expectGoodRun(result);
    expect(JSON.stringify(result.content.inputs)).toContain("hello");
  });
});

describe("the span itself", () => {
  test("times that are none, events without attributes, links without attributes", () => {
    expectGoodRun(
      mapped(chat, {
        startTime: [Number.NaN, 0],
        endTime: [-1, -1],
        events: [
          { name: "exception", time: [Number.NaN, Number.NaN] },
          { name: "", time: [1, 1], attributes: { name: "n", time: "t" } },
        ],
        links: [{ context: { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 } }],
        status: { code: 2 },
      }),
    );
  });

  test("a getter that throws gives a run that says so, in its place", () => {
    const span = spanOf({});
    Object.defineProperty(span, "events", {
      get() {
        throw new Error("no events today");
      },
    });
    const { content } = mapSpan(span);
    expect(content.name).toBe("span");
    expect(content.extra.metadata["otel-langsmith.mapping_error"]).toBe("Error");
    expect(content.extra.metadata["OTEL_SPAN_ID"]).toBe("b7ad6b7169203331");
  });

  test("a user's vocabulary that throws costs its own fields alone", () => {
    const { content } = mapped(
      { "acme.model": "m", "gen_ai.operation.name": "chat" },
      {},
      {
        vocabularies: [
          {
            name: "acme",
            rules: [
              {
                keys: ["acme.model"],
                to: "model",
                as: () => {
                  throw new Error("no");
                },
              },
            ],
            read: () => {
              throw new Error("no");
            },
          },
          ...defaultVocabularies,
        ],
      },
    );
    expect(content.run_type).toBe("llm");
    expect(content.extra.metadata["acme.model"]).toBe("m");
  });
});

/** Every key that a table names, with indices where there are any. */
const knownKeys = defaultVocabularies.flatMap((vocabulary) =>
  vocabulary.rules.flatMap((rule) => [
    ...(rule.keys ?? []),
    ...(rule.prefix === undefined
      ? []
      : ["0.message.content", "1.role", "x", "__proto__", "99999999.y"].map(
          (rest) => `${rule.prefix}${rest}${rule.suffix ?? ""}`,
        )),
  ]),
);
const recordedValues = allRecordings()
  .filter((_recording, at) => at % 9 === 0)
  .flatMap(([folder, file]) => loadRecording(folder, file).calls)
  .flatMap(({ span }) => Object.values(toMappable(span).attributes))
  .filter((value) => value !== undefined);

const anyValue = fc.oneof(
  fc.constantFrom(...recordedValues),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.json({ maxDepth: 4 }),
  fc.json({ maxDepth: 3 }).map((json) => JSON.stringify(json)),
  fc.json({ maxDepth: 4 }).map((json) => json.slice(0, -1)),
  fc.double(),
  fc.boolean(),
  fc.array(fc.oneof(fc.string(), fc.constant(null), fc.constant(undefined)), { maxLength: 4 }),
  fc.array(fc.double(), { maxLength: 4 }),
);
const anyAttributes = fc.dictionary(
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...knownKeys) }, { weight: 1, arbitrary: fc.string() }),
  anyValue,
  {
    maxKeys: 25,
  },
);

describe("fuzz", () => {
  test("any values under any keys give a good run, the same one twice", () => {
    fc.assert(
      fc.property(
        anyAttributes,
        fc.boolean(),
        fc.constantFrom(0, 1, 2),
        fc.constantFrom(0, 2, 3),
        (attributes, ended, code, kind) => {
          const span = spanOf(JSON.parse(JSON.stringify(attributes)), { ended, kind, status: { code } });
          const before = JSON.stringify(span);
          const result = mapSpan(span);
          expectGoodRun(result);
          expect(JSON.stringify(span)).toBe(before);
          expect(mapSpan(span)).toEqual(result);
          hasGenAiMarker(span.attributes);
          threadIdOf(span.attributes);
        },
      ),
      { numRuns: 1_500 },
    );
  });

  test("any bodies of events and log records give a good run", () => {
    const names = defaultVocabularies.flatMap((vocabulary) => vocabulary.events ?? []);
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            eventName: fc.constantFrom(...names),
            body: fc.anything({ maxDepth: 3 }),
            attributes: fc.dictionary(
              fc.constantFrom("content", "gen_ai.event.content", "message", "tool_calls", "role"),
              fc.anything({ maxDepth: 2 }),
            ),
          }),
          { maxLength: 5 },
        ),
        (records) => {
          const logs = records.map((record) => ({ ...record, time: [1, 1] as [number, number] }));
          const { content } = mapped(chat, {}, { logs });
          expect(content.run_type).toBe("llm");
          expect(content.extra.metadata["otel-langsmith.mapping_error"]).toBeUndefined();
        },
      ),
      { numRuns: 500 },
    );
  });

  test("any scope name is answered", () => {
    fc.assert(fc.property(fc.string(), (name) => typeof isGenAiScope(name) === "boolean"));
  });
});
