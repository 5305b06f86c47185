// Content that comes as log records reaches the run of its span: recorded, and through the real logs SDK.
import { context, trace } from "@opentelemetry/api";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { describe, expect, it, onTestFinished } from "vitest";
import { LangSmithLogRecordProcessor } from "../../src/processor/log-records.js";
import { loadRecording, type Recording, recordingFiles, replay } from "../fixtures/load.js";
import { startBridge } from "./bridge.js";

const folder = "otel-openai-official";
const withLogs = recordingFiles(folder).filter((file) => loadRecording(folder, file).logs.length > 0);

/** Runs with what their log records said. */
async function played(file: string, when: "as recorded" | "after all ends" | "none") {
  const recording = inOrder(loadRecording(folder, file));
  const bridge = await startBridge({ pendingAfterMillis: 60_000 });
  const logProcessor = new LangSmithLogRecordProcessor();
  const logs = when === "none" ? [] : recording.logs.map((entry) => (when === "as recorded" ? entry : late(entry)));
  await replay({ ...recording, logs }, { processor: bridge.processor, logProcessor });
  const receiver = await bridge.finish();
  const said = [...receiver.runs.values()].map(({ name, inputs, outputs }) => ({ name, inputs, outputs }));
  return { recording, said, stats: bridge.processor.stats() };
}

/** Log records were timed in whole milliseconds: one of the start's own millisecond came after that start. */
function inOrder(recording: Recording): Recording {
  const starts = new Map(
    recording.calls.filter(({ event }) => event === "start").map((call) => [call.span.spanId, call.time]),
  );
  const logs = recording.logs.map((entry) => ({
    ...entry,
    time: Math.max(entry.time, (starts.get(entry.log.spanId) ?? 0) + 0.001),
  }));
  return { ...recording, logs: logs.sort((a, b) => a.time - b.time) };
}

function late<T extends { time: number }>(entry: T): T {
  return { ...entry, time: Number.MAX_SAFE_INTEGER };
}

describe("log records of the official OpenAI instrumentation", () => {
  it("are there to test with", () => {
    expect(withLogs.length).toBeGreaterThan(5);
  });

  it.each(withLogs)("%s: fill the run, before the span's end and after it, before the run is made", async (file) => {
    const { recording, said, stats } = await played(file, "as recorded");
    expect(stats.lateLogRecords).toBe(0);
    // Not every run has content, but those whose records carry one do.
    const texts = recording.logs.flatMap(({ log }) => textsIn(log.body));
    const sent = JSON.stringify(said);
    for (const text of texts) expect(sent).toContain(JSON.stringify(text).slice(1, -1));
    expect((await played(file, "after all ends")).said).toEqual(said);
    if (texts.length > 0) expect((await played(file, "none")).said).not.toEqual(said);
  });

  it("that come after their run was sent are counted, and change nothing", async () => {
    const file = "chat-n2";
    const recording = loadRecording(folder, file);
    const bridge = await startBridge();
    await replay({ ...recording, logs: [] }, { processor: bridge.processor });
    await bridge.processor.forceFlush();
    const sent = bridge.receiver.operations.length;
    const logProcessor = new LangSmithLogRecordProcessor();
    await replay({ ...recording, calls: [] }, { logProcessor });
    const receiver = await bridge.finish();
    expect(receiver.operations).toHaveLength(sent);
    expect(bridge.processor.stats().lateLogRecords).toBe(recording.logs.length);
  });
});

/** The texts in a log record's body, however deep. */
function textsIn(body: unknown): string[] {
  if (typeof body !== "object" || body === null) return [];
  return Object.entries(body).flatMap(([key, value]) =>
    key === "content" && typeof value === "string" && value !== "" ? [value] : textsIn(value),
  );
}

describe("through @opentelemetry/sdk-logs", () => {
  async function started() {
    const bridge = await startBridge();
    const provider = new LoggerProvider({ processors: [new LangSmithLogRecordProcessor()] });
    onTestFinished(() => provider.shutdown());
    return { bridge, logger: provider.getLogger("@opentelemetry/instrumentation-openai") };
  }

  const model = { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" } };

  it("a record emitted inside a span fills that span's run; others are left alone", async () => {
    const { bridge, logger } = await started();
    bridge.tracer.startActiveSpan("chat", model, (span) => {
      logger.emit({ eventName: "gen_ai.user.message", body: { content: "What is the weather?" } });
      logger.emit({ eventName: "app.event", body: { content: "none of LangSmith's business" } });
      logger.emit({ body: "a plain line" });
      logger.emit({
        eventName: "gen_ai.choice",
        body: { index: 0, finish_reason: "stop", message: { role: "assistant", content: "Fine." } },
        context: trace.setSpan(context.active(), span),
      });
      span.end();
    });
    logger.emit({ eventName: "gen_ai.user.message", body: { content: "outside of any span" } });
    const run = (await bridge.finish()).one("chat");
    expect(JSON.stringify(run.inputs)).toContain("What is the weather?");
    expect(JSON.stringify(run.outputs)).toContain("Fine.");
    expect(JSON.stringify(run)).not.toMatch(/LangSmith's business|plain line|outside of any/);
  });

  it("a GenAI record opens the held trace of its span", async () => {
    const { bridge, logger } = await started();
    bridge.tracer.startActiveSpan("plain", (span) => {
      expect(bridge.processor.stats().heldTraces).toBe(1);
      logger.emit({ eventName: "gen_ai.user.message", body: { content: "hello" } });
      expect(bridge.processor.stats().heldTraces).toBe(0);
      span.end();
    });
    expect((await bridge.finish()).byName("plain")).toHaveLength(1);
  });
});
