// The program under fault: sends runs through a delivery, paced, and tells its parent what it did.
import { createHash } from "node:crypto";
import { open as openFile } from "node:fs/promises";
import type { DeliveryOptions, DeliveryStats } from "../../src/delivery/index.js";
import { openDelivery } from "../../src/delivery/open.js";
import type { Run } from "../../src/wire/run.js";

/** What the parent asks for. */
export interface ChildOptions {
  delivery: DeliveryOptions;
  runs: number;
  perSecond: number;
  /** Every nth run is refused by the service; 0 for none. */
  badEvery?: number;
  /** Every nth run has this many bytes; 0 for none. */
  bigEvery?: number;
  bigBytes?: number;
  /** `roots`: each run its own trace; `flat`: one trace; `deep`: each run the child of the one before. */
  shape?: "roots" | "flat" | "deep";
  /** Bytes of filler in each run. */
  padding?: number;
  /** Prefix of the ids, so that several children make different runs. */
  seed: string;
  shutdownMillis: number;
  /** `shutdown` by itself, on the `signal`, or wait for the kill. */
  ending: "shutdown" | "exit_after_shutdown" | "signal" | "none";
  /** Flushes before it shuts down. */
  isFlushed?: boolean;
  /** Waits until nothing is left on disk before it shuts down. */
  waitForSpool?: boolean;
  /** Sets the clock back by an hour in the middle. */
  isClockSetBack?: boolean;
  /** Writing to a file beyond this many bytes fails with ENOSPC, where no small disk can be mounted. */
  diskBytes?: number;
}

export type ChildMessage =
  | { type: "sent"; ids: string[] }
  | { type: "halfway" }
  | { type: "all_sent" }
  | {
      type: "done";
      stats: DeliveryStats;
      peakBytes: number;
      longestBlockMillis: number;
    };

/** The id of the nth run of a seed, a v7. */
export function runId(seed: string, n: number): string {
  const hex = createHash("sha1").update(`${seed}/${n}`).digest("hex");
  const time = (Date.UTC(2026, 0, 2, 3, 4, 5) + n).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

/** What run n says in the end; the parent asks the service for exactly this. */
export function contentOf(n: number): { inputs: Record<string, unknown>; outputs: Record<string, unknown> } {
  return { inputs: { n, question: `why ${n}?` }, outputs: { n, answer: `because ${n}` } };
}

function segmentOf(seed: string, n: number): { id: string; segment: string; time: number } {
  const time = Date.UTC(2026, 0, 2, 3, 4, 5) + n;
  const id = runId(seed, n);
  return { id, time, segment: `${new Date(time).toISOString().replace(/[-:.]/g, "").slice(0, -1)}000Z${id}` };
}

function makeRun(options: ChildOptions, n: number, above: string): Run {
  const { id, segment, time } = segmentOf(options.seed, n);
  const order = above === "" ? segment : `${above}.${segment}`;
  const segments = order.split(".");
  const parent = segments.at(-2)?.slice(-36);
  const isBad = options.badEvery ? n % options.badEvery === options.badEvery - 1 : false;
  const isBig = options.bigEvery ? n % options.bigEvery === options.bigEvery - 1 : false;
  const { inputs, outputs } = contentOf(n);
  if (options.padding) inputs["padding"] = "p".repeat(options.padding);
  if (isBig) inputs["big"] = "b".repeat(options.bigBytes ?? 0);
  return {
    id,
    trace_id: (segments[0] ?? "").slice(-36),
    ...(parent ? { parent_run_id: parent } : {}),
    dotted_order: order,
    start_time: `${new Date(time).toISOString().slice(0, -1)}000Z`,
    end_time: `${new Date(time + 5).toISOString().slice(0, -1)}000Z`,
    name: isBad ? `bad ${n}` : `run ${n}`,
    run_type: "chain",
    session_name: "faults",
    inputs,
    outputs,
    extra: { metadata: { n } },
  };
}

async function main(options: ChildOptions): Promise<void> {
  if (options.diskBytes !== undefined) await limitDisk(options.diskBytes);
  const { delivery, spoolRead } = openDelivery(options.delivery);
  let peakBytes = 0;
  let longestBlockMillis = 0;
  let lastTick = performance.now();
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
    longestBlockMillis = Math.max(longestBlockMillis, performance.now() - lastTick - 20);
    lastTick = performance.now();
  }, 20);
  const tell = (message: ChildMessage) => process.send?.(message);

  async function end(): Promise<void> {
    await delivery.shutdown(options.shutdownMillis);
    clearInterval(watch);
    const message: ChildMessage = { type: "done", stats: delivery.stats(), peakBytes, longestBlockMillis };
    await new Promise<void>((resolve) =>
      process.send ? process.send(message, undefined, {}, () => resolve()) : resolve(),
    );
    if (options.ending === "exit_after_shutdown") process.exit(0);
    process.disconnect?.();
  }

  let isStopped = false;
  const signalled = new Promise<void>((resolve) => {
    if (options.ending !== "signal") return;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        isStopped = true;
        resolve();
      });
    }
  });

  const root = segmentOf(options.seed, 0).segment;
  let above = "";
  const ends: Run[] = [];
  const began = performance.now();
  for (let n = 0; n < options.runs && !isStopped; ) {
    const due = Math.min(options.runs, Math.ceil(((performance.now() - began) / 1_000) * options.perSecond) + 1);
    const ids: string[] = [];
    for (; n < due && !isStopped; n += 1) {
      const run = makeRun(options, n, options.shape === "deep" ? above : options.shape === "flat" && n > 0 ? root : "");
      above = run.dotted_order;
      if (n % 4 === 0) {
        // A long run: posted pending, ended while later ones come.
        const { end_time, outputs, ...pending } = run;
        delivery.send({ kind: "post", run: pending });
        ends.push(run);
      } else {
        delivery.send({ kind: "post", run });
        ids.push(run.id);
      }
      if (ends.length > 20) {
        const ended = ends.shift();
        if (ended) {
          delivery.send({ kind: "end", run: ended });
          ids.push(ended.id);
        }
      }
      if (n === options.runs >> 1) {
        tell({ type: "halfway" });
        if (options.isClockSetBack) setClockBack(3_600_000);
      }
    }
    tell({ type: "sent", ids });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const last: string[] = [];
  for (const run of ends) {
    delivery.send({ kind: "end", run });
    last.push(run.id);
  }
  tell({ type: "sent", ids: last });
  tell({ type: "all_sent" });
  if (options.waitForSpool) {
    await spoolRead();
    while ((delivery.stats().onDisk ?? 0) + delivery.stats().queued + delivery.stats().inFlight > 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  if (options.isFlushed) await delivery.flush(options.shutdownMillis);
  if (options.ending === "signal") await signalled.then(end);
  else if (options.ending === "shutdown" || options.ending === "exit_after_shutdown") await end();
  else if (options.ending === "none") setInterval(() => {}, 1_000);
}

function setClockBack(millis: number): void {
  const now = Date.now;
  Date.now = () => now() - millis;
}

/** Lets writes through file handles fail once the files have this many bytes together. */
async function limitDisk(maxBytes: number): Promise<void> {
  const probe = await openFile("/dev/null", "r");
  const prototype: { write: (...args: unknown[]) => Promise<unknown> } = Object.getPrototypeOf(probe);
  await probe.close();
  const write = prototype.write;
  let written = 0;
  prototype.write = function (this: unknown, ...args: unknown[]) {
    const length = typeof args[2] === "number" ? args[2] : 0;
    if (written + length > maxBytes) {
      return Promise.reject(Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }));
    }
    written += length;
    return Reflect.apply(write, this, args);
  };
}

const given = process.env["FAULTS_CHILD"];
if (given) await main(JSON.parse(given));
