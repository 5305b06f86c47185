// Work that must settle in time: what a flush or a shutdown promises its caller.

import { diag } from "@opentelemetry/api";
import { placeOfThrown } from "../thrown.js";

const MAX_TIMER_MILLIS = 2 ** 31 - 1;

/**
 * Does the work, or stops waiting for it when the time is over. Never rejects.
 *
 * @param work gets a function that says how many milliseconds are left
 */
export async function within(timeoutMillis: number, work: (left: () => number) => Promise<void>): Promise<void> {
  const until = performance.now() + timeoutMillis;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), Math.min(timeoutMillis, MAX_TIMER_MILLIS));
  });
  try {
    const outcome = await Promise.race([work(() => Math.max(0, until - performance.now())), timeout]);
    if (outcome === "late") {
      diag.warn(`otel-langsmith: not everything was sent within ${timeoutMillis} ms; see stats()`);
    }
  } catch (error) {
    diag.error(`otel-langsmith: flushing failed (${placeOfThrown(error)})`);
  } finally {
    clearTimeout(timer);
  }
}
