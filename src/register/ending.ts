// Sends what is left when the process ends, without changing how it would have ended.

/** What is done to what was registered when the process ends; neither rejects. */
export interface Ending {
  /** Sends what there is; the process may go on. */
  flush(): Promise<void>;
  /** Sends what there is, closes what is open, and stops. */
  close(): Promise<void>;
}

type Signal = "SIGTERM" | "SIGINT";
const SIGNALS: readonly Signal[] = ["SIGTERM", "SIGINT"];

/** Listens for the end of the process; returns what takes the listeners away again. */
export function onProcessEnd(ending: Ending, whenIdle: boolean): () => void {
  const undo = [...(whenIdle ? [onceIdle(ending)] : []), ...SIGNALS.map((signal) => onSignal(signal, ending))];
  return () => {
    for (const step of undo) step();
  };
}

/**
 * Node emits `beforeExit` whenever nothing is left to do, and goes on when a listener starts something. The first time
 * it waits a turn, since the application's own listeners may start more work; the second time it is the end, which takes
 * `shutdownTimeoutMillis` at most: a flush before it would double that where the service is away.
 */
function onceIdle(ending: Ending): () => void {
  const first = () => {
    process.once("beforeExit", second);
    // With nothing to wait for Node would not ask again: spans that are open stayed so.
    setImmediate(() => {});
  };
  const second = () => void ending.close();
  process.once("beforeExit", first);
  return () => {
    process.off("beforeExit", first);
    process.off("beforeExit", second);
  };
}

/**
 * A listener keeps a signal from ending the process. Where the application has one of its own it wants that, and the
 * exit is its own; where it has none, the signal is sent again once everything is sent and our listener is gone.
 */
function onSignal(signal: Signal, ending: Ending): () => void {
  let isClosing = false;
  const listener = () => {
    if (process.listenerCount(signal) - signalExitListeners() > 1) {
      void ending.flush();
    } else if (isClosing) {
      // A second Ctrl-C: whoever sends it does not want to wait for a flush.
      sendAgain();
    } else {
      isClosing = true;
      void ending.close().then(sendAgain);
    }
  };
  const sendAgain = () => {
    if (!process.listeners(signal).includes(listener)) return;
    process.off(signal, listener);
    process.kill(process.pid, signal);
  };
  // Before all others: a listener set with `once` is gone from the list as soon as it has run.
  process.prependListener(signal, listener);
  return () => process.off(signal, listener);
}

/**
 * The listeners of the package signal-exit (versions 2 and 3, and 4): each copy has one on every signal, counts them
 * where others can see it, and steps back as long as there is another listener. They are not the application's.
 */
function signalExitListeners(): number {
  const places: unknown[] = [
    Reflect.get(process, "__signal_exit_emitter__"),
    Reflect.get(globalThis, Symbol.for("signal-exit emitter")),
  ];
  return places.reduce<number>((sum, emitter) => sum + countOf(emitter), 0);
}

function countOf(emitter: unknown): number {
  if (typeof emitter !== "object" || emitter === null || !("count" in emitter)) return 0;
  return typeof emitter.count === "number" ? emitter.count : 0;
}
