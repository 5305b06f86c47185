// RunTree and startRun as entries export them: with what sends run trees where tracing is switched off. Posting one is a
// wish, so it is sent all the same, without a span.
import { RunTree as AuthoredTree, startRun as startAuthored } from "./authoring/index.js";
import { type Bridge, bridges, offerDirectBridge, removeBridge } from "./bridges.js";

export type RunTree = AuthoredTree;
// Calls that a bundler may leave out together with what they return: whoever has no run tree needs no bridge for them.
export const RunTree = /* @__PURE__ */ sentAlways(AuthoredTree);
export const startRun = /* @__PURE__ */ sentAlways(startAuthored);

function sentAlways<Maker>(maker: Maker): Maker {
  offerDirectBridge(makeDirect);
  return maker;
}

/**
 * What sends run trees under `LANGSMITH_TRACING=false`: a bridge that no provider and nobody else knows, made when the
 * first one is posted, with the environment's address, key and project.
 * Source: LangSmith's page on custom instrumentation: RunTree objects always send data when posted.
 */
async function makeDirect(): Promise<Bridge | undefined> {
  const { LangSmithSpanProcessor } = await import("./processor/index.js");
  const others = new Set(bridges());
  // Without a key there is none, and that was said.
  new LangSmithSpanProcessor({ enabled: true });
  const bridge = bridges().find((one) => !others.has(one));
  if (!bridge) return undefined;
  // For everything else there is no bridge: tracing is switched off.
  removeBridge(bridge);
  process.once("beforeExit", () => void bridge.forceFlush());
  return bridge;
}
