// Counts what happens and says it: through `diag` at a bounded rate, and what a newcomer must see as a process warning.

import { diag } from "@opentelemetry/api";
import { isUnawaited } from "../unawaited.js";
import { callUser, isInUserCallback, kindOfThrown } from "../user-callbacks.js";
import { type WarningCode, warnOnce } from "../warnings.js";
import type { Loss, LossCause } from "./operation.js";

export interface Reporter {
  /** Says something through `diag`, at most once in ten seconds for each code, with how often it was held back. */
  say(level: "error" | "warn" | "info", code: string, message: string): void;
  /** A process warning with a stable code, once a process. */
  warnOnce(code: WarningCode, message: string): void;
  lose(cause: LossCause, runs: number, message: string, about?: Pick<Loss, "runId" | "answer">): void;
  /** Files that a run arrived without. */
  loseAttachments(attachments: number, message: string, runId: string): void;
  readonly lostAttachments: number;
  readonly lost: Partial<Record<LossCause, number>>;
}

const QUIET_MILLIS = 10_000;

export function createReporter(
  destination: string,
  now: () => number,
  onError: ((loss: Loss) => void) | undefined,
  onLost: (cause: LossCause, runs: number) => void = () => {},
  onAttachmentsLost: (attachments: number) => void = () => {},
): Reporter {
  const lastSaid = new Map<string, { at: number; held: number }>();
  const lost: Partial<Record<LossCause, number>> = {};
  let lostAttachments = 0;

  function tell(loss: Loss): void {
    if (!onError || isInUserCallback()) return;
    try {
      isUnawaited(callUser(() => onError(loss)));
    } catch (error) {
      say("warn", "LSB_WARN_ON_ERROR", `onError threw ${kindOfThrown(error)}`);
    }
  }

  function say(level: "error" | "warn" | "info", code: string, message: string): void {
    const last = lastSaid.get(code);
    if (last && now() - last.at < QUIET_MILLIS) {
      last.held += 1;
      return;
    }
    lastSaid.set(code, { at: now(), held: 0 });
    const more = last && last.held > 0 ? ` (and ${last.held} more like it)` : "";
    diag[level](`otel-langsmith [${code}] ${destination}: ${message}${more}`);
  }

  function warn(code: WarningCode, message: string): void {
    if (!warnOnce(code, `${message} (${destination})`)) say("warn", code, message);
  }

  function warnOfRefused(message: string): void {
    warnOnce(
      "LSB_WARN_REFUSED",
      `A run was refused and is lost, and so may be others like it: ${message}. All are counted in stats().lost; the option onError is told of each. (${destination})`,
    );
  }

  return {
    lost,
    say,
    warnOnce: warn,
    lose(cause, runs, message, about = {}) {
      lost[cause] = (lost[cause] ?? 0) + runs;
      onLost(cause, runs);
      if (cause === "refused" || cause === "invalid") warnOfRefused(message);
      say("error", `LSB_ERR_LOST_${cause.toUpperCase()}`, `${runs} run${runs === 1 ? "" : "s"} lost: ${message}`);
      tell({ cause, runs, message, ...about });
    },
    get lostAttachments() {
      return lostAttachments;
    },
    loseAttachments(attachments, message, runId) {
      lostAttachments += attachments;
      onAttachmentsLost(attachments);
      say("warn", "LSB_WARN_NO_ATTACHMENTS", `${counted(attachments, "attachment")} of run ${runId} lost: ${message}`);
      tell({ cause: "no_multipart", runs: 0, attachments, message, runId });
    },
  };
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** The last word of a delivery: how many went where, and what to do about those that did not arrive. */
export function sayEnd(reporter: Reporter, end: { sent: number; onDisk: number; dir: string | undefined }): void {
  const causes = Object.entries(reporter.lost);
  const lost = causes.reduce((sum, [, runs]) => sum + runs, 0);
  if (end.sent + end.onDisk + lost === 0) return;
  let message = `shut down: ${counted(end.sent, "operation")} sent, ${end.onDisk} in the spool, ${counted(lost, "run")} lost`;
  if (lost > 0) message += ` (${causes.map(([cause, runs]) => `${cause} ${runs}`).join(", ")})`;
  if (end.onDisk > 0) {
    message += `. The next process with this spool sends those in it, or: npx otel-langsmith replay ${end.dir}`;
  }
  if (reporter.lost.shutdown) {
    message += ". To keep what cannot be sent in time, raise shutdownTimeoutMillis or set the option spool";
  }
  if (lost + end.onDisk > 0) reporter.say("warn", "LSB_WARN_SHUTDOWN", message);
  else reporter.say("info", "LSB_INFO_SHUTDOWN", message);
}
