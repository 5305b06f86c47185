// An instrumented program under fault: spans through the processor, paced, and told to the parent as they end.
import { trace } from "@opentelemetry/api";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { getRunId, LangSmithSpanProcessor } from "../../src/index.js";
import type { ChildMessage } from "./child.js";

const [, , apiUrl = "", dir = "", perSecond = "1000", runs = "100000"] = process.argv;
const processor = new LangSmithSpanProcessor({ apiUrl, apiKey: "a-key", spool: { dir, mode: "always" } });
const provider = new NodeTracerProvider({ spanProcessors: [processor] });
provider.register();
const tracer = trace.getTracer("faults");
const genai = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "small" };
const tell = (message: ChildMessage) => process.send?.(message);

/** One trace of an agent and three model calls; the ids of its runs, which have all ended. */
function work(): string[] {
  return tracer.startActiveSpan(
    "agent",
    { attributes: { ...genai, "gen_ai.operation.name": "invoke_agent" } },
    (root) => {
      const ids = [getRunId(root)];
      for (let call = 0; call < 3; call += 1) {
        const span = tracer.startSpan("chat", { attributes: genai });
        ids.push(getRunId(span));
        span.setAttribute("gen_ai.usage.output_tokens", call);
        span.end();
      }
      root.end();
      return ids.filter((id) => id !== undefined);
    },
  );
}

/** A model call that waits for the one around it, which goes on; the id of the inner one, which has ended. */
function nestedCall(): string[] {
  return tracer.startActiveSpan("outer", { attributes: genai }, (outer) => {
    const inner = tracer.startSpan("inner", { attributes: genai });
    const id = getRunId(inner);
    inner.end();
    setTimeout(() => outer.end(), 900);
    return id === undefined ? [] : [id];
  });
}

const began = performance.now();
for (let made = 0; made < Number(runs); ) {
  // A starved process falls behind its pace; it does not make up for it in a burst that no program makes.
  const due = Math.min(((performance.now() - began) / 1_000) * Number(perSecond), made + 20);
  const ids: string[] = [];
  for (; made < due; made += 4) ids.push(...work(), ...(made % 40 === 0 ? nestedCall() : []));
  if (ids.length > 0) tell({ type: "sent", ids });
  await new Promise((resolve) => setTimeout(resolve, 5));
}
await provider.shutdown();
process.disconnect?.();
