// The way out: a whole run, through privacy and the user's last word, to every destination.

import { diag } from "@opentelemetry/api";
import { createDelivery, type Delivery, type DeliveryOptions, parseRunsEndpoints } from "../delivery/index.js";
import type { DeliveryStats, LossCause } from "../delivery/operation.js";
import { remapRun } from "../identity/replica-ids.js";
import type { MappableSpan } from "../mapping/span.js";
import { isLocalAddress, type ReplicaOptions, type ResolvedOptions, urlOf } from "../options/options.js";
import { hideByClients } from "../privacy/client-rules.js";
import { hide } from "../privacy/hide.js";
import { isUnawaited } from "../unawaited.js";
import { callUser, isInUserCallback, kindOfThrown } from "../user-callbacks.js";
import { warnOnce } from "../warnings.js";
import type { Run } from "../wire/run.js";
import { accepted } from "./accepted.js";

/** One destination and its queue. */
interface Destination {
  readonly delivery: Delivery;
  /** The project by which ids are remapped; undefined at the primary destination. */
  readonly replica: ReplicaOptions | undefined;
}

/** Where finished runs go in. */
export interface Sink {
  /**
   * Hands a run on; false when no destination took it.
   *
   * @param span what the run was made from, for `transformRun`; undefined for a run no span stands for
   * @param clients the clients that it was made with, which may hide more than the options do
   */
  send(
    kind: "post" | "end",
    run: Run,
    span: MappableSpan | undefined,
    isPrimary: boolean,
    clients?: readonly object[],
  ): boolean;
  flush(timeoutMillis: number): Promise<void>;
  shutdown(timeoutMillis: number): Promise<void>;
  stats(): SinkStats;
  /** Operations that are in memory alone. */
  unsent(): number;
  /** Whether no destination is known to answer within so many milliseconds. */
  isOutOfReach(millis: number): boolean;
  /** Bytes held in memory, where most are held. */
  heldBytes(): number;
  /** Bytes that are held before they come here count under the same bound. */
  alsoHolds(bytes: () => number): void;
  /** Runs that never came to delivery. */
  lose(cause: LossCause, runs: number, message: string): void;
}

export interface SinkStats {
  readonly destinations: readonly DeliveryStats[];
  /** Lost before delivery, and by it, by cause. */
  readonly lost: Readonly<Partial<Record<LossCause, number>>>;
  /** Runs that `transformRun` returned nothing for. */
  readonly withheld: number;
}

/**
 * Makes the destinations of resolved options, or undefined where nothing may be sent: switched off, or without a key
 * for a host that is not this machine (said once).
 */
export function createSink(options: ResolvedOptions): Sink | undefined {
  const before: (() => number)[] = [];
  const destinations = destinationsOf(options, () => before.reduce((sum, bytes) => sum + bytes(), 0));
  if (destinations.length === 0) return undefined;
  const lost: Partial<Record<LossCause, number>> = {};
  let withheld = 0;

  function lastWord(run: Run, span: MappableSpan | undefined): Run | undefined {
    const { transformRun } = options.given;
    if (!transformRun || !span) return run;
    try {
      const result: unknown = callUser(() => transformRun(structuredCopy(run), span));
      if (isUnawaited(result)) {
        // What it would have changed, or hidden, is not known: nothing is said rather than too much.
        warnOnce(
          "LSB_WARN_TRANSFORM",
          "transformRun answered with a promise, which cannot be waited for; its runs are not sent, and counted in stats().withheld. Let it answer at once.",
          "promise",
        );
        withheld += 1;
        return undefined;
      }
      if (typeof result === "object" && result !== null) return accepted(inPlace({ ...run, ...result }, run), run);
      withheld += 1;
      return undefined;
    } catch (error) {
      // What it was to hide is not known.
      warnOnce(
        "LSB_WARN_TRANSFORM",
        `transformRun threw (${kindOfThrown(error)}); such runs are not sent, and are counted in stats().withheld. Let it return the run, or nothing for a run that is to be left out.`,
        "threw",
      );
      withheld += 1;
      return undefined;
    }
  }

  return {
    send(kind, run, span, isPrimary, clients) {
      const hidden = hideByClients(accepted(run), clients, sayHidingFailed);
      const said = lastWord(hide(hidden, options, sayHidingFailed), span);
      if (!said) return false;
      let isTaken = false;
      for (const { delivery, replica } of destinations) {
        const isTakenHere = delivery.send({ kind, run: runFor(said, replica, isPrimary, options.projectName) });
        isTaken = isTaken || isTakenHere;
      }
      return isTaken;
    },
    async flush(timeoutMillis) {
      await Promise.all(destinations.map(({ delivery }) => delivery.flush(timeoutMillis)));
    },
    async shutdown(timeoutMillis) {
      await Promise.all(destinations.map(({ delivery }) => delivery.shutdown(timeoutMillis)));
    },
    stats() {
      const stats = destinations.map(({ delivery }) => delivery.stats());
      const sum: Partial<Record<LossCause, number>> = { ...lost };
      for (const { lost: by } of stats) {
        for (const [cause, count] of Object.entries(by) as [LossCause, number][])
          sum[cause] = (sum[cause] ?? 0) + count;
      }
      return { destinations: stats, lost: sum, withheld };
    },
    unsent() {
      if (options.spool) return 0;
      return destinations.reduce((sum, { delivery }) => sum + delivery.stats().queued + delivery.stats().inFlight, 0);
    },
    isOutOfReach: (millis) => destinations.every(({ delivery }) => delivery.isOutOfReach(millis)),
    heldBytes: () => destinations.reduce((most, { delivery }) => Math.max(most, delivery.heldBytes()), 0),
    alsoHolds: (bytes) => void before.push(bytes),
    lose(cause, runs, message) {
      lost[cause] = (lost[cause] ?? 0) + runs;
      const { onError } = options.given;
      if (!onError || isInUserCallback()) return;
      try {
        isUnawaited(callUser(() => onError({ cause, runs, message })));
      } catch (error) {
        diag.error(`otel-langsmith: onError threw (${kindOfThrown(error)})`);
      }
    },
  };
}

function runFor(run: Run, replica: ReplicaOptions | undefined, isPrimary: boolean, ownProject: string): Run {
  if (!replica) return isPrimary ? run : remapRun(run, run.session_name ?? ownProject);
  const project = replica.project ?? run.session_name ?? ownProject;
  const named: Run = { ...run, session_name: project };
  const placed = replica.primary && isPrimary ? named : remapRun(named, project);
  return replica.updates ? accepted(inPlace({ ...placed, ...replica.updates }, placed), placed) : placed;
}

/** What a user's hand may not change: a run's place would no longer be its span's. */
function inPlace(changed: Run, run: Run): Run {
  const { parent_run_id: _, ...rest } = changed;
  return {
    ...rest,
    id: run.id,
    trace_id: run.trace_id,
    dotted_order: run.dotted_order,
    start_time: run.start_time,
    ...(run.parent_run_id !== undefined && { parent_run_id: run.parent_run_id }),
  };
}

function destinationsOf(options: ResolvedOptions, alsoHeld: () => number): Destination[] {
  if (!options.enabled) return [];
  const replicas = options.given.replicas ?? parseRunsEndpoints(options.runsEndpoints, sayBadEndpoint);
  if (!replicas || replicas.length === 0) {
    const delivery = deliveryTo(options, alsoHeld, {
      apiUrl: options.apiUrl,
      apiKey: options.apiKey,
      workspaceId: options.workspaceId,
    });
    return delivery ? [{ delivery, replica: undefined }] : [];
  }
  const primary = Math.max(
    0,
    replicas.findIndex((replica) => replica.primary),
  );
  const destinations: Destination[] = [];
  for (const [at, replica] of replicas.entries()) {
    const apiUrl = urlOf(`replicas[${at}].apiUrl`, replica.apiUrl ?? options.apiUrl);
    // A key goes to the host it was given for, and to no other.
    const isOwnHost = new URL(apiUrl).host === new URL(options.apiUrl).host;
    const delivery = deliveryTo(
      options,
      alsoHeld,
      {
        apiUrl,
        apiKey: replica.apiKey ?? (isOwnHost ? options.apiKey : undefined),
        workspaceId: replica.workspaceId ?? (isOwnHost ? options.workspaceId : undefined),
      },
      replica.project ?? `replica ${at}`,
    );
    if (delivery) destinations.push({ delivery, replica: { ...replica, primary: at === primary } });
  }
  return destinations;
}

function deliveryTo(
  options: ResolvedOptions,
  alsoHeld: () => number,
  { apiUrl, apiKey, workspaceId }: Pick<ResolvedOptions, "apiUrl" | "apiKey" | "workspaceId">,
  // Tells replicas on one host apart, in log lines and on the spool.
  label?: string,
): Delivery | undefined {
  if (apiKey === undefined && !isLocalAddress(apiUrl)) {
    warnOnce(
      "LSB_WARN_NO_KEY",
      `LANGSMITH_API_KEY is not set; runs are not sent to ${new URL(apiUrl).host}. Set it, or start the local server with \`npx otel-langsmith-local\` and set LANGSMITH_ENDPOINT to the address it prints.`,
      apiUrl,
    );
    return undefined;
  }
  const { given } = options;
  const wanted: DeliveryOptions = {
    apiUrl,
    alsoHeld,
    destination: label === undefined ? new URL(apiUrl).host : `${new URL(apiUrl).host} (${label})`,
    ...(apiKey !== undefined && { apiKey }),
    ...(workspaceId !== undefined && { workspaceId }),
    ...(options.spool && { spool: options.spool }),
    ...(options.isCompressionOff && { compression: "none" as const }),
    ...pick(given, [
      "queue",
      "maxBatchCount",
      "maxBatchBytes",
      "batchDelayMillis",
      "maxConcurrentRequests",
      "requestTimeoutMillis",
      "retry",
      "compression",
      "dispatcher",
      "exportMode",
      "waitUntil",
      "onError",
      "meterProvider",
    ]),
  };
  return createDelivery(wanted);
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {};
  for (const key of keys) if (from[key] !== undefined) picked[key] = from[key];
  return picked;
}

function sayBadEndpoint(problem: string): void {
  warnOnce(
    "LSB_WARN_RUNS_ENDPOINTS",
    `LANGSMITH_RUNS_ENDPOINTS has an entry that is left out: ${problem}. It takes a JSON list of { api_url, api_key, project_name }, or an object of address to key.`,
    problem,
  );
}

function sayHidingFailed(option: string, error: unknown): void {
  warnOnce("LSB_WARN_HIDE", `${option} threw (${kindOfThrown(error)}); the field is left out of the run.`, option);
}

function structuredCopy(run: Run): Run {
  try {
    return structuredClone(run);
  } catch {
    return { ...run, extra: { ...run.extra, metadata: { ...run.extra.metadata } } };
  }
}
