// Measures the local server as its users meet it: over HTTP, in a process of its own, with 200,000 runs on disk.
//   npm run build --workspace local && npx tsx bench/local-server.ts [--runs 200000] [--keep]
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { answered, questionsOf } from "./local-server-questions.js";

const { values } = parseArgs({ options: { runs: { type: "string", default: "200000" }, keep: { type: "boolean" } } });
const TOTAL = Number(values.runs);
const BATCH = 100;
const BIG_TRACE = 5000;
const RUNS_A_TRACE = 10;
const CHUNK = 10_000;
const SAMPLES = 15;
const PROJECT = "bench";

let sequence = 0;

/** A UUID v7 whose order is the runs' own. */
function idOf(micros: number): string {
  sequence += 1;
  const time = Math.floor(micros / 1000)
    .toString(16)
    .padStart(12, "0");
  const tail = sequence.toString(16).padStart(15, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-8${tail.slice(3, 6)}-${tail.slice(3, 15)}`;
}

function iso(micros: number): string {
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, "0")}Z`;
}

const WORDS =
  "the model answers what people ask about weather books trains music cooking gardens history and sports".split(" ");
const text = (seed: number, length: number): string =>
  Array.from({ length }, (_, index) => WORDS[(seed * 31 + index * 7) % WORDS.length]).join(" ");

const TYPES = ["chain", "llm", "tool", "retriever"] as const;

/** One trace's runs, complete, parents first. */
function* traceOf(start: number, size: number, seed: number): Generator<Record<string, unknown>> {
  const rootId = idOf(start);
  const orderOf = (micros: number, id: string): string => `${iso(micros).replace(/[-:.]/g, "")}${id}`;
  const rootOrder = orderOf(start, rootId);
  for (let index = 0; index < size; index++) {
    const micros = start + index * 50;
    const id = index === 0 ? rootId : idOf(micros);
    const type = TYPES[index % TYPES.length] ?? "chain";
    const n = seed + index;
    const isModel = type === "llm";
    yield {
      id,
      trace_id: rootId,
      dotted_order: index === 0 ? rootOrder : `${rootOrder}.${orderOf(micros, id)}`,
      ...(index === 0 ? {} : { parent_run_id: rootId }),
      name: `${type}-${n % 50}`,
      run_type: type,
      start_time: iso(micros),
      end_time: iso(micros + ((n * 7919) % 8_000_000)),
      session_name: PROJECT,
      inputs: { messages: [{ role: "user", content: `${text(n, 40)} q${n}` }] },
      outputs: isModel
        ? {
            messages: [{ role: "assistant", content: `${text(n + 5, 60)}` }],
            usage_metadata: { input_tokens: 40, output_tokens: 60, total_tokens: 100 },
          }
        : { result: text(n + 9, 30) },
      ...(n % 40 === 0 ? { error: "Error: the tool broke\n    at call (tool.js:1:1)" } : {}),
      tags: [n % 100 === 0 ? "experimental" : "prod"],
      extra: {
        metadata: {
          environment: n % 2 === 0 ? "production" : "staging",
          user_id: `u-${n % 1000}`,
          thread_id: `t-${Math.floor(seed / 50)}`,
          ls_model_name: "gpt-bench",
        },
        runtime: { sdk: "otel-langsmith", platform: "linux", runtime: "node" },
      },
    };
  }
}

const FIELDS = ["inputs", "outputs", "error", "extra"];

/** A request body as the bridge and the SDK send it. */
function bodyOf(runs: readonly Record<string, unknown>[], boundary: string): Buffer {
  const parts: string[] = [];
  const add = (name: string, value: unknown): void => {
    const json = JSON.stringify(value);
    const length = Buffer.byteLength(json);
    parts.push(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\nContent-Type: application/json; length=${length}\r\n\r\n${json}\r\n`,
    );
  };
  for (const run of runs) {
    add(`post.${String(run["id"])}`, Object.fromEntries(Object.entries(run).filter(([key]) => !FIELDS.includes(key))));
    for (const field of FIELDS) if (run[field] !== undefined) add(`post.${String(run["id"])}.${field}`, run[field]);
  }
  return Buffer.from(`${parts.join("")}--${boundary}--\r\n`);
}

async function serverOn(directory: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ["local/dist/cli.js", "serve", "--port", "0", "--data", directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout.once("data", (line) => {
      const [found] = /http:\/\/[\d.:]+/.exec(String(line)) ?? [];
      if (found) resolve(found);
      else reject(new Error(String(line)));
    });
  });
  return { child, url };
}

/** Seconds of processor time that a process has used, where the system tells (Linux): a busy machine changes it least. */
function cpuSeconds(pid: number | undefined): number | undefined {
  const path = `/proc/${pid}/stat`;
  if (pid === undefined || !existsSync(path)) return undefined;
  const fields = readFileSync(path, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function cpuSince(pid: number | undefined, before: number | undefined, count: number, unit: "µs" | "ms"): string {
  const now = cpuSeconds(pid);
  if (now === undefined || before === undefined) return "";
  const each = ((now - before) / count) * (unit === "µs" ? 1e6 : 1e3);
  return `, ${each.toFixed(0)} ${unit} of processor time each`;
}

async function ingest(url: string): Promise<{ seconds: number; bigTrace: string }> {
  const boundary = "bench-boundary";
  let seconds = 0;
  let bigTrace = "";
  let pending: Record<string, unknown>[] = [];
  const bodies: Buffer[] = [];
  const send = async (): Promise<void> => {
    const started = performance.now();
    const take = async (): Promise<void> => {
      for (let body = bodies.shift(); body; body = bodies.shift()) {
        const headers = { "Content-Type": `multipart/form-data; boundary=${boundary}` };
        await answered(await fetch(`${url}/runs/multipart`, { method: "POST", headers, body }));
      }
    };
    await Promise.all([take(), take()]);
    seconds += (performance.now() - started) / 1000;
  };
  let made = 0;
  const start = (Date.now() - 3_600_000) * 1000;
  while (made < TOTAL) {
    const size = made === 0 ? Math.min(BIG_TRACE, TOTAL) : RUNS_A_TRACE;
    for (const run of traceOf(start + made * 1000, size, made)) {
      bigTrace ||= String(run["trace_id"]);
      pending.push(run);
      made += 1;
      if (pending.length < BATCH) continue;
      bodies.push(bodyOf(pending, boundary));
      pending = [];
      if (bodies.length * BATCH >= CHUNK) await send();
    }
  }
  if (pending.length > 0) bodies.push(bodyOf(pending, boundary));
  await send();
  return { seconds, bigTrace };
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "local-bench-"));
  const { child, url } = await serverOn(directory);
  try {
    const cpuBefore = cpuSeconds(child.pid);
    const { seconds, bigTrace } = await ingest(url);
    const cpuOfRun = cpuSince(child.pid, cpuBefore, TOTAL, "µs");
    const size = statSync(join(directory, "runs.db")).size;
    console.log(
      `ingestion: ${Math.round(TOTAL / seconds)} runs/s (${TOTAL} runs, ${(size / 1e6).toFixed(0)} MB on disk${cpuOfRun})`,
    );
    const sessions = await answered(await fetch(`${url}/sessions?name=${PROJECT}`));
    const project: unknown = Array.isArray(sessions) ? sessions[0]?.id : undefined;
    let slow = 0;
    for (const [name, ask] of questionsOf(url, project, bigTrace, BIG_TRACE)) {
      const times: number[] = [];
      let [count, slowest, isInPages] = [0, 0, false];
      const before = cpuSeconds(child.pid);
      for (let sample = 0; sample < SAMPLES; sample++) {
        const started = performance.now();
        const asked = await ask();
        const took = performance.now() - started;
        times.push(took);
        count = asked.runs;
        slowest = Math.max(slowest, asked.slowest ?? took);
        isInPages ||= asked.slowest !== undefined;
      }
      const first = times[0] ?? 0;
      times.sort((a, b) => a - b);
      const median = times[Math.floor(times.length / 2)] ?? 0;
      const worst = times.at(-1) ?? 0;
      if (slowest > 300) slow += 1;
      console.log(
        `${name.padEnd(34)} ${String(count).padStart(5)} runs  first ${first.toFixed(0)} ms, median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms${isInPages ? `, slowest request ${slowest.toFixed(0)} ms` : ""}${cpuSince(child.pid, before, SAMPLES, "ms")}`,
      );
    }
    console.log(
      slow === 0 ? "every query answered within 300 ms" : `${slow} queries had an answer that took longer than 300 ms`,
    );
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
    if (!values.keep) rmSync(directory, { recursive: true, force: true });
    else console.log(directory);
  }
}

await main();
