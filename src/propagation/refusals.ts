// What was not believed of inbound headers: counted by cause, said once, at a bounded rate.
import { type MeterProvider, metrics } from "@opentelemetry/api";
import { type WarningCode, warnOnce } from "../warnings.js";

/**
 * Why a header, or a part of it, was ignored. `malformed`: it breaks a rule. `too_long`: longer or deeper than is
 * taken. `ahead`: its time is more than five minutes in the future. `project`: its trace lives in a project that is
 * neither ours nor listed. `metadata`, `tags`: that part of the baggage is malformed or too long. `carrier`: the
 * headers could not be read, or the `inbound.trace` function threw.
 */
export type RefusalCause = "malformed" | "too_long" | "ahead" | "project" | "metadata" | "tags" | "carrier";

export interface Refusals {
  count(cause: RefusalCause): void;
  /** Counters since start. */
  readonly counts: Readonly<Partial<Record<RefusalCause, number>>>;
}

export function createRefusals(meterProvider?: MeterProvider): Refusals {
  const counts: Partial<Record<RefusalCause, number>> = {};
  return {
    count(cause) {
      counts[cause] = (counts[cause] ?? 0) + 1;
      try {
        (meterProvider ?? metrics.getMeterProvider())
          .getMeter("otel-langsmith")
          .createCounter("otel_langsmith.inbound.refused", {
            unit: "{header}",
            description: "Inbound trace headers, or parts of them, that were ignored",
          })
          .add(1, { cause });
      } catch {
        // A broken meter must not cost the request.
      }
      const message = MESSAGES[cause];
      if (message) warnOnce(`LSB_WARN_INBOUND_${cause.toUpperCase()}` as WarningCode, message);
    },
    counts,
  };
}

// Nothing of a header's own text is said: it is a stranger's.
const MESSAGES: Partial<Record<RefusalCause, string>> = {
  malformed:
    "An inbound langsmith-trace header is malformed and was ignored; the spans root a trace of their own. Further ones are counted only.",
  too_long:
    "An inbound langsmith-trace header is longer than any that is taken (16 KiB) and was ignored; the spans root a trace of their own. Further ones are counted only.",
  ahead:
    "An inbound langsmith-trace header speaks of a run more than 5 minutes in the future and was ignored; the spans root a trace of their own. Check the clocks. Further ones are counted only.",
  metadata:
    "The langsmith-metadata, or the project, of an inbound baggage header is malformed or too long and was ignored. Further ones are counted only.",
  tags: "The langsmith-tags of an inbound baggage header are malformed or too long and were ignored. Further ones are counted only.",
  carrier:
    "Inbound headers could not be read, or the inbound.trace function threw; no trace was taken from them. Further ones are counted only.",
};

/** How many different projects are warned about: strangers could name any number. */
const MAX_PROJECTS_SAID = 20;
const said = new Set<string>();

/** Says once a project which line would accept it. */
export function sayProjectRefused(project: string): void {
  if (said.has(project) || said.size >= MAX_PROJECTS_SAID) return;
  said.add(project);
  // The name is a stranger's, and the line may be copied into a shell or a program: it stands in it only where it
  // cannot mean anything there.
  const isPlain = /^[\w. -]{1,100}$/.test(project);
  const name = isPlain
    ? JSON.stringify(project)
    : "with a name that is not shown, since it holds more than letters, digits, spaces, dots and dashes,";
  const remedy = isPlain
    ? `To take it: new LangSmithPropagator({ inbound: { project: [${name}] } }), or LANGSMITH_OTEL_INBOUND_PROJECTS='${project}'`
    : "To take it, list it in new LangSmithPropagator({ inbound: { project: […] } }).";
  warnOnce(
    "LSB_WARN_INBOUND_PROJECT",
    `An inbound trace lives in the project ${name}${isPlain ? "," : ""} which is neither this process's own nor listed, so it was not taken and the spans root a trace of their own. ${remedy}`,
    project,
  );
}

/** Forgets which projects were said: for tests. */
export function forgetRefusedProjects(): void {
  said.clear();
}
