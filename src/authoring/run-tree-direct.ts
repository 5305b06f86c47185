// Run trees where tracing is switched off: posting one is a wish, so they are sent all the same, without a span.
import { type Bridge, bridges, directSlot, removeBridge } from "../bridges.js";
import { isSwitchedOff } from "../options/tracing.js";

/**
 * What sends run trees under `LANGSMITH_TRACING=false`: a bridge that no provider and nobody else knows, made when the
 * first one is posted, with the environment's address, key and project. Undefined where tracing is not switched off.
 * Source: LangSmith's page on custom instrumentation: RunTree objects always send data when posted.
 */
export function directBridge(): Promise<Bridge | undefined> | undefined {
  if (!isSwitchedOff()) return undefined;
  const direct = directSlot();
  direct.value ??= makeDirect();
  return direct.value;
}

async function makeDirect(): Promise<Bridge | undefined> {
  const { LangSmithSpanProcessor } = await import("../processor/index.js");
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
