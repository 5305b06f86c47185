// Functions of the user's that answer with a promise where nobody can wait: nothing leaks, and no rejection of theirs
// ends the process (vitest fails on one).
import { defaultTextMapGetter, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { afterEach, expect, it, vi } from "vitest";
import type { LangSmithOptions } from "../../src/options/options.js";
import { LangSmithPropagator } from "../../src/propagation/index.js";
import { startBridge, treeOf } from "./bridge.js";

const reject = async () => {
  throw new Error("too late");
};
// What a JavaScript user can pass, whatever the types say.
const options = (given: Record<string, unknown>) => given as LangSmithOptions;
const asked = {
  attributes: {
    "gen_ai.operation.name": "chat",
    "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [{ type: "text", content: "secret" }] }]),
  },
};

afterEach(() => vi.restoreAllMocks());

it.each([
  // An async function is refused at construction.
  ["resolves", (values: unknown) => Promise.resolve(values)],
  ["rejects", () => Promise.reject(new Error("too late"))],
])("a hiding function whose promise %s hides all, and says so", async (_, hideInputs) => {
  const emitWarning = vi.spyOn(process, "emitWarning").mockReturnValue();
  const bridge = await startBridge(options({ hideInputs }));
  bridge.tracer.startSpan("chat", asked).end();
  const receiver = await bridge.finish();
  expect(JSON.stringify(receiver.one("chat"))).not.toContain("secret");
  expect(String(emitWarning.mock.calls)).toContain("hideInputs threw");
});

it.each([
  ["resolves", async (run: unknown) => run],
  ["rejects", reject],
])("a transformRun whose promise %s keeps the run back, and says so", async (_, transformRun) => {
  const emitWarning = vi.spyOn(process, "emitWarning").mockReturnValue();
  const bridge = await startBridge(options({ transformRun }));
  bridge.tracer.startSpan("chat", asked).end();
  expect(treeOf(await bridge.finish())).toEqual([]);
  expect(bridge.processor.stats().withheld).toBe(1);
  expect(String(emitWarning.mock.calls)).toContain("transformRun answered with a promise");
});

it("a spans function whose promise rejects leaves the choice to the default", async () => {
  vi.spyOn(process, "emitWarning").mockReturnValue();
  const bridge = await startBridge(options({ spans: reject }));
  bridge.tracer.startSpan("chat", asked).end();
  expect(treeOf(await bridge.finish())).toEqual(["chat"]);
});

it("an onError whose promise rejects is only told", async () => {
  const onError = vi.fn(reject);
  const bridge = await startBridge(options({ onError, queue: { maxBytes: 1 } }));
  bridge.tracer.startSpan("chat", asked).end();
  await bridge.processor.shutdown();
  expect(onError).toHaveBeenCalled();
});

it("an inbound.trace whose promise rejects takes nothing", () => {
  const propagator = new LangSmithPropagator({ inbound: { trace: reject as never } });
  const header = { "langsmith-trace": "20260101T000000000000Z019b76da-a800-7000-8000-000000000000" };
  expect(propagator.extract(ROOT_CONTEXT, header, defaultTextMapGetter)).toBe(ROOT_CONTEXT);
  expect(propagator.stats().refused).toEqual({ carrier: 1 });
  propagation.disable();
});
