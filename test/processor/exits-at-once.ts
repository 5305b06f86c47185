// Ends spans, and the process in the same turn of the event loop, or a millisecond later.
import { trace } from "@opentelemetry/api";
import { SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { LangSmithSpanExporter, LangSmithSpanProcessor, RunIdentityProcessor } from "../../src/index.js";
import { traceable } from "../../src/traceable.js";

const [, , apiUrl = "", dir = "", mode = "failures", face = "processor", how = "exit"] = process.argv;
const options = {
  apiUrl,
  apiKey: "a-key",
  spool: { dir, mode: mode === "always" ? ("always" as const) : ("failures" as const) },
};

function processors() {
  if (face === "processor") return [new LangSmithSpanProcessor(options)];
  const behind = new SimpleSpanProcessor(new LangSmithSpanExporter(options));
  return face === "exporter" ? [behind] : [new RunIdentityProcessor(), behind];
}

const provider = new NodeTracerProvider({ spanProcessors: processors() });
provider.register();
const tracer = trace.getTracer("app");
const chat = { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "small" } };

function work(count: number): void {
  for (let i = 0; i < count; i += 1) tracer.startSpan("chat", chat).end();
}

work(97);
// One that waits for the model call around it, which never ends; and one of the authoring API.
tracer.startActiveSpan("outer", chat, () => tracer.startSpan("inner", chat).end());
await traceable(async () => "done", { name: "traced", run_type: "tool" })();
if (how === "in_handler") process.on("exit", () => work(1));
if (how === "throw") {
  setTimeout(() => {
    throw new Error("boom");
  }, 1);
} else if (how === "reject") void Promise.reject(new Error("boom"));
else process.exit(3);
