// The queue and the chain of senders, put together for one destination.
import { setMaxListeners } from "node:events";
import { createBreaker } from "./breaker.js";
import { checkRun } from "./check.js";
import { createCompress } from "./compress.js";
import { createContinuations } from "./continuation.js";
import { createEncode } from "./encode.js";
import type { DeliveryError } from "./errors.js";
import { type Answered, createHttp, type Exchange, exchange, type HttpOptions, untraced } from "./http.js";
import type { Item } from "./item.js";
import { createMetrics } from "./metrics.js";
import type { Delivery, Operation } from "./operation.js";
import { type DeliveryOptions, openDispatcher, settle as settleOptions } from "./options.js";
import { createOutbox } from "./outbox.js";
import { counted, createReporter, sayEnd } from "./reporter.js";
import { createRetry } from "./retry.js";
import { serializeRun } from "./serialize.js";
import { chooseEncoding, createServerInfo } from "./server-info.js";
import { createSplit } from "./split.js";
import { destinationTag, newInstance } from "./spool/owners.js";
import { createSpool } from "./spool/spool.js";
import { createTimers } from "./timers.js";

/** After how many failures, and no success, a service counts as never reached. */
const UNREACHED_AFTER = 3;

/** A delivery and what only its neighbours in this room may use of it. */
export interface OpenDelivery {
  readonly delivery: Delivery;
  /** Resolves when the lanes that were found in the spool at start are known. */
  spoolRead(): Promise<void>;
  /** Items of another origin, through the same chain. Those that come to nothing stay unsettled. */
  sendParked(items: readonly Item[]): Promise<void>;
  readonly hasSpool: boolean;
  /** One request beside the chain, with the same key, by the same way. */
  exchange(call: Exchange): Promise<Answered>;
  /** Why the last attempt failed; undefined since the last success. */
  lastFailure(): DeliveryError | undefined;
}

/** As `createDelivery`. `lanes` restricts which lanes of the spool are taken over, by their destination's tag. */
export function openDelivery(options: DeliveryOptions, lanes?: string): OpenDelivery {
  const settings = settleOptions(options);
  const { now } = settings;
  const timers = createTimers();
  const metrics = createMetrics(
    options.meterProvider,
    { apiUrl: settings.apiUrl, capacityBytes: settings.queueMaxBytes },
    () => outbox.counts(),
  );
  const reporter = createReporter(settings.destination, now, options.onError, metrics.lost, metrics.attachmentsLost);
  const dispatcher = openDispatcher(options);
  let requests = 0;
  let failure: DeliveryError | undefined;
  let isReached = false;
  let failures = 0;

  const spool =
    settings.spool &&
    createSpool({
      options: settings.spool,
      instance: newInstance(lanes ?? destinationTag(settings)),
      timers,
      reporter,
      now,
    });
  const outbox = createOutbox({
    settings,
    timers,
    reporter,
    shelf: spool,
    lastFailure: () => failure,
    onSettled: (_, fate) => {
      if (fate.kind !== "sent" && fate.kind !== "repeated") return;
      failure = undefined;
      isReached = true;
      metrics.exported(1);
    },
  });
  setMaxListeners(0, outbox.stopSignal);
  const httpOptions: HttpOptions = {
    apiUrl: settings.apiUrl,
    apiKey: settings.apiKey,
    workspaceId: settings.workspaceId,
    headers: settings.headers,
    requestTimeoutMillis: settings.requestTimeoutMillis,
    dispatcher: dispatcher.get,
    timers,
    now,
    observe: (millis, status, failure) => {
      requests += 1;
      metrics.request(millis, status, failure);
    },
  };
  const info = createServerInfo(httpOptions);
  const warn = (code: string, message: string) => reporter.say("warn", code, message);

  /** Once a process: an outage later on is for diag, a service that was never there is for whoever set it up. */
  function sayUnreached(): void {
    if (isReached || failure?.kind === "unauthorized" || failure?.kind === "throttled") return;
    const isWrong = failure?.kind === "misconfigured";
    reporter.warnOnce(
      isWrong ? "LSB_WARN_WRONG_ENDPOINT" : "LSB_WARN_UNREACHED",
      `No run has reached LangSmith so far (${failure?.message ?? "it has not answered"}). Runs are kept while they fit and the process lives. ` +
        (isWrong
          ? "What answers there is not LangSmith's ingestion: check LANGSMITH_ENDPOINT (of a self-hosted installation it ends in /api/v1)"
          : "Check LANGSMITH_ENDPOINT and the network") +
        ", or run `npx otel-langsmith doctor`.",
    );
  }

  const breaker = createBreaker(createHttp(httpOptions), { timers, now });
  const retry = createRetry(breaker, {
    ...settings.retry,
    timers,
    now,
    onRetry(error, delayMillis) {
      failure = error;
      failures += 1;
      if (error.kind === "unauthorized" || error.kind === "misconfigured" || error.isQuota) outbox.waitNoMore();
      // The wrong address does not pass by itself.
      if (failures >= UNREACHED_AFTER || error.kind === "misconfigured") sayUnreached();
      if (error.kind === "unauthorized") {
        reporter.warnOnce(
          "LSB_WARN_KEY_REFUSED",
          `LangSmith refused the key or the workspace (${error.message}). Runs are kept while they fit. ` +
            "Check LANGSMITH_API_KEY, LANGSMITH_ENDPOINT and LANGSMITH_WORKSPACE_ID, or run `npx otel-langsmith doctor`.",
        );
      } else if (error.isQuota) {
        reporter.warnOnce(
          "LSB_WARN_QUOTA",
          `LangSmith takes no more runs for now (${error.message}). Runs are kept while they fit. ` +
            "Raise the limit in LangSmith under Settings, Usage limits, or trace less: samplingRate, traces.",
        );
      } else {
        warn(error.code, `${error.message}; trying again in ${Math.round(delayMillis)} ms`);
      }
    },
  });
  const compress = createCompress(retry, {
    encoding: () => chooseEncoding(settings.compression, info.limits),
    warn,
  });
  const encode = createEncode(compress, {
    isMultipartOff: () => info.limits.isMultipartOff,
    onFilesLost(items) {
      for (const { runId, parts } of items) {
        reporter.loseAttachments(parts.attachments.length, "the server has no /runs/multipart", runId);
      }
    },
  });
  const split = createSplit(encode, {
    timers,
    settle: outbox.settle,
    requeue: outbox.requeue,
    cut: outbox.cut,
    warn,
  });
  outbox.connect({
    send: split.send,
    hurry: () => {
      split.hurry?.();
      breaker.hurry?.();
    },
    conclude: split.conclude,
    ready: info.ready,
    limits: () => info.limits,
  });

  spool?.start({ send: outbox.sendParked, limits: outbox.batchLimits, parkAll: outbox.parkAll });

  let isAwaited = false;

  /** One promise for as long as there is something to wait for. */
  function awaitDrained(): void {
    if (!options.waitUntil || isAwaited) return;
    isAwaited = true;
    const drained = (async () => {
      const until = now() + settings.requestTimeoutMillis;
      while (outbox.counts().queued + outbox.counts().inFlight > 0 && now() < until) await outbox.flush(until - now());
      isAwaited = false;
    })();
    try {
      options.waitUntil(drained);
    } catch (error) {
      warn("LSB_WARN_WAIT_UNTIL", `waitUntil threw ${error instanceof Error ? error.name : typeof error}`);
    }
  }

  const continuations = createContinuations({
    onContinued: (traceId, chapter) =>
      warn(
        "LSB_WARN_CONTINUED",
        `trace ${traceId} is full; it goes on in continuation trace ${chapter}, which names it`,
      ),
  });
  let closing: Promise<void> | undefined;

  async function close(timeoutMillis: number): Promise<void> {
    await outbox.shutdown(timeoutMillis);
    if (reporter.lost.shutdown) sayUnreached();
    await spool?.close();
    await dispatcher.close();
    metrics.close();
    sayEnd(reporter, { sent: outbox.counts().sent, onDisk: spool?.counts().onDisk ?? 0, dir: settings.spool?.dir });
  }

  async function flush(timeoutMillis: number): Promise<void> {
    const until = now() + timeoutMillis;
    await outbox.flush(timeoutMillis);
    const { queued, inFlight, queuedBytes } = outbox.counts();
    if (closing || queued + inFlight === 0 || now() < until) return;
    warn(
      "LSB_WARN_FLUSH_TIMEOUT",
      `a flush ended after ${Math.round(timeoutMillis)} ms: ${counted(queued, "operation")} (${queuedBytes} bytes with those under way) ` +
        `wait in the queue, ${inFlight} are under way. They are sent later; to wait longer raise shutdownTimeoutMillis, ` +
        "and if this lasts, run `npx otel-langsmith doctor`",
    );
  }

  function take(operation: Operation): boolean {
    const { run } = operation;
    try {
      const problem = checkRun(run);
      if (problem !== undefined) {
        reporter.lose("invalid", 1, `LangSmith would refuse it: ${problem}`, run.id);
        return false;
      }
      const placed = continuations.place(operation);
      if (placed.opening) outbox.take({ kind: "post", run: placed.opening }, serializeRun(placed.opening));
      return outbox.take(placed.operation, serializeRun(placed.operation.run));
    } catch (error) {
      reporter.lose("invalid", 1, `it cannot be read (${error instanceof Error ? error.message : typeof error})`);
      return false;
    }
  }

  const delivery: Delivery = {
    send(operation) {
      const isTaken = untraced(() => take(operation));
      if (isTaken) untraced(awaitDrained);
      return isTaken;
    },
    flush: (timeoutMillis) => untraced(() => flush(timeoutMillis)),
    shutdown(timeoutMillis) {
      closing ??= untraced(() => close(timeoutMillis));
      return closing;
    },
    stats: () => ({
      ...outbox.counts(),
      requests,
      ...(spool?.counts() ?? { spooled: 0, onDisk: 0 }),
      lostAttachments: reporter.lostAttachments,
      lost: { ...reporter.lost },
    }),
    isOutOfReach: (millis) => breaker.isOpenFor(millis),
  };

  return {
    delivery,
    spoolRead: async () => spool?.read(),
    sendParked: outbox.sendParked,
    hasSpool: spool !== undefined,
    exchange: (call) => exchange(httpOptions, call, outbox.stopSignal),
    lastFailure: () => failure,
  };
}
