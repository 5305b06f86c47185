// The doctor's own run: sent there, and read back.
import { DiagLogLevel, diag } from "@opentelemetry/api";
import type { Dispatcher } from "undici";
import { createRest, type Rest } from "../client/rest.js";
import { readRun } from "../client/runs.js";
import type { Delivery } from "../delivery/index.js";
import { openDelivery } from "../delivery/open.js";
import { LangSmithRequestError } from "../errors.js";
import type { ServiceError } from "../service/errors.js";
import { segmentOf } from "../wire/dotted-order.js";
import { uuid7 } from "../wire/ids.js";
import type { Run } from "../wire/run.js";
import { isoOf } from "../wire/time.js";
import { adviceOnDelivery, CHECK_ADDRESS } from "./advice.js";
import type { Destination } from "./destination.js";
import type { Say } from "./project.js";

/** The project that the doctor's run goes to. */
const PROJECT = "otel-langsmith-doctor";

const WAITS_FOR_PEOPLE: ReadonlySet<string> = new Set(["unauthorized", "forbidden", "misconfigured"]);

/** Sends a run and reads it back; whether it was seen there. */
export async function checkRoundTrip(destination: Destination, dispatcher: Dispatcher, say: Say): Promise<boolean> {
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
    return false;
  }
  // Ingestion is asynchronous: the run may be readable only some seconds later.
  const rest = createRest({ apiUrl, apiKey, workspaceId, dispatcher, attempts: 1 });
  while (performance.now() - began < 20_000) {
    const found = await isThere(rest, run.id);
    if (found === true) {
      say("ok", `a run went there and back in ${Math.round(performance.now() - began)} ms (project ${PROJECT})`);
      return true;
    }
    if (found === "another answer") {
      say("bad", "a run was taken, but GET /runs answered with something that is not the run", CHECK_ADDRESS);
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  say(
    "note",
    "a run was taken, but could not be read back within 20 s",
    "Look for it in the project otel-langsmith-doctor.",
  );
  return false;
}

/** Whether the run can be read back by now; what is answered with success, and is not the run, is no LangSmith's. */
async function isThere(rest: Rest, id: string): Promise<boolean | "another answer"> {
  try {
    return (await readRun(rest, id, PROJECT)).id === id || "another answer";
  } catch (error) {
    const isOther = error instanceof LangSmithRequestError && error.code === "LSB_ERR_REQUEST";
    return isOther && (error.status ?? 200) < 300 ? "another answer" : false;
  }
}

/** Resolves when the run was answered, or when waiting makes no sense: what a key or a limit refuses does not pass. */
async function settled(delivery: Delivery, lastFailure: () => ServiceError | undefined): Promise<void> {
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
