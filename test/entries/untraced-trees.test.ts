// Run trees are sent where tracing is switched off too, whichever entry they are of.
import { afterEach, expect, it, vi } from "vitest";
import { RunTree as OfRoot } from "../../src/index.js";
import { RunTree } from "../../src/run_trees.js";
import { startRun } from "../../src/traceable.js";
import { type Receiver, startReceiver } from "../receiver.js";

let receiver: Receiver | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await receiver?.close();
});

it("LANGSMITH_TRACING=false holds no run tree back: of the root, of /run_trees, or begun by startRun of /traceable", async () => {
  const started = await startReceiver();
  receiver = started;
  vi.stubEnv("LANGSMITH_TRACING", "false");
  vi.stubEnv("LANGSMITH_API_KEY", "key");
  vi.stubEnv("LANGSMITH_ENDPOINT", started.url);
  for (const tree of [new RunTree({ name: "run_trees" }), new OfRoot({ name: "root" }), startRun("traceable")]) {
    await tree.end({ done: true });
    await tree.postRun();
    await tree.patchRun();
  }
  await vi.waitFor(
    () => expect([...started.runs.values()].map(({ name }) => name).sort()).toEqual(["root", "run_trees", "traceable"]),
    10_000,
  );
});
