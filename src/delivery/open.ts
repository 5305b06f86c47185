// The queue and the chain of senders, put together for one destination.

import { setMaxListeners } from "node:events";
import type { Answered } from "../service/answers.js";
import { openDispatcher } from "../service/dispatcher.js";
import type { ServiceError } from "../service/errors.js";
import { type Exchange, exchange } from "../service/exchange.js";
import { destinationTag } from "../spool/owners.js";
import { Spool } from "../spool/spool.js";
import { kindOfThrown } from "../thrown.js";
import { untraced } from "../untraced.js";
import { createChain } from "./chain.js";
import { checkRun } from "./check.js";
import { createContinuations } from "./continuation.js";
import type { HttpOptions } from "./http.js";
import type { Item } from "./item.js";
import { createMetrics } from "./metrics.js";
import { Notices } from "./notices.js";
import type { Delivery, Operation } from "./operation.js";
import { type DeliveryOptions, settle as settleOptions } from "./options.js";
import { createOutbox } from "./outbox.js";
import { counted, createReporter, sayEnd } from "./reporter.js";
import { serializeRun } from "./serialize.js";
import { createTimers } from "./timers.js";

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
  lastFailure(): ServiceError | undefined;
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
  const dispatcher = openDispatcher(options.dispatcher);
  let requests = 0;
  const notices = new Notices(reporter, () => outbox.waitNoMore());

  const spool =
    settings.spool &&
    new Spool({
      options: settings.spool,
      tag: lanes ?? destinationTag(settings),
      timers,
      reporter,
      now,
    });
  const outbox = createOutbox({
    settings,
    timers,
    reporter,
    shelf: spool,
    lastFailure: () => notices.lastFailure,
    onSettled: (_, fate) => {
      if (fate.kind !== "sent" && fate.kind !== "repeated") return;
      notices.reached();
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
  const warn = (code: string, message: string) => reporter.say("warn", code, message);
  const chain = createChain({ settings, http: httpOptions, outbox, notices, reporter });
  outbox.connect(chain);

  spool?.start({
    send: outbox.sendParked,
    limits: outbox.batchLimits,
    parkAll: outbox.parkAll,
    concurrency: settings.maxConcurrentRequests,
  });

  let isAwaited = false;

  /** One promise for as long as there is something to wait for. */
  function awaitDrained(): void {
    if (!options.waitUntil || isAwaited) return;
    isAwaited = true;
    const drained = (async () => {
      const until = now() + settings.requestTimeoutMillis;
      // More may come meanwhile; what stands in the way for good is not waited for twice.
      while (outbox.isAwaited() && now() < until && (await outbox.flush(until - now())));
      isAwaited = false;
    })();
    try {
      options.waitUntil(drained);
    } catch (error) {
      warn("LSB_WARN_WAIT_UNTIL", `waitUntil threw ${kindOfThrown(error)}`);
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
    if (reporter.lost.shutdown) notices.unreached();
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
        reporter.lose("invalid", 1, `LangSmith would refuse it: ${problem}`, { runId: run.id });
        return false;
      }
      const placed = continuations.place(operation);
      if (placed.opening) outbox.take({ kind: "post", run: placed.opening }, serializeRun(placed.opening));
      return outbox.take(placed.operation, serializeRun(placed.operation.run));
    } catch (error) {
      reporter.lose("invalid", 1, `it cannot be read (${kindOfThrown(error)})`);
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
      ...(spool?.counts() ?? { spooled: 0, onDisk: 0, unreadableFiles: 0 }),
      lostAttachments: reporter.lostAttachments,
      lost: { ...reporter.lost },
    }),
    isOutOfReach: chain.isOutOfReach,
    heldBytes: () => outbox.heldBytes(),
  };

  return {
    delivery,
    spoolRead: async () => spool?.read(),
    sendParked: outbox.sendParked,
    hasSpool: spool !== undefined,
    exchange: (call) => exchange(httpOptions, call, outbox.stopSignal),
    lastFailure: () => notices.lastFailure,
  };
}
