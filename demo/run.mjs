// `npm run demo`: the whole way, from two instrumented services to a trace in a browser, with one command and without
// an account or a network. Ends with exit code 0 when the trace is what it must be; `--serve` keeps the page up.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildIfStale } from "./build.mjs";
import { inSeconds, limitMillis, problemsOf, problemsOfTime } from "./check.mjs";
import { startService } from "./children.mjs";
import { startModelServer } from "./model-server.mjs";
import { printedTree } from "./print.mjs";
import { readRuns, treesOf } from "./trace.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = "demo";
const question = "Compare the weather in Paris and Berlin. Do I need an umbrella?";

const { values: flags } = parseArgs({ options: { serve: { type: "boolean" }, port: { type: "string" } } });

const interrupted = new AbortController();
for (const name of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(name, () => interrupted.abort(new Error(`Stopped by ${name}.`)));
}

/** What was started and must be stopped, the last first. @type {(() => unknown)[]} */
const undo = [];

try {
  process.exitCode = (await demo()) ? 0 : 1;
} catch (error) {
  const wasAsked = interrupted.signal.aborted;
  if (!(wasAsked && flags.serve)) console.error(`The demo failed. ${error instanceof Error ? error.message : error}`);
  process.exitCode = wasAsked ? 130 : 1;
} finally {
  for (const stop of undo.reverse()) await Promise.resolve(stop()).catch((error) => console.error(error.message));
}

async function demo() {
  if (await buildIfStale(root, { signal: interrupted.signal })) console.log("Built the packages.");
  const startedAt = performance.now();
  const { startLocalServer } = await import("otel-langsmith-local");
  const dataDir = await mkdtemp(join(tmpdir(), "otel-langsmith-demo-"));
  undo.push(() => rm(dataDir, { recursive: true, force: true }));
  const local = await startLocalServer({ dataDir, port: Number(flags.port ?? 0) });
  undo.push(() => local.close());
  const model = await startModelServer({ thinkMillis: 150, chunkMillis: 12 });
  undo.push(() => model.close());

  const env = { LANGSMITH_ENDPOINT: local.url, LANGSMITH_PROJECT: project, MODEL_URL: model.url };
  const weather = start("weather", env);
  const concierge = start("concierge", { ...env, WEATHER_URL: await within(weather.url) });
  const address = await within(concierge.url);

  console.log(`\n> ${question}`);
  await within(fetch(new URL("/health", address)).then((answer) => answer.arrayBuffer()));
  await within(askAloud(address));
  // A process that ends has sent its runs: stopping the services is the flush.
  await Promise.all([concierge.stop(), weather.stop()]);

  const runs = await readRuns(local.url, project);
  const tookMillis = performance.now() - startedAt;
  const problems = [...problemsOf(runs, model.usage), ...problemsOfTime(tookMillis)];
  console.log(
    `\n${treesOf(runs)
      .map((tree) => printedTree(tree, process.stdout.isTTY === true))
      .join("\n")}\n`,
  );
  console.log(`It took ${inSeconds(tookMillis)}.`);
  for (const problem of problems) console.error(`Wrong: ${problem}`);
  if (problems.length > 0) {
    for (const { name, output } of [concierge, weather]) console.error(`--- ${name} said:\n${output()}`);
    return false;
  }
  const page = `${local.url}/`;
  if (flags.serve) {
    console.log(`The trace's page: ${page}  (Ctrl-C ends it)`);
    await new Promise((_, reject) =>
      interrupted.signal.addEventListener("abort", () => reject(interrupted.signal.reason)),
    );
  }
  console.log(`The trace's page was ${page}; \`npm run demo -- --serve\` keeps it up.`);
  return true;
}

/** @param {string} name @param {Record<string, string>} env */
function start(name, env) {
  const child = startService(name, join(root, "demo", `${name}.mjs`), env, root);
  undo.push(child.stop);
  return child;
}

/** Asks the concierge and prints its answer as it streams in. @param {string} address */
async function askAloud(address) {
  const answer = await fetch(new URL("/ask", address), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ question }),
    signal: interrupted.signal,
  });
  if (!answer.ok || !answer.body) throw new Error(`The concierge answered ${answer.status}: ${await answer.text()}`);
  for await (const words of answer.body.pipeThrough(new TextDecoderStream())) process.stdout.write(words);
  process.stdout.write("\n");
}

/** Waits, but neither for ever nor after Ctrl-C. @template T @param {Promise<T>} promise @returns {Promise<T>} */
async function within(promise) {
  const done = new AbortController();
  const signal = AbortSignal.any([interrupted.signal, done.signal]);
  const late = pause(limitMillis, undefined, { signal }).then(
    () => Promise.reject(new Error(`Nothing happened for ${limitMillis / 1000} s.`)),
    () => Promise.reject(interrupted.signal.reason),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    done.abort();
  }
}
