// `otel-langsmith doctor`: looks at everything between this machine and LangSmith, and says what to do.

import { DiagLogLevel, diag } from "@opentelemetry/api";
import type { Dispatcher } from "undici";
import { createRest } from "../client/rest.js";
import { readRun } from "../client/runs.js";
import { failureOf } from "../delivery/answers.js";
import type { DeliveryError } from "../delivery/errors.js";
import type { Delivery } from "../delivery/index.js";
import { openDelivery } from "../delivery/open.js";
import { openDispatcher } from "../delivery/options.js";
import { chooseEncoding, readLimits } from "../delivery/server-info.js";
import type { Environment } from "../options/environment.js";
import { langsmithVariable } from "../options/environment.js";
import { tracingVariable } from "../options/tracing.js";
import { request } from "../service/undici.js";
import { segmentOf } from "../wire/dotted-order.js";
import { uuid7 } from "../wire/ids.js";
import type { Run } from "../wire/run.js";
import { isoOf } from "../wire/time.js";
import { adviceOnDelivery, adviceOnStatus, reason, whatToDo } from "./advice.js";
import { type Destination, destinationOf } from "./destination.js";
import type { Output } from "./output.js";
import { lookAtProject, type Say } from "./project.js";

/** The project that the doctor's run goes to. */
const PROJECT = "otel-langsmith-doctor";

/** How far a clock may be off before the service's view of "now" suffers. */
const CLOCK_MILLIS = 60_000;

const WAITS_FOR_PEOPLE: ReadonlySet<string> = new Set(["unauthorized", "forbidden", "misconfigured"]);

/** Runs the command; resolves to its exit code: 0 when runs arrive, 1 when something stands in the way. */
export async function doctor(env: Environment, out: Output): Promise<number> {
  let isWell = true;
  const say = (state: "ok" | "note" | "bad", what: string, todo?: string) => {
    if (state === "bad") isWell = false;
    out.write(
      `${state === "ok" ? "ok  " : state === "note" ? "note" : "BAD "} ${what}\n${todo ? `     ${todo}\n` : ""}`,
    );
  };

  sayEnvironment(env, say);
  lookAtProject(env, say);
  const destination = destinationOf(env);
  if (typeof destination === "string") {
    say("bad", "destination", destination);
    return 1;
  }
  say(
    "ok",
    `destination ${destination.apiUrl}${destination.workspaceId ? `, workspace ${destination.workspaceId}` : ""}`,
  );
  const proxy = proxyOf(env, destination.apiUrl);
  if (proxy)
    say("ok", `proxy ${proxy} (from the environment; NO_PROXY ${env["no_proxy"] || env["NO_PROXY"] || "is not set"})`);
  // As the delivery's own: what goes through here goes through there.
  const { get: dispatcher, close } = openDispatcher({});
  try {
    if (!(await checkInfo(destination, dispatcher(), proxy, say))) return 1;
    if (await checkKey(destination, dispatcher(), proxy, say)) await checkRoundTrip(destination, dispatcher(), say);
  } finally {
    await close();
  }
  out.write(isWell ? "Runs arrive.\n" : "Something stands in the way.\n");
  return isWell ? 0 : 1;
}

function sayEnvironment(env: Environment, say: Say): void {
  say("ok", `Node ${process.version}, otel-langsmith on ${process.platform}`);
  const tracing = tracingVariable(env);
  if (tracing?.value === false) {
    say("bad", `${tracing.name} is ${tracing.text}`, "The bridge is switched off by it. Unset it, or set it to true.");
  }
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") {
    say("bad", "OTEL_SDK_DISABLED is true", "OpenTelemetry makes no spans then. Unset it.");
  }
  if (langsmithVariable(env, "API_KEY")?.match(/\s/)) {
    say("bad", "LANGSMITH_API_KEY has white space in it", "Set it again without.");
  }
}

/** The proxy that undici takes for such an address. */
function proxyOf(env: Environment, apiUrl: string): string | undefined {
  const plain = env["http_proxy"] || env["HTTP_PROXY"];
  const value = apiUrl.startsWith("https:") ? env["https_proxy"] || env["HTTPS_PROXY"] || plain : plain;
  if (!value) return undefined;
  try {
    // Without the password that may stand in it.
    return new URL(value).host;
  } catch {
    return "that cannot be read as an address";
  }
}

interface Reply {
  status: number;
  body: unknown;
  date: number;
  millis: number;
}

async function get(destination: Destination, path: string, dispatcher: Dispatcher): Promise<Reply> {
  const began = performance.now();
  const response = await request(`${destination.apiUrl}${path}`, {
    method: "GET",
    dispatcher,
    headers: {
      accept: "application/json",
      ...(destination.apiKey ? { "x-api-key": destination.apiKey } : {}),
      ...(destination.workspaceId ? { "x-tenant-id": destination.workspaceId } : {}),
    },
    signal: AbortSignal.timeout(15_000),
  });
  const text = await response.body.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const date = response.headers["date"];
  return {
    status: response.statusCode,
    body,
    date: Date.parse(typeof date === "string" ? date : ""),
    millis: performance.now() - began,
  };
}

async function checkInfo(
  destination: Destination,
  dispatcher: Dispatcher,
  proxy: string | undefined,
  say: Say,
): Promise<boolean> {
  let reply: Reply;
  try {
    reply = await get(destination, "/info", dispatcher);
  } catch (error) {
    say("bad", `no connection: ${reason(error)}`, whatToDo(reason(error), proxy));
    return false;
  }
  if (reply.status !== 200 || typeof reply.body !== "object" || reply.body === null) {
    say(
      "bad",
      `GET /info answered ${reply.status}, not as LangSmith does`,
      "Check LANGSMITH_ENDPOINT; of a self-hosted installation it ends in /api/v1.",
    );
    return false;
  }
  say("ok", `reached in ${Math.round(reply.millis)} ms`);
  const limits = readLimits(reply.body);
  say(
    "ok",
    `requests of up to ${limits.maxCount} operations and ${limits.maxBytes} bytes, ` +
      `${limits.isMultipartOff ? "as JSON" : "multipart"}, compressed with ${chooseEncoding("auto", limits) ?? "nothing"}`,
  );
  if (!Number.isNaN(reply.date)) {
    const off = Date.now() - reply.date;
    if (Math.abs(off) > CLOCK_MILLIS) {
      say(
        "bad",
        `this machine's clock is ${Math.round(Math.abs(off) / 1_000)} s ${off > 0 ? "ahead of" : "behind"} the service's`,
        "Runs will seem to have happened then, and traces across machines lose their order. Set the clock (NTP).",
      );
    } else say("ok", "clock");
  }
  return true;
}

async function checkKey(
  destination: Destination,
  dispatcher: Dispatcher,
  proxy: string | undefined,
  say: Say,
): Promise<boolean> {
  const reply = await get(destination, "/sessions?limit=1", dispatcher).catch((error: unknown) => {
    say("bad", `asking for the projects failed: ${reason(error)}`, whatToDo(reason(error), proxy));
  });
  if (!reply) return false;
  const { status, body } = reply;
  if (status >= 200 && status < 300) {
    say("ok", destination.apiKey ? "key and workspace are accepted" : "no key, and none is wanted");
    return true;
  }
  if (status === 401)
    say("bad", "the key is refused", "Set LANGSMITH_API_KEY to a key of this installation and region.");
  else if (status === 403) {
    say(
      "bad",
      "the key may not use this workspace",
      "A key of an organisation needs LANGSMITH_WORKSPACE_ID; a key of a workspace wants it unset or its own. EU keys want LANGSMITH_ENDPOINT=https://eu.api.smith.langchain.com.",
    );
  } else {
    const failure = failureOf({ status, headers: {}, text: JSON.stringify(body ?? "") });
    const advice = adviceOnStatus(status, failure?.isQuota ?? false);
    const what = failure?.message ?? `HTTP ${status}`;
    if (advice !== undefined) say("bad", `GET /sessions answered ${what}`, advice);
    else {
      say("note", `the key could not be checked: GET /sessions answered ${what}`);
      return true;
    }
  }
  return false;
}

async function checkRoundTrip(destination: Destination, dispatcher: Dispatcher, say: Say): Promise<void> {
  const run = newRun();
  const began = performance.now();
  const { apiUrl, apiKey, workspaceId } = destination;
  let loss = "";
  let refusal = "";
  const hear = (line: string) => {
    refusal ||= /\[LSB_WARN_COMPRESSION_OFF\] \S+ (.*)/.exec(line)?.[1] ?? "";
  };
  const logger = { error: hear, warn: hear, info: hear, debug: hear, verbose: hear };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const { delivery, lastFailure } = openDelivery({
    apiUrl,
    ...(apiKey ? { apiKey } : {}),
    ...(workspaceId ? { workspaceId } : {}),
    batchDelayMillis: 0,
    onError: ({ message }) => {
      loss = message;
    },
  });
  delivery.send({ kind: "post", run });
  await settled(delivery, () => lastFailure());
  const failure = lastFailure();
  await delivery.shutdown(0);
  diag.disable();
  if (refusal) say("note", refusal, 'It offers them in /info. Set compression: "none" to save a request, or mend it.');
  if (delivery.stats().sent === 0) {
    say("bad", `a run was not taken: ${failure?.message ?? loss}`, adviceOnDelivery(failure));
    return;
  }
  // Ingestion is asynchronous: the run may be readable only some seconds later.
  const rest = createRest({ apiUrl, apiKey, workspaceId, dispatcher, attempts: 1 });
  while (performance.now() - began < 20_000) {
    if (await readRun(rest, run.id, PROJECT).catch(() => undefined)) {
      say("ok", `a run went there and back in ${Math.round(performance.now() - began)} ms (project ${PROJECT})`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  say(
    "note",
    "a run was taken, but could not be read back within 20 s",
    "Look for it in the project otel-langsmith-doctor.",
  );
}

/** Resolves when the run was answered, or when waiting makes no sense: what a key or a limit refuses does not pass. */
async function settled(delivery: Delivery, lastFailure: () => DeliveryError | undefined): Promise<void> {
  const flushed = delivery.flush(15_000);
  let isOver = false;
  void flushed.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const failure = lastFailure();
    if (failure && (failure.isQuota || WAITS_FOR_PEOPLE.has(failure.kind))) return;
    await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
}

function newRun(): Run {
  const micros = Date.now() * 1000;
  const id = uuid7();
  const iso = isoOf(micros);
  return {
    id,
    trace_id: id,
    dotted_order: segmentOf(micros, id),
    start_time: iso,
    end_time: iso,
    name: "otel-langsmith doctor",
    run_type: "chain",
    session_name: PROJECT,
    // Long enough to be compressed, where runs are.
    inputs: { question: "does a run arrive?", padding: "as runs are, somewhat longer. ".repeat(100) },
    outputs: { answer: "yes" },
    extra: { metadata: {} },
  };
}
