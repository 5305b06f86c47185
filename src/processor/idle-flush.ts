// A flush when the event loop has run dry: a script that just ends would lose what is queued.
import { isMap, isObject, sharedPart } from "../shared.js";
import { warnOnce } from "../warnings.js";

/** How long such a flush may keep the process alive; milliseconds. */
export const IDLE_FLUSH_MILLIS = 5_000;

/** A bridge that is flushed when nothing is left to do. */
export interface IdleFlushed {
  /** Grows with everything that comes in: where it stands still since the last flush, another one is in vain. */
  activity(): number;
  /** Operations and runs that wait in memory, and would be lost with the process. */
  unsent(): number;
  /** Whether the service is known to be out of reach: nobody waits for it then. */
  isOutOfReach(): boolean;
  /** Makes runs of the spans that wait, and sends nothing: what is made is kept on disk where there is a spool. */
  settle(): Promise<void>;
  /** Settles within the time; never rejects. */
  flush(timeoutMillis: number): Promise<void>;
}

interface Registry {
  readonly members: Map<IdleFlushed, { flushedAt: number | undefined }>;
  listener: (() => void) | undefined;
}

/** One for both copies of the package: one listener a process. */
function registry(): Registry {
  return sharedPart<Registry>("idleFlush", () => ({ members: new Map(), listener: undefined }), isRegistry);
}

function isRegistry(part: unknown): part is Registry {
  return isObject(part) && isMap(Reflect.get(part, "members"));
}

/**
 * Flushes a bridge whenever Node emits `beforeExit`, until the returned function is called. The process does not live
 * longer than that flush takes, and it is not shut down: what the application does in its own `beforeExit` is traced.
 */
export function flushWhenIdle(member: IdleFlushed): () => void {
  const shared = registry();
  const { members } = shared;
  members.set(member, { flushedAt: undefined });
  if (!shared.listener) {
    shared.listener = flushAll;
    process.on("beforeExit", flushAll);
  }
  return () => {
    members.delete(member);
    if (members.size > 0 || !shared.listener) return;
    process.off("beforeExit", shared.listener);
    shared.listener = undefined;
  };
}

function flushAll(): void {
  for (const [member, state] of registry().members) {
    // Node asks again after every flush: the process ends when nothing new has come in.
    if (member.activity() === state.flushedAt) continue;
    state.flushedAt = member.activity();
    void flushOne(member, state);
  }
}

async function flushOne(member: IdleFlushed, state: { flushedAt: number | undefined }): Promise<void> {
  if (member.isOutOfReach()) await member.settle();
  else await member.flush(IDLE_FLUSH_MILLIS);
  // What an exporter got out of a batch came in by this flush, and was sent with it.
  state.flushedAt = member.activity();
  warnOfUnsent(member);
}

function warnOfUnsent(member: IdleFlushed): void {
  const unsent = member.unsent();
  if (unsent === 0) return;
  warnOnce(
    "LSB_WARN_UNSENT_AT_EXIT",
    `${unsent} ${unsent === 1 ? "run" : "runs"} could not be sent to LangSmith before the process had nothing left to do, and ` +
      "are lost when it ends. Check LANGSMITH_ENDPOINT and the network (`npx otel-langsmith doctor`), or set the option spool " +
      "(LANGSMITH_FAILED_TRACES_DIR), which keeps them on disk.",
  );
}
