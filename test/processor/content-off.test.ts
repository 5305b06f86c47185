// Model calls recorded without content: their user is told what to switch on, once a library.
import { describe, expect, it } from "vitest";
import { contentSwitches } from "../../src/mapping/content-off.js";
import { LangSmithLogRecordProcessor } from "../../src/processor/log-records.js";
import { loadRecording, replay } from "../fixtures/load.js";
import { keepWarnings, said } from "../propagation/said.js";
import { startBridge } from "./bridge.js";

keepWarnings();

const CODE = "LSB_WARN_CONTENT_OFF";

/** A library, what was recorded of it with content off, and with content on. */
const libraries: [library: string, off: string[], on: string][] = [
  ["the Vercel AI SDK", ["ai-v6/content-off"], "ai-v6/generate-text-basic"],
  [
    "the Anthropic SDK itself",
    ["anthropic-sdk-native/agent-rag@content-off", "anthropic-sdk-native/tool-runner-content-off"],
    "anthropic-sdk-native/agent-rag",
  ],
  [
    "@opentelemetry/instrumentation-openai",
    ["otel-openai-official/stream-usage@content-off", "otel-openai-official/error-429@content-off"],
    "otel-openai-official/stream-usage",
  ],
  [
    "OpenLLMetry",
    [
      "traceloop-openai/stream-usage@content-off",
      "traceloop-langchain/lcel-rag@content-off",
      "traceloop-anthropic/agent-rag@content-off",
    ],
    "traceloop-openai/stream-usage",
  ],
];

async function sayOf(recordings: readonly string[]): Promise<string[]> {
  const bridge = await startBridge();
  for (const recording of recordings) {
    const [folder = "", file = ""] = recording.split("/");
    await replay(loadRecording(folder, file), {
      processor: bridge.processor,
      logProcessor: new LangSmithLogRecordProcessor(),
    });
  }
  expect((await bridge.finish()).runs.size).toBeGreaterThan(0);
  return said(CODE);
}

describe("content that is off", () => {
  it.each(libraries)("in %s is said once, with what to switch on", async (library, off) => {
    const setting = contentSwitches.find((known) => known.library === library)?.switchOn ?? "none";
    const warnings = await sayOf(off);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`recorded by ${library} carry no messages`);
    expect(warnings[0]).toContain(setting);
  });

  it.each(libraries)("and nothing is said of %s while it is on", async (_, __, on) => {
    expect(await sayOf([on])).toEqual([]);
  });

  it("in several libraries is said once of each", async () => {
    const warnings = await sayOf(libraries.flatMap(([, off]) => off));
    expect(warnings.map((text) => /recorded by (.+?) carry/.exec(text)?.[1]).sort()).toEqual(
      libraries.map(([library]) => library).sort(),
    );
  });
});
