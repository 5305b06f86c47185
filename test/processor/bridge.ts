// A real provider with the processor under test, sending to a strict receiver over a real socket.
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, type Sampler, type SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterEach, expect } from "vitest";
import type { LangSmithOptions } from "../../src/options/options.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { forgetWarnings } from "../../src/warnings.js";
import { orphansOf, type Receiver, startReceiver } from "../receiver.js";

export interface TestBridge {
  readonly receiver: Receiver;
  readonly processor: LangSmithSpanProcessor;
  readonly provider: BasicTracerProvider;
  readonly tracer: ReturnType<BasicTracerProvider["getTracer"]>;
  /** A tracer whose spans are all GenAI by their scope. */
  readonly genai: ReturnType<BasicTracerProvider["getTracer"]>;
  /** Ends everything, then holds what arrived against the rules. */
  finish(): Promise<Receiver>;
}

const started: (() => Promise<void>)[] = [];

export interface TestBridgeOptions extends LangSmithOptions {
  readonly sampler?: Sampler;
  readonly beside?: SpanProcessor[];
}

/** Starts all of it; stopped after the test, whatever happens. */
export async function startBridge({ sampler, beside = [], ...options }: TestBridgeOptions = {}): Promise<TestBridge> {
  const receiver = await startReceiver();
  const processor = new LangSmithSpanProcessor({
    apiUrl: receiver.url,
    projectName: "test",
    batchDelayMillis: 1,
    ...options,
  });
  const provider = new BasicTracerProvider({
    spanProcessors: [processor, ...beside],
    resource: resourceFromAttributes({ "service.name": "test-service" }),
    ...(sampler && { sampler }),
  });
  const manager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(manager);
  trace.setGlobalTracerProvider(provider);
  started.push(async () => {
    await provider.shutdown();
    await receiver.close();
    context.disable();
    trace.disable();
    propagation.disable();
    manager.disable();
    forgetWarnings();
  });
  return {
    receiver,
    processor,
    provider,
    tracer: provider.getTracer("app"),
    genai: provider.getTracer("openinference-core"),
    async finish() {
      await processor.shutdown();
      expect(receiver.problems).toEqual([]);
      expect(orphansOf(receiver.runs.values())).toEqual([]);
      expect(processor.stats()).toMatchObject({ faults: 0, open: 0, waiting: 0, lost: {} });
      return receiver;
    },
  };
}

afterEach(async () => {
  for (const stop of started.splice(0)) await stop();
});

/** `name(child, child)` for every root, children in the order of their dotted orders. */
export function treeOf(receiver: Receiver): string[] {
  const runs = [...receiver.runs.values()].sort((a, b) => (a.dotted_order < b.dotted_order ? -1 : 1));
  const draw = (id: string | undefined): string[] =>
    runs
      .filter((run) => run.parent_run_id === id)
      .map((run) => {
        const below = draw(run.id);
        return below.length > 0 ? `${run.name}(${below.join(", ")})` : run.name;
      });
  return draw(undefined);
}

/** Resolves when the condition holds; looks again after every turn of the event loop, and gives up after 20 s. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`did not happen within 20 s: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
