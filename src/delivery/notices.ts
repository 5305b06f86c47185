// What a delivery says of failures: each kind once, to whom it concerns, with what to do.
import type { ServiceError } from "../service/errors.js";
import type { Reporter } from "./reporter.js";

/** After how many failures, and no success, a service counts as never reached. */
const UNREACHED_AFTER = 3;

export class Notices {
  readonly #reporter: Reporter;
  readonly #waitNoMore: () => void;
  #failures = 0;
  #isReached = false;
  #last: ServiceError | undefined;

  /** @param waitNoMore what stands in the way does not pass by itself: whoever awaits a flush waits in vain */
  constructor(reporter: Reporter, waitNoMore: () => void) {
    this.#reporter = reporter;
    this.#waitNoMore = waitNoMore;
  }

  /** Why the last attempt failed; undefined since the last success. */
  get lastFailure(): ServiceError | undefined {
    return this.#last;
  }

  reached(): void {
    this.#last = undefined;
    this.#isReached = true;
  }

  failed(error: ServiceError, delayMillis: number): void {
    this.#last = error;
    this.#failures += 1;
    if (error.kind === "unauthorized" || error.kind === "misconfigured" || error.isQuota) this.#waitNoMore();
    // The wrong address does not pass by itself.
    if (this.#failures >= UNREACHED_AFTER || error.kind === "misconfigured") this.unreached();
    if (error.kind === "unauthorized") this.#keyRefused(error);
    else if (error.isQuota) {
      this.#reporter.warnOnce(
        "LSB_WARN_QUOTA",
        `LangSmith takes no more runs for now (${error.message}). Runs are kept while they fit. ` +
          "Raise the limit in LangSmith under Settings, Usage limits, or trace less: samplingRate, traces.",
      );
    } else {
      const when = `trying again in ${Math.round(delayMillis)} ms`;
      this.#reporter.say("warn", error.code, `${error.message}; ${when}`);
    }
  }

  /** 403 to one run after another, and nothing is taken: that is the key, or something that lets nothing pass. */
  forbidden(error: ServiceError): void {
    this.#last = error;
    this.#waitNoMore();
    this.#keyRefused(error);
  }

  #keyRefused(error: ServiceError): void {
    const inFront =
      error.kind === "forbidden" && !error.isOfService
        ? "The answer is not in LangSmith's words: a firewall or proxy in front of it may refuse the runs. "
        : "";
    this.#reporter.warnOnce(
      "LSB_WARN_KEY_REFUSED",
      `LangSmith refused the key or the workspace (${error.message}). Runs are kept while they fit. ${inFront}` +
        "Check LANGSMITH_API_KEY, LANGSMITH_ENDPOINT and LANGSMITH_WORKSPACE_ID, or run `npx otel-langsmith doctor`.",
    );
  }

  /** Once a process: an outage later on is for diag, a service that was never there is for whoever set it up. */
  unreached(): void {
    const kind = this.#last?.kind;
    if (this.#isReached || kind === "unauthorized" || kind === "forbidden" || kind === "throttled") return;
    const isWrong = kind === "misconfigured";
    this.#reporter.warnOnce(
      isWrong ? "LSB_WARN_WRONG_ENDPOINT" : "LSB_WARN_UNREACHED",
      `No run has reached LangSmith so far (${this.#last?.message ?? "it has not answered"}). Runs are kept while they fit and the process lives. ` +
        (isWrong
          ? "What answers there is not LangSmith's ingestion: check LANGSMITH_ENDPOINT (of a self-hosted installation it ends in /api/v1)"
          : "Check LANGSMITH_ENDPOINT and the network") +
        ", or run `npx otel-langsmith doctor`.",
    );
  }
}
