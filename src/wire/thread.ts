// A thread's key in a run's metadata: one order of the keys for everybody who reads them.

/**
 * The keys under which LangSmith looks for a run's thread; the first that is there names it. Source: the wire
 * reference, "What the run fields carry".
 */
export const THREAD_KEYS = ["session_id", "conversation_id", "thread_id"] as const;

/** What stands where a tool took a value out: Logfire's scrubbing (it knows `session`), Sentry's filter. */
const takenOut = /^\[(?:scrubbed due to|scrubbed|redacted|filtered)\b/i;

/** Whether a value was taken out by somebody's scrubbing: all of them are the same, and name nothing. */
export function isScrubbed(value: unknown): boolean {
  return typeof value === "string" && takenOut.test(value.slice(0, 32));
}

/** A value that names a thread: a text that is not blank, or a number. */
export function threadOfValue(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() === "" || isScrubbed(value) ? undefined : value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

/** The thread that metadata names, as LangSmith reads it; undefined where it names none. */
export function threadOf(metadata: Readonly<Record<string, unknown>> | undefined): string | undefined {
  if (metadata === undefined) return undefined;
  for (const key of THREAD_KEYS) {
    const thread = threadOfValue(metadata[key]);
    if (thread !== undefined) return thread;
  }
  return undefined;
}

/** The thread keys of metadata as they stand there, for a run that is to be in the same thread; undefined for none. */
export function threadKeysOf(metadata: unknown): Record<string, unknown> | undefined {
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const found: Record<string, unknown> = {};
  for (const key of THREAD_KEYS) {
    const value: unknown = Reflect.get(metadata, key);
    if (threadOfValue(value) !== undefined) found[key] = value;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}
