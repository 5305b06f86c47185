// Processor and exporter give the same runs, field by field, but for the five differences that the docs list.
import { describe, expect, it } from "vitest";
import { forgetSpans } from "../../src/identity/node.js";
import { RunIdentityProcessor } from "../../src/processor/identity-processor.js";
import { allRecordings, loadRecording, ReplayedSpan as Replayed, type ReplayedSpan, replay } from "../fixtures/load.js";
import { startBridge } from "../processor/bridge.js";
import { comparable, shuffled, startExporter } from "./bridge.js";

async function viaProcessor(folder: string, file: string, mode: object) {
  const bridge = await startBridge(mode);
  const spans = await replay(loadRecording(folder, file), { processor: bridge.processor });
  const runs = comparable(await bridge.finish());
  forgetSpans();
  return { spans, runs };
}

/** Fresh objects of the spans that ended, in that order: the objects that a processor has seen carry its node. */
function endedOf(folder: string, file: string): ReplayedSpan[] {
  const { calls } = loadRecording(folder, file);
  return calls.filter(({ event }) => event === "end").map(({ span }) => new Replayed(span));
}

/** Differences one and three to five: spans that never ended are no part of what an exporter sees. */
function hasUnended(spans: Iterable<ReplayedSpan>): boolean {
  return [...spans].some((span) => !span.ended);
}

describe.each([
  ["default", {}],
  ["all", { spans: "all", traces: "all" }],
] as const)("every recording, mode %s", (_, mode) => {
  it.each(allRecordings())("%s/%s: alone, in batches of any size", async (folder, file) => {
    const { spans, runs } = await viaProcessor(folder, file, mode);
    if (hasUnended(spans.values())) return;
    const under = await startExporter(mode);
    const batch = endedOf(folder, file);
    const size = 1 + ((file.length * 31 + folder.length) % 5);
    for (let at = 0; at < batch.length; at += size) under.export(batch.slice(at, at + size));
    expect(comparable(await under.finish())).toEqual(runs);
  });

  it.each(allRecordings())("%s/%s: alone, in any order: every run in its place", async (folder, file) => {
    const { spans, runs } = await viaProcessor(folder, file, mode);
    if (hasUnended(spans.values())) return;
    const under = await startExporter(mode);
    const seed = file.length * 31 + folder.length;
    const batch = shuffled(endedOf(folder, file), seed);
    for (let at = 0; at < batch.length; at += 1 + (seed % 5)) under.export(batch.slice(at, at + 1 + (seed % 5)));
    const placesOf = (all: typeof runs) =>
      [...all.values()].map(({ id, dotted_order, end_time }) => ({ id, dotted_order, end_time }));
    expect(placesOf(comparable(await under.finish()))).toEqual(placesOf(runs));
  });

  it.each(allRecordings())("%s/%s: behind a RunIdentityProcessor", async (folder, file) => {
    const { spans, runs } = await viaProcessor(folder, file, mode);
    if (hasUnended(spans.values())) return;
    const identity = new RunIdentityProcessor({ ...mode, projectName: "test" });
    const under = await startExporter();
    await replay(loadRecording(folder, file), {
      processor: {
        onStart: (span, context) => identity.onStart(span, context),
        onEnd(span) {
          identity.onEnd(span);
          under.export([span]);
        },
      },
    });
    await identity.forceFlush();
    expect(comparable(await under.finish())).toEqual(runs);
    await identity.shutdown();
  });
});
