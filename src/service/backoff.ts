// How long to wait before trying again: one formula for runs, for reads and for the command.

export interface Backoff {
  /** Ceiling of the first pause; it doubles from one to the next. Milliseconds. */
  readonly initialMillis: number;
  /** Highest ceiling; milliseconds. */
  readonly maxMillis: number;
}

/** So far after a time that the service named requests spread, so that they do not all come at that instant. */
const SPREAD_MILLIS = 1_000;

/**
 * The pause before another try, random between half of its ceiling and all of it; never earlier than the service asked.
 *
 * @param attempt how many pauses there were before
 * @param afterMillis what `Retry-After` said, where it was there
 */
export function backoffMillis(
  attempt: number,
  { initialMillis, maxMillis }: Backoff,
  { afterMillis, random = Math.random }: { afterMillis?: number | undefined; random?: () => number } = {},
): number {
  const ceiling = Math.min(maxMillis, initialMillis * 2 ** Math.min(attempt, 30));
  const pause = ceiling / 2 + (random() * ceiling) / 2;
  return afterMillis === undefined ? pause : afterMillis + Math.min(pause, SPREAD_MILLIS);
}
