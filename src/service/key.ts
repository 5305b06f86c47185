// The key that a request carries: as it was given, or asked for anew.
import { kindOfThrown } from "../thrown.js";
import { ServiceError } from "./errors.js";

/** A key, or a function for keys that rotate. */
export type ApiKey = string | (() => string | Promise<string>) | undefined;

/**
 * The key for one request, undefined where there is none. One out of a file ends in a line break, which no header may
 * hold.
 *
 * @throws ServiceError `unavailable`, where the function for it fails or the signal ends the wait for it
 */
export async function resolveKey(apiKey: ApiKey, signal: AbortSignal): Promise<string | undefined> {
  if (typeof apiKey !== "function") return apiKey?.trim() || undefined;
  const key: unknown = await within(askFor(apiKey), signal);
  return typeof key === "string" ? key.trim() || undefined : undefined;
}

async function askFor(apiKey: () => string | Promise<string>): Promise<unknown> {
  try {
    return await apiKey();
  } catch (thrown) {
    // Its message may say anything, the key included: only its name goes on.
    throw withoutKey(`apiKey() failed with ${kindOfThrown(thrown)}`);
  }
}

/** Rejects when the signal aborts, although the work itself cannot be stopped. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(withoutKey("apiKey() did not answer"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function withoutKey(message: string): ServiceError {
  return new ServiceError("unavailable", message, { reach: "never_written", isWithoutKey: true });
}
