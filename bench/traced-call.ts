// What one traced call costs here and with the langsmith package, in one run: `npx tsx bench/traced-call.ts [calls]`.
// Both send to a server on loopback that takes everything, in a process of its own. Ratios are to the bare call.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";

const CALLS = Number(process.argv[2] ?? 2_000);
const ROUNDS = 3;

type Work = (question: string) => Promise<unknown>;
type Wrap = (work: Work, config: { name: string; run_type?: string }) => Work;

if (process.send) await serve();
else await measure();

async function serve(): Promise<void> {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on("end", () => {
      response.writeHead(request.url === "/info" ? 200 : 202, { "content-type": "application/json" });
      response.end(
        request.url === "/info"
          ? '{"version":"bench","batch_ingest_config":{"use_multipart_endpoint":true,"size_limit":100,"size_limit_bytes":20971520},"instance_flags":{"gzip_body_enabled":true}}'
          : "{}",
      );
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  process.send?.(typeof address === "object" && address ? address.port : 0);
  process.on("message", () => process.send?.(bytes));
  process.on("disconnect", () => process.exit());
}

/** A request with a child, and inputs and outputs of a kilobyte, as a chat has them. */
function program(wrap: Wrap): () => Promise<unknown> {
  const text = "a question that has some length ".repeat(32);
  const call = wrap(async (question) => ({ role: "assistant", content: question }), { name: "call", run_type: "llm" });
  return wrap(async (question) => call(question), { name: "request" }).bind(undefined, text);
}

async function time(
  run: () => Promise<unknown>,
  settle: () => Promise<unknown>,
): Promise<{ call: number; sent: number }> {
  const start = performance.now();
  for (let at = 0; at < CALLS; at += 1) await run();
  const called = performance.now();
  await settle();
  const per = 1000 / (CALLS * 2);
  return { call: (called - start) * per, sent: (performance.now() - start) * per };
}

async function measure(): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), { execArgv: process.execArgv });
  const [port]: unknown[] = await once(child, "message");
  const url = `http://127.0.0.1:${port}`;
  Object.assign(process.env, { LANGSMITH_TRACING: "true", LANGSMITH_ENDPOINT: url, LANGSMITH_API_KEY: "not-a-key" });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

  const native = await import("langsmith/traceable");
  const { Client: NativeClient } = await import("langsmith");
  const { traceable } = await import("../src/authoring/index.js");
  const { LangSmithSpanProcessor } = await import("../src/processor/index.js");
  const nativeClient = new NativeClient();
  const traced = program((work, config) => traceable(work, config));
  process.removeAllListeners("warning");
  await time(traced, async () => {});
  const untraced = await time(traced, async () => {});
  const processor = new LangSmithSpanProcessor({ apiUrl: url, queue: { maxBytes: 1024 ** 3 } });
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));

  const variants: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
    ["bare function", program((work) => work), async () => {}],
    ["otel-langsmith", traced, () => processor.forceFlush()],
    [
      "langsmith",
      program((work, config) => native.traceable(work, { ...config, client: nativeClient })),
      () => nativeClient.awaitPendingTraceBatches(),
    ],
  ];
  const best = new Map<string, { call: number; sent: number }>();
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, run, settle] of variants) {
      const took = await time(run, settle);
      const known = best.get(name);
      // The first round warms up.
      if (round === 0) continue;
      best.set(name, {
        call: Math.min(took.call, known?.call ?? took.call),
        sent: Math.min(took.sent, known?.sent ?? took.sent),
      });
    }
  }
  const ours = best.get("otel-langsmith");
  console.log(`one traced call, microseconds (best of ${ROUNDS} rounds of ${CALLS * 2} calls), and what it is of ours`);
  for (const [name, { call, sent }] of best) {
    const ratio = (value: number, to: number | undefined) => (to ? `${(value / to).toFixed(2)}x` : "");
    console.log(
      `${name.padEnd(16)} in the caller ${call.toFixed(2).padStart(8)} ${ratio(call, ours?.call).padStart(7)}   until sent ${sent.toFixed(2).padStart(8)} ${ratio(sent, ours?.sent).padStart(7)}`,
    );
  }
  console.log(`with no processor running, a traceable costs ${untraced.call.toFixed(2)} microseconds a call`);
  const { lost } = processor.stats();
  if (Object.keys(lost).length > 0) console.log("lost by otel-langsmith:", lost);
  await processor.shutdown();
  child.disconnect();
}
