// Sends what is left when an error that nobody caught ends the process, and lets it end by that very error.
import { setTimeout as wait } from "node:timers/promises";

/** How long such a process may live on; milliseconds. What it does until then, it does after an error. */
const LONGEST_MILLIS = 5_000;

/**
 * Watches for the error that will end the process. Node ends it unless somebody listens for `uncaughtException`, and
 * others count these listeners: so ours comes only at that moment, when it is certain that there is no other. An
 * application with a listener of its own, or a domain's, decides itself. Returns what stops the watch.
 *
 * @param hasUnsent whether anything would be lost
 */
export function onUncaught(hasUnsent: () => boolean, close: () => Promise<void>): () => void {
  let ending: { readonly raiseNow: () => void } | undefined;

  const monitor = () => {
    if (ending) {
      // A second error while the first is being dealt with: no more waiting.
      process.once("uncaughtException", ending.raiseNow);
      return;
    }
    const isTaken = process.listenerCount("uncaughtException") > 0 || process.hasUncaughtExceptionCaptureCallback();
    if (isTaken || !hasUnsent()) return;
    process.once("uncaughtException", (error, origin) => {
      let isRaised = false;
      const raiseNow = () => {
        if (isRaised) return;
        isRaised = true;
        raise(error, origin);
      };
      ending = { raiseNow };
      void Promise.race([close(), wait(LONGEST_MILLIS)]).then(raiseNow, raiseNow);
    });
  };

  process.on("uncaughtExceptionMonitor", monitor);
  return () => {
    process.off("uncaughtExceptionMonitor", monitor);
  };
}

/** Throws the error as it came, with nobody there to hear of it twice. */
function raise(errorOfTheApplication: unknown, origin: NodeJS.UncaughtExceptionOrigin): void {
  process.removeAllListeners("uncaughtExceptionMonitor");
  if (origin === "unhandledRejection") {
    void Promise.reject(errorOfTheApplication);
    return;
  }
  setImmediate(() => {
    // Node prints this line above the error's own stack: the name is for whoever reads it there.
    throw errorOfTheApplication;
  });
}
