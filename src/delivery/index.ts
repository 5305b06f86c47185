// Delivery: the queue and the chain of senders, put together for one destination.
import { setMaxListeners } from "node:events";
import { createBreaker } from "./breaker.js";
import { checkRun } from "./check.js";
import { createCompress } from "./compress.js";
import { createEncode } from "./encode.js";
import { createHttp, type HttpOptions, untraced } from "./http.js";
import type { Delivery, Operation } from "./operation.js";
import { type DeliveryOptions, openDispatcher, settle as settleOptions } from "./options.js";
import { createOutbox } from "./outbox.js";
import { createReporter } from "./reporter.js";
import { createRetry } from "./retry.js";
import { serializeRun } from "./serialize.js";
import { chooseEncoding, createServerInfo } from "./server-info.js";
import { createSplit } from "./split.js";
import { createTimers } from "./timers.js";

export type { Delivery, DeliveryStats, Loss, LossCause, Operation } from "./operation.js";
export type { DeliveryOptions, RetryPolicy, SpoolOptions } from "./options.js";
export { parseRunsEndpoints, type ReplicaOptions } from "./replicas.js";

/**
 * Opens a delivery to one destination. Nothing is sent, and no connection made, before the first run.
 *
 * @example
 * ```ts
 * const delivery = createDelivery({ apiUrl: "http://127.0.0.1:1984" });
 * delivery.send({ kind: "post", run });
 * await delivery.shutdown(5_000);
 * ```
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  const settings = settleOptions(options);
  const { now } = settings;
  const timers = createTimers();
  const reporter = createReporter(settings.destination, now, options.onError);
  const dispatcher = openDispatcher(options);
  let requests = 0;

  const outbox = createOutbox({ settings, timers, reporter, shelf: undefined });
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
    observe: () => {
      requests += 1;
    },
  };
  const info = createServerInfo(httpOptions);
  const warn = (code: string, message: string) => reporter.say("warn", code, message);
  const breaker = createBreaker(createHttp(httpOptions), { timers, now });
  const retry = createRetry(breaker, {
    ...settings.retry,
    timers,
    now,
    onRetry(error, delayMillis) {
      if (error.kind === "unauthorized") {
        reporter.warnOnce(
          "LSB_WARN_KEY_REFUSED",
          `LangSmith refused the key or the workspace (${error.message}). Runs are kept while they fit. ` +
            "Check LANGSMITH_API_KEY, LANGSMITH_ENDPOINT and LANGSMITH_WORKSPACE_ID, or run `npx otel-langsmith doctor`.",
        );
      } else if (error.isQuota) {
        reporter.warnOnce(
          "LSB_WARN_QUOTA",
          `LangSmith takes no more runs for now (${error.message}). Runs are kept while they fit.`,
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
  const encode = createEncode(compress, { isMultipartOff: () => info.limits.isMultipartOff, warn });
  const split = createSplit(encode, {
    timers,
    settle: outbox.settle,
    requeue: outbox.requeue,
    cut: () => false,
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

  function take(operation: Operation): boolean {
    const { run } = operation;
    try {
      const problem = checkRun(run);
      if (problem !== undefined) {
        reporter.lose("invalid", 1, `LangSmith would refuse it: ${problem}`, run.id);
        return false;
      }
      return outbox.take(operation, serializeRun(run));
    } catch (error) {
      reporter.lose("invalid", 1, `it cannot be read (${error instanceof Error ? error.message : typeof error})`);
      return false;
    }
  }

  return {
    send(operation) {
      const isTaken = untraced(() => take(operation));
      if (isTaken) untraced(awaitDrained);
      return isTaken;
    },
    flush: (timeoutMillis) => untraced(() => outbox.flush(timeoutMillis)),
    async shutdown(timeoutMillis) {
      await untraced(() => outbox.shutdown(timeoutMillis));
      await dispatcher.close();
    },
    stats: () => ({ ...outbox.counts(), requests, spooled: 0, lost: { ...reporter.lost } }),
  };
}
