// What the spool needs of whoever opens it: its options, a clock's timers, and somebody to report to.
import type { Loss } from "../options/loss.js";
import type { WarningCode } from "../warnings.js";

/** Runs on disk: what cannot be sent now is kept there. */
export interface SpoolOptions {
  /** The directory; made with mode 0700 when it is missing. Several processes may share it. */
  dir: string;
  /** Bound of this directory; beyond it the oldest goes, counted. Default 512 MiB. */
  maxBytes?: number;
  /**
   * `failures` (default) writes what could not be sent or held in memory. `always` writes every run before it is sent,
   * so that a killed process loses nothing that was written.
   */
  mode?: "failures" | "always";
}

/** Timers that may be ended from outside. */
export interface SpoolTimers {
  /** Resolves after `millis`, or at once when the signal aborts. */
  sleep(millis: number, signal: AbortSignal): Promise<void>;
  /** Calls back after `millis`; the returned function cancels. */
  after(millis: number, callback: () => void): () => void;
}

/** Counts and reports what happens to what is on disk. */
export interface SpoolReporter {
  say(level: "error" | "warn" | "info", code: string, message: string): void;
  warnOnce(code: WarningCode, message: string): void;
  lose(cause: "spool_full" | "unreadable", runs: number, message: string, about?: Pick<Loss, "runId">): void;
}
