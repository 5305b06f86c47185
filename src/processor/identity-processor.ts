// A span processor that only places spans, for an exporter behind it.
import { type Context, context as contextApi } from "@opentelemetry/api";
import { type LangSmithOptions, resolveOptions } from "../options/options.js";
import { createRuns, type Runs } from "./runs.js";
import type { RunsOwner } from "./runs-owner.js";
import type { SourceSpan } from "./source-span.js";

/**
 * Gives spans their places at their start, and exports nothing: stand it before the processor that feeds a
 * `LangSmithSpanExporter`, and the exporter's runs are exactly those of a `LangSmithSpanProcessor`, but for pending
 * posts. Its `spans`, `traces` and `projectName` count for the spans it has seen, not the exporter's.
 *
 * @throws LangSmithOptionError for an option that makes no sense
 * @example
 * ```ts
 * new NodeSDK({ spanProcessors: [new RunIdentityProcessor(), new BatchSpanProcessor(new LangSmithSpanExporter())] });
 * ```
 */
export class RunIdentityProcessor {
  readonly #runs: Runs;

  constructor(options: Pick<LangSmithOptions, "spans" | "traces" | "projectName"> = {}) {
    const owner: RunsOwner = {
      isOpen: (entry) => this.#runs.isOpen(entry),
      takeReference: (entry) => this.#runs.takeReference(entry),
      openTrace: (entry) => this.#runs.openTrace(entry),
      isUnsampled: (entry) => this.#runs.isUnsampled(entry),
      nameThread: (entry, thread) => this.#runs.nameThread(entry, thread),
      addLogRecord: (entry, record) => this.#runs.addLogRecord(entry, record),
      exportTo: (entry, span, to) => this.#runs.exportTo(entry, span, to),
      settle: () => this.#runs.flush(),
      endProcess: (millis) => this.#runs.endProcess(millis),
    };
    const resolved = resolveOptions(options);
    this.#runs = createRuns({
      owner,
      options: { ...resolved, pendingAfterMillis: Infinity },
      modelCallWaitMillis: resolved.pendingAfterMillis,
    });
  }

  onStart(span: SourceSpan, parentContext: Context = contextApi.active()): void {
    this.#runs.start(span, parentContext);
  }

  onEnd(span: SourceSpan): void {
    this.#runs.end(span);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    await this.#runs.close();
  }
}
