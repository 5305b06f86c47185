// What a span costs, start to end and to the socket: with no processor, with ours, with BatchSpanProcessor over OTLP.
// Run: npx esbuild bench/processor-cost.ts --bundle --platform=node --format=esm --packages=external \
//   --outfile=node_modules/.cache/bench.mjs && node --expose-gc node_modules/.cache/bench.mjs
// (tsx names every function at run time, which no user pays for). BENCH_ROUNDS, BENCH_GZIP=true.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { context, type Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BasicTracerProvider, BatchSpanProcessor, type SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { LangSmithSpanProcessor } from "../src/processor/index.js";

const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 9);
/** One trace: a root, and model calls under it. All of it fits into the queues, so that none drops a span. */
const TRACES = 100;
const CALLS = 10;
const SPANS = TRACES * (CALLS + 1);

const text = "the weather in Paris is mild and cloudy today, so leave the umbrella at home. ".repeat(12);
const asked = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o-mini",
  "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [{ type: "text", content: text }] }]),
};
const answered = {
  "gen_ai.usage.input_tokens": 118,
  "gen_ai.usage.output_tokens": 24,
  "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: text }] }]),
};

interface Sample {
  /** Microseconds of CPU a span in the application's own call, start to end. */
  readonly call: number;
  /** Microseconds of CPU a span, until everything was answered. */
  readonly whole: number;
}

interface Setup {
  readonly name: string;
  processors(): SpanProcessor[];
}

const sink = await startSink();
const { url } = sink;
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const setups: Setup[] = [
  { name: "no processor", processors: () => [] },
  {
    name: "BatchSpanProcessor, OTLP",
    processors: () => [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}/v1/traces` }), { maxQueueSize: SPANS * 2 }),
    ],
  },
  {
    name: "LangSmithSpanProcessor",
    processors: () => [new LangSmithSpanProcessor({ apiUrl: url, apiKey: "bench", projectName: "bench" })],
  },
];

// Setups take turns, so that what the machine does meanwhile falls on all of them alike; the first turns warm up.
const samples = new Map<string, Sample[]>(setups.map(({ name }) => [name, []]));
for (let round = -2; round < ROUNDS; round += 1) {
  for (const setup of setups) {
    const sample = await measure(setup);
    if (round >= 0) samples.get(setup.name)?.push(sample);
  }
}
sink.stop();
report();

async function measure(setup: Setup): Promise<Sample> {
  const provider = new BasicTracerProvider({ spanProcessors: setup.processors() });
  const tracer = provider.getTracer("bench");
  globalThis.gc?.();
  const from = process.cpuUsage();
  for (let index = 0; index < TRACES; index += 1) makeTrace(tracer);
  const call = cpuSince(from);
  await provider.forceFlush();
  const whole = cpuSince(from);
  await provider.shutdown();
  return { call, whole };
}

/** CPU time a span, not the clock's: other programs on the machine are not to be measured. */
function cpuSince(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / SPANS;
}

function makeTrace(tracer: Tracer): void {
  tracer.startActiveSpan("agent", (root) => {
    for (let index = 0; index < CALLS; index += 1) {
      tracer.startActiveSpan("chat gpt-4o-mini", { attributes: asked }, (span) => {
        span.setAttributes(answered);
        span.end();
      });
    }
    root.end();
  });
}

/** Takes whatever comes, as both services do, and reads it to its end: in a process of its own, whose CPU is not ours. */
async function startSink(): Promise<{ url: string; stop(): void }> {
  const info = {
    version: "bench",
    batch_ingest_config: { use_multipart_endpoint: true, size_limit: 100, size_limit_bytes: 20_971_520 },
    instance_flags: { gzip_body_enabled: process.env["BENCH_GZIP"] === "true" },
  };
  const program = `
    const server = require("node:http").createServer((request, response) => {
      request.resume().on("end", () => {
        if (request.url === "/info") response.setHeader("content-type", "application/json").end(process.argv[1]);
        else response.writeHead(request.url === "/v1/traces" ? 200 : 202).end();
      });
    });
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));
    process.stdin.resume().on("end", () => process.exit());`;
  const child = spawn(process.execPath, ["-e", program, JSON.stringify(info)], { stdio: ["pipe", "pipe", "inherit"] });
  const [port] = await once(child.stdout.setEncoding("utf8"), "data");
  return { url: `http://127.0.0.1:${Number(port)}`, stop: () => child.stdin.end() };
}

function report(): void {
  const of = (name: string, key: keyof Sample) => median((samples.get(name) ?? []).map((sample) => sample[key]));
  const [nothing, batch, ours] = setups.map(({ name }) => name);
  if (!nothing || !batch || !ours) return;
  console.log(`median of ${ROUNDS} rounds of ${SPANS} spans, microseconds of CPU a span`);
  for (const { name } of setups) {
    const [call, whole] = [of(name, "call"), of(name, "whole")];
    console.log(
      `${name.padEnd(26)} start to end ${call.toFixed(2).padStart(7)}   to the socket ${whole.toFixed(1).padStart(7)}`,
    );
  }
  for (const key of ["call", "whole"] as const) {
    const ratio = (other: string) => (of(ours, key) / of(other, key)).toFixed(2);
    const what = key === "call" ? "start to end" : "to the socket";
    console.log(`ratio, ${what}: ${ratio(nothing)} of no processor, ${ratio(batch)} of BatchSpanProcessor with OTLP`);
  }
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
