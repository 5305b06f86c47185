// The programs that consumers run: one body in both module systems, over the provider of the line they are on.
import type { Line } from "./consumer.js";

export type Format = "esm" | "cjs";

/** An agent over two model calls, with a provider of its own and the bridge's processor. */
export function processorProgram(format: Format, { provider }: Line): string {
  return program(
    format,
    {
      "@opentelemetry/api": ["context", "trace"],
      "@opentelemetry/context-async-hooks": ["AsyncLocalStorageContextManager"],
      [provider.module]: [provider.className],
      "otel-langsmith": ["LangSmithSpanProcessor"],
    },
    `
  const provider = new ${provider.className}({ spanProcessors: [new LangSmithSpanProcessor()] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  ${agent}
  await provider.shutdown();`,
  );
}

/** The same agent, its spans through a batch into the bridge's exporter. */
export function exporterProgram(format: Format, { provider }: Line): string {
  const exporter = "new LangSmithSpanExporter()";
  // The 3.x line takes the exporter among the options.
  const takes = provider.module === "@opentelemetry/sdk-trace" ? `{ exporter: ${exporter} }` : exporter;
  return program(
    format,
    {
      "@opentelemetry/api": ["context", "trace"],
      "@opentelemetry/context-async-hooks": ["AsyncLocalStorageContextManager"],
      [provider.module]: [provider.className, "BatchSpanProcessor"],
      "otel-langsmith": ["LangSmithSpanExporter"],
    },
    `
  const batch = new BatchSpanProcessor(${takes});
  const provider = new ${provider.className}({ spanProcessors: [batch] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  ${agent}
  await provider.shutdown();`,
  );
}

/** The same agent in a process that was started under \`otel-langsmith/register\`. */
export function registeredProgram(format: Format): string {
  return program(format, { "@opentelemetry/api": ["trace"] }, agent);
}

/** Native runs of the `langsmith` package under a span, and a span under them. */
export function nativeProgram(format: Format): string {
  return program(
    format,
    {
      "@opentelemetry/api": ["trace"],
      "otel-langsmith": ["register"],
      "otel-langsmith/langsmith": ["joinLangSmith"],
      langsmith: ["Client"],
      "langsmith/traceable": ["traceable"],
    },
    `
  const registration = register();
  joinLangSmith();
  const client = new Client();
  const tracer = trace.getTracer("consumer");
  const inner = () => tracer.startActiveSpan("span in native", async (span) => span.end());
  const native = traceable(inner, { name: "native", client });
  const asked = { "gen_ai.operation.name": "invoke_agent" };
  await tracer.startActiveSpan("agent", { attributes: asked }, async (span) => {
    await native();
    span.end();
  });
  await client.awaitPendingTraceBatches();
  await registration.shutdown();`,
  );
}

const agent = `
  const tracer = trace.getTracer("consumer", "1.0.0");
  await tracer.startActiveSpan("answer", async (root) => {
    await Promise.all(
      ["Paris", "Berlin"].map((city) =>
        tracer.startActiveSpan("chat " + city, { attributes: asked(city) }, async (span) => {
          await new Promise((resolve) => setImmediate(resolve));
          span.setAttributes(answered(city));
          span.end();
        }),
      ),
    );
    root.end();
  });
  function asked(city) {
    return {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4o-mini",
      "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [{ type: "text", content: city }] }]),
    };
  }
  function answered(city) {
    return {
      "gen_ai.usage.input_tokens": 25,
      "gen_ai.usage.output_tokens": 9,
      "gen_ai.output.messages": JSON.stringify([
        { role: "assistant", parts: [{ type: "text", content: city + " is fine." }], finish_reason: "stop" },
      ]),
    };
  }
`;

function program(format: Format, imports: Record<string, string[]>, body: string): string {
  const lines = Object.entries(imports).map(([module, names]) =>
    format === "esm"
      ? `import { ${names.join(", ")} } from "${module}";`
      : `const { ${names.join(", ")} } = require("${module}");`,
  );
  return `${lines.join("\n")}\nasync function main() {${body}}\nmain();\n`;
}
