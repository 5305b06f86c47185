// Tokens count once, through the processor: two model runs, one inside the other, are one call, whichever ends first.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attributes, context, type Span, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import type { Receiver } from "../receiver.js";
import { startBridge, type TestBridge, treeOf, until } from "./bridge.js";

const question = JSON.stringify([{ role: "user", parts: [{ type: "text", content: "why?" }] }]);
const messages = { "gen_ai.input.messages": question };
const tokens = (input: number) => ({ "gen_ai.usage.input_tokens": input, "gen_ai.usage.output_tokens": 1 });

function startCall(bridge: TestBridge, name: string, above: Span | undefined, attributes: Attributes = {}): Span {
  const under = above ? trace.setSpan(context.active(), above) : context.active();
  const attributesAtStart = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", ...attributes };
  return bridge.tracer.startSpan(name, { attributes: attributesAtStart }, under);
}

function end(span: Span, attributes: Attributes): void {
  span.setAttributes(attributes);
  span.end();
}

/** What each run is, and the input tokens that it counts. */
function countsOf(receiver: Receiver): Record<string, string> {
  const said = [...receiver.runs.values()].map((run) => {
    const usage = run.extra.metadata.usage_metadata as { input_tokens?: number } | undefined;
    return [run.name, usage ? `${run.run_type} ${usage.input_tokens}` : run.run_type];
  });
  return Object.fromEntries(said);
}

describe("a span that shows a call, and that nothing states to be one", () => {
  const shows = { "gen_ai.operation.name": undefined as unknown as string };

  it("is the call, of the default kind too", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 60_000 });
    end(startCall(bridge, "shown", undefined, { ...shows, ...messages }), tokens(7));
    expect(countsOf(await bridge.finish())).toEqual({ shown: "llm 7" });
  });

  it.each(["shown at its start", "shown at its end"])("is a chain where it wraps calls: %s", async (when) => {
    const bridge = await startBridge({ pendingAfterMillis: 60_000 });
    const outer = startCall(
      bridge,
      "outer",
      undefined,
      when === "shown at its start" ? { ...shows, ...messages } : shows,
    );
    const step = bridge.tracer.startSpan("step", {}, trace.setSpan(context.active(), outer));
    for (const name of ["first", "second"]) end(startCall(bridge, name, step), tokens(7));
    step.end();
    end(outer, { ...messages, ...tokens(14) });
    const receiver = await bridge.finish();
    expect(countsOf(receiver)).toEqual({ outer: "chain", step: "chain", first: "llm 7", second: "llm 7" });
  });

  it("is a call of its own where a tool stands between it and another", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 60_000 });
    const outer = startCall(bridge, "outer", undefined, { ...shows, ...messages });
    const under = trace.setSpan(context.active(), outer);
    const tool = bridge.tracer.startSpan("tool", { attributes: { "gen_ai.operation.name": "execute_tool" } }, under);
    end(startCall(bridge, "inner", tool), tokens(3));
    tool.end();
    end(outer, tokens(7));
    expect(countsOf(await bridge.finish())).toEqual({ outer: "llm 7", tool: "tool", inner: "llm 3" });
  });
});

describe("two model runs, one inside the other, are one call", () => {
  it.each(["inner first", "outer first"])(
    "the inner one stays the call where both have messages: %s",
    async (order) => {
      const bridge = await startBridge({ pendingAfterMillis: 60_000 });
      const outer = startCall(bridge, "outer", undefined, messages);
      const inner = startCall(bridge, "inner", outer, messages);
      const ended = order === "inner first" ? [inner, outer] : [outer, inner];
      for (const span of ended) end(span, tokens(7));
      const receiver = await bridge.finish();
      expect(countsOf(receiver)).toEqual({ outer: "chain", inner: "llm 7" });
      expect(receiver.one("outer").extra.metadata).toMatchObject({ "gen_ai.usage.input_tokens": 7 });
      expect(receiver.operations).toHaveLength(2);
    },
  );

  it.each([
    ["outer", "inner first"],
    ["outer", "outer first"],
    ["inner", "inner first"],
    ["inner", "outer first"],
  ])("the one that has the messages stays what it is and keeps the usage: %s, %s", async (speaker, order) => {
    const bridge = await startBridge({ pendingAfterMillis: 60_000 });
    const outer = startCall(bridge, "outer", undefined, speaker === "outer" ? messages : {});
    const inner = startCall(bridge, "inner", outer, speaker === "inner" ? messages : {});
    const ended = order === "inner first" ? [inner, outer] : [outer, inner];
    for (const span of ended) end(span, tokens(7));
    const other = speaker === "outer" ? "inner" : "outer";
    expect(countsOf(await bridge.finish())).toEqual({ [speaker]: "llm 7", [other]: "chain" });
  });

  it.each(["inner first", "outer first"])(
    "the other's usage counts where the one with messages has none: %s",
    async (order) => {
      const bridge = await startBridge({ pendingAfterMillis: 60_000 });
      const outer = startCall(bridge, "outer", undefined, messages);
      const inner = startCall(bridge, "inner", outer);
      if (order === "inner first") {
        end(inner, tokens(7));
        end(outer, {});
      } else {
        end(outer, {});
        end(inner, tokens(7));
      }
      expect(countsOf(await bridge.finish())).toEqual({ outer: "llm 7", inner: "chain" });
    },
  );

  it.each([
    ["first", ["inner", "middle", "outer"]],
    ["last", ["outer", "middle", "inner"]],
    ["between", ["middle", "inner", "outer"]],
    ["between, the outer one first", ["outer", "inner", "middle"]],
  ])("three levels are one call too, the innermost ending %s", async (_, order) => {
    for (const speaker of ["outer", "middle", "inner"]) {
      const bridge = await startBridge({ pendingAfterMillis: 60_000 });
      const said = (name: string) => (name === speaker ? messages : {});
      const outer = startCall(bridge, "outer", undefined, said("outer"));
      const middle = startCall(bridge, "middle", outer, said("middle"));
      const inner = startCall(bridge, "inner", middle, said("inner"));
      const spans: Record<string, Span> = { outer, middle, inner };
      for (const name of order) end(spans[name] as Span, tokens(7));
      const expected = { outer: "chain", middle: "chain", inner: "chain", [speaker]: "llm 7" };
      expect(countsOf(await bridge.finish()), speaker).toEqual(expected);
    }
  });

  it("a chain between them changes nothing, even when it ends before both", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 60_000 });
    const outer = startCall(bridge, "outer", undefined);
    const step = bridge.tracer.startSpan("step", {}, trace.setSpan(context.active(), outer));
    const inner = startCall(bridge, "inner", step, messages);
    step.end();
    end(outer, tokens(7));
    end(inner, tokens(7));
    expect(countsOf(await bridge.finish())).toEqual({ outer: "chain", step: "chain", inner: "llm 7" });
  });

  it("a tool, an agent or a retriever between them makes them two calls", async () => {
    for (const operation of ["execute_tool", "invoke_agent", "retrieval"]) {
      const bridge = await startBridge({ pendingAfterMillis: 60_000 });
      const outer = startCall(bridge, "outer", undefined);
      const attributes = { "gen_ai.operation.name": operation, "gen_ai.tool.name": "t", "gen_ai.agent.name": "a" };
      const between = bridge.tracer.startSpan("between", { attributes }, trace.setSpan(context.active(), outer));
      const inner = startCall(bridge, "inner", between);
      end(inner, tokens(3));
      between.end();
      end(outer, tokens(7));
      expect(countsOf(await bridge.finish()), operation).toMatchObject({ outer: "llm 7", inner: "llm 3" });
    }
  });
});

describe("two libraries' spans of one call, side by side", () => {
  /** Two calls under one parent, the second told by another library; the first one ends first. */
  async function sideBySide(second: Attributes, spent: Attributes, scope = "sdk"): Promise<Record<string, string>> {
    const bridge = await startBridge({ pendingAfterMillis: 60_000 });
    const agent = bridge.tracer.startSpan("agent", { attributes: { "gen_ai.operation.name": "invoke_agent" } });
    const under = trace.setSpan(context.active(), agent);
    const attributes = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", ...second };
    const untold = bridge.provider.getTracer(scope).startSpan("sdk", { attributes }, under);
    const told = startCall(bridge, "told", agent, messages);
    end(told, tokens(7));
    end(untold, spent);
    const last = bridge.provider.getTracer(scope).startSpan("later", { attributes }, under);
    end(last, spent);
    agent.end();
    const { agent: _, ...counts } = countsOf(await bridge.finish());
    return counts;
  }

  it("are one call: the one without messages counts nothing, and only once", async () => {
    expect(await sideBySide({}, tokens(7))).toEqual({ told: "llm 7", sdk: "chain", later: "llm 7" });
  });

  it.each<[why: string, ...Parameters<typeof sideBySide>, counts: string]>([
    ["with messages of its own", messages, tokens(7), "sdk", "llm 7"],
    ["with another count", {}, tokens(8), "sdk", "llm 8"],
    ["of another model", { "gen_ai.request.model": "n" }, tokens(7), "sdk", "llm 7"],
    ["of the same library", {}, tokens(7), "app", "llm 7"],
  ])("are two calls: one %s", async (_why, second, spent, scope, counts) => {
    expect(await sideBySide(second, spent, scope)).toMatchObject({ told: "llm 7", sdk: counts });
  });
});

describe("two libraries' spans of one call, side by side, where the one that tells less ends first", () => {
  const scope = "com.anthropic.sdk.typescript";
  const answered = { "gen_ai.output.messages": JSON.stringify([{ role: "assistant", content: "yes" }]) };

  async function startBoth(pendingAfterMillis: number) {
    const bridge = await startBridge({ pendingAfterMillis });
    const turn = bridge.genai.startSpan("turn");
    const attributes = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" };
    const under = trace.setSpan(context.active(), turn);
    const less = bridge.provider.getTracer(scope).startSpan("less", { attributes }, under);
    return { bridge, turn, less, more: startCall(bridge, "more", turn, messages) };
  }

  it.each(["right after it", "later"])("are one call, told by the other one, which ends %s", async (when) => {
    const { bridge, turn, less, more } = await startBoth(60_000);
    end(less, tokens(7));
    if (when === "later") await until(() => bridge.processor.stats().waiting === 1, "the first one waits");
    if (when === "later") await new Promise((resolve) => setImmediate(resolve));
    end(more, { ...answered, ...tokens(7) });
    turn.end();
    expect(countsOf(await bridge.finish())).toEqual({ turn: "chain", less: "chain", more: "llm 7" });
  });

  it("count once where the first one was sent before the other one ended", async () => {
    const { bridge, turn, less, more } = await startBoth(40);
    end(less, tokens(7));
    await until(() => bridge.receiver.byName("less").some((run) => run.end_time), "the first one is sent");
    end(more, { ...answered, ...tokens(7) });
    turn.end();
    const receiver = await bridge.finish();
    expect(countsOf(receiver)).toEqual({ turn: "chain", less: "llm 7", more: "llm" });
    expect(receiver.one("more").extra.metadata).toMatchObject({ "gen_ai.usage.input_tokens": 7 });
  });

  it("are two calls where their counts differ", async () => {
    const { bridge, turn, less, more } = await startBoth(60_000);
    end(less, tokens(7));
    end(more, { ...answered, ...tokens(8) });
    turn.end();
    expect(countsOf(await bridge.finish())).toEqual({ turn: "chain", less: "llm 7", more: "llm 8" });
  });
});

it("two libraries' spans of one call that both tell it whole, side by side, are one call", async () => {
  const bridge = await startBridge({ pendingAfterMillis: 60_000 });
  const turn = bridge.genai.startSpan("turn");
  const under = trace.setSpan(context.active(), turn);
  const whole = (text: string) => ({
    ...messages,
    ...tokens(7),
    "gen_ai.output.messages": JSON.stringify([{ role: "assistant", content: text }]),
  });
  const sdk = bridge.provider.getTracer("com.anthropic.sdk.typescript");
  const attributes = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" };
  const first = startCall(bridge, "first", turn);
  const [same, other] = ["same", "other"].map((name) => sdk.startSpan(name, { attributes }, under));
  end(first, whole("yes"));
  if (same) end(same, whole("yes"));
  if (other) end(other, whole("no"));
  turn.end();
  expect(countsOf(await bridge.finish())).toEqual({ turn: "chain", first: "llm 7", same: "chain", other: "llm 7" });
});

describe("the decision waits pendingAfterMillis at most", () => {
  it("then an inner call that ended stays the call where the outer one has shown no messages", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 40 });
    const outer = startCall(bridge, "outer", undefined);
    const inner = startCall(bridge, "inner", outer);
    end(inner, tokens(7));
    await until(() => bridge.receiver.byName("inner").some((run) => run.end_time), "the inner call is sent");
    end(outer, { ...messages, ...tokens(7) });
    expect(countsOf(await bridge.finish())).toEqual({ outer: "chain", inner: "llm 7" });
  });

  it("then an inner call gives way to an outer one that has shown messages, which counts its usage", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 40 });
    const outer = startCall(bridge, "outer", undefined, messages);
    const inner = startCall(bridge, "inner", outer);
    end(inner, tokens(7));
    await until(() => bridge.receiver.byName("inner").some((run) => run.end_time), "the inner call is sent");
    end(outer, {});
    expect(countsOf(await bridge.finish())).toEqual({ outer: "llm 7", inner: "chain" });
  });

  it("then it is made by what the inner one showed at its start: no call, and the outer one stays", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 40 });
    const outer = startCall(bridge, "outer", undefined);
    const inner = bridge.tracer.startSpan("inner", {}, trace.setSpan(context.active(), outer));
    end(outer, tokens(7));
    await until(() => bridge.receiver.byName("outer").some((run) => run.end_time), "the outer call is sent");
    end(inner, { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", ...tokens(7) });
    expect(countsOf(await bridge.finish())).toEqual({ outer: "llm 7", inner: "chain" });
  });

  it("then it is made by what the inner one showed at its start: a call, and it stays one", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 40 });
    const outer = startCall(bridge, "outer", undefined);
    const inner = startCall(bridge, "inner", outer, messages);
    end(outer, tokens(7));
    await until(() => bridge.receiver.byName("outer").some((run) => run.end_time), "the outer call is sent");
    end(inner, tokens(7));
    expect(countsOf(await bridge.finish())).toEqual({ outer: "chain", inner: "llm 7" });
  });
});

describe("errors are told once", () => {
  it("where they happened; the runs above keep their first line as a status, without the stack", async () => {
    const bridge = await startBridge();
    const failure = new Error("the model is overloaded");
    bridge.genai.startActiveSpan("agent", (agent) => {
      bridge.genai.startActiveSpan("chat", (chat) => {
        for (const span of [chat, agent]) {
          span.recordException(failure);
          span.setStatus({ code: 2, message: failure.message });
          span.end();
        }
      });
    });
    const receiver = await bridge.finish();
    expect(treeOf(receiver)).toEqual(["agent(chat)"]);
    expect(receiver.one("chat").error).toContain("model-calls.test.ts");
    expect(receiver.one("agent").error).toContain("the model is overloaded");
    expect(receiver.one("agent").error).not.toContain("model-calls.test.ts");
  });
});

describe("with a journal", () => {
  it.each(["inner first", "outer first"])("an ended call is on disk before the other one ends: %s", async (order) => {
    const dir = await mkdtemp(join(tmpdir(), "otel-langsmith-journal-"));
    // Nobody listens: what is written stays.
    const bridge = await startBridge({
      apiUrl: "http://127.0.0.1:9",
      spool: { dir, mode: "always" },
      pendingAfterMillis: 600_000,
      shutdownTimeoutMillis: 100,
    });
    const outer = startCall(bridge, "outer", undefined, messages);
    const inner = startCall(bridge, "inner", outer, messages);
    const [first, second] = order === "inner first" ? [inner, outer] : [outer, inner];
    end(first, tokens(7));
    const written = async () => {
      const names = (await readdir(dir)).filter((name) => name.endsWith(".spool"));
      return (await Promise.all(names.map((name) => readFile(join(dir, name), "latin1")))).join("");
    };
    const name = order === "inner first" ? '"name":"inner"' : '"name":"outer"';
    await expect.poll(written, { timeout: 20_000, interval: 5 }).toContain(name);
    expect(second.isRecording()).toBe(true);
    second.end();
    await bridge.provider.shutdown();
    await rm(dir, { recursive: true, force: true });
  });
});
