// `otel-langsmith doctor`: looks at everything between this machine and LangSmith, and says what to do.
import { addressForLog } from "../credentials.js";
import { chooseEncoding, readLimits } from "../delivery/server-info.js";
import type { Environment } from "../options/environment.js";
import { langsmithVariable } from "../options/environment.js";
import { tracingVariable, unreadVariables } from "../options/tracing.js";
import { type Answered, failureOf } from "../service/answers.js";
import { openDispatcher } from "../service/dispatcher.js";
import { toServiceError } from "../service/errors.js";
import { exchange, type Service } from "../service/exchange.js";
import { adviceOnKey, adviceOnStatus, CHECK_ADDRESS, whatToDo } from "./advice.js";
import { destinationOf } from "./destination.js";
import type { Output } from "./output.js";
import { lookAtProject, type Say } from "./project.js";
import { checkRoundTrip } from "./round-trip.js";

/** How far a clock may be off before the service's view of "now" suffers. */
const CLOCK_MILLIS = 60_000;

/** For one question. */
const TIMEOUT_MILLIS = 15_000;

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
    `destination ${addressForLog(destination.apiUrl)}${destination.workspaceId ? `, workspace ${destination.workspaceId}` : ""}`,
  );
  const proxy = proxyOf(env, destination.apiUrl);
  if (proxy)
    say("ok", `proxy ${proxy} (from the environment; NO_PROXY ${env["no_proxy"] || env["NO_PROXY"] || "is not set"})`);
  // As the delivery's own: what goes through here goes through there.
  const { get: dispatcher, close } = openDispatcher(undefined);
  const service: Service = { ...destination, dispatcher, requestTimeoutMillis: TIMEOUT_MILLIS };
  let isSeen = false;
  try {
    if (!(await checkInfo(service, proxy, say))) return 1;
    if (await checkKey(service, proxy, say)) {
      isSeen = await checkRoundTrip(destination, dispatcher(), say);
    }
  } finally {
    await close();
  }
  if (!isWell) out.write("Something stands in the way.\n");
  else out.write(isSeen ? "Runs arrive.\n" : "Runs are taken; whether they arrive was not seen.\n");
  return isWell ? 0 : 1;
}

function sayEnvironment(env: Environment, say: Say): void {
  say("ok", `Node ${process.version}, otel-langsmith on ${process.platform}`);
  const tracing = tracingVariable(env);
  if (tracing?.value === false) {
    say("bad", `${tracing.name} is ${tracing.text}`, "The bridge is switched off by it. Unset it, or set it to true.");
  }
  for (const name of unreadVariables(env)) {
    say("note", `${name} says neither true nor false`, "It counts as not set. Set it to one of them.");
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

interface Reply extends Answered {
  readonly body: unknown;
  readonly millis: number;
}

async function get(service: Service, path: string): Promise<Reply> {
  const began = performance.now();
  const answered = await exchange(service, { method: "GET", path, answer: "whole" });
  return { ...answered, body: jsonIn(answered.text), millis: performance.now() - began };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function checkInfo(service: Service, proxy: string | undefined, say: Say): Promise<boolean> {
  let reply: Reply;
  try {
    reply = await get(service, "/info");
  } catch (error) {
    const { message } = toServiceError(error);
    say("bad", `no connection: ${message}`, whatToDo(message, proxy));
    return false;
  }
  if (reply.status === 401 || reply.status === 403) {
    // LangSmith wants no key for it, a gateway in front of it may: the next call tells about the key.
    say("note", `GET /info answered ${reply.status}: something in front of the service wants a key for it`);
    return true;
  }
  if (reply.status !== 200 || !isInfo(reply.body)) {
    const advice = reply.status === 200 ? undefined : adviceOnStatus(reply.status, false);
    say("bad", `GET /info answered ${reply.status}, not as LangSmith does`, advice ?? CHECK_ADDRESS);
    return false;
  }
  say("ok", `reached in ${Math.round(reply.millis)} ms`);
  const limits = readLimits(reply.body);
  say(
    "ok",
    `requests of up to ${limits.maxCount} operations and ${limits.maxBytes} bytes, ` +
      `${limits.isMultipartOff ? "as JSON" : "multipart"}, compressed with ${chooseEncoding("auto", limits) ?? "nothing"}`,
  );
  const date = Date.parse(String(reply.headers["date"]));
  if (!Number.isNaN(date)) {
    const off = Date.now() - date;
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

/** Whether an answer is LangSmith's: any site answers 200, and many with JSON. */
function isInfo(body: unknown): boolean {
  const names = ["version", "batch_ingest_config", "instance_flags"];
  return typeof body === "object" && body !== null && names.some((name) => name in body);
}

/** Asks for something that the key is needed for: `/info` needs none. */
async function checkKey(service: Service, proxy: string | undefined, say: Say): Promise<boolean> {
  const reply = await get(service, "/sessions?limit=1").catch((error: unknown) => {
    const { message } = toServiceError(error);
    say("bad", `asking for the projects failed: ${message}`, whatToDo(message, proxy));
  });
  if (!reply) return false;
  const { status, body } = reply;
  const hasKey = service.apiKey !== undefined;
  if (status >= 200 && status < 300) {
    if (!Array.isArray(body)) {
      say("bad", `GET /sessions answered ${status}, but not with a list of projects`, CHECK_ADDRESS);
      return false;
    }
    say("ok", hasKey ? "key and workspace are accepted" : "no key, and none is wanted");
    return true;
  }
  if (status === 401 || status === 403) {
    const refused = status === 401 ? "the key is refused" : "the key is refused, or may not use this workspace";
    say(
      "bad",
      `${hasKey ? refused : "a key is wanted"}: GET /sessions answered ${status}`,
      adviceOnKey(status, hasKey),
    );
  } else {
    const failure = failureOf(reply);
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
