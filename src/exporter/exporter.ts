// The SpanExporter: for pipelines that take an exporter and nothing else.
import { diag } from "@opentelemetry/api";
import { addBridge, type Bridge, bridges, primaryBridge, type ReferencedRun, removeBridge } from "../bridges.js";
import { entriesById, RUN, type SpanEntry } from "../identity/node.js";
import { hasGenAiMarker, isGenAiScope } from "../mapping/index.js";
import type { MappableLogRecord } from "../mapping/span.js";
import { type LangSmithDestination, type LangSmithOptions, type ResolvedOptions, resolveOptions } from "../options.js";
import { within } from "../processor/deadline.js";
import { AUTHORING_SCOPE } from "../processor/placing.js";
import { createRuns, type Runs } from "../processor/runs.js";
import { isRunsOwner, type RunsOwner, type Taken } from "../processor/runs-owner.js";
import { createSink, type Sink, type SinkStats } from "../processor/sink.js";
import { type SourceSpan, scopeOf } from "../processor/source-span.js";
import type { Target } from "../processor/tracked.js";
import type { Run } from "../run.js";
import { type Assembly, createAssembly } from "./assembly.js";

/** Options of the exporter: the processor's, without those about pending runs, which an exporter cannot post. */
export type LangSmithExporterOptions = Omit<LangSmithOptions, "pendingAfterMillis" | "abandonedAfterMillis">;

/** What an exporter answers: code 0 for success, 1 for failure, as in `@opentelemetry/core`. */
export interface ExportResult {
  readonly code: 0 | 1;
  readonly error?: Error;
}

/** What `exporter.stats()` says. */
export interface ExporterStats extends SinkStats {
  /** Spans that wait for their local root, their bytes, and those let go before it came. */
  readonly heldSpans: number;
  readonly heldBytes: number;
  readonly releasedEarly: number;
  /** Local traces in which no span was GenAI, and those dropped at the bounds of what is held. */
  readonly droppedTraces: { readonly noGenAi: number; readonly bounds: number };
  readonly faults: number;
}

/**
 * Sends ended spans as LangSmith runs, for `NodeSDK({ traceExporter })`, `BatchSpanProcessor` and their like.
 *
 * Behind a {@link RunIdentityProcessor} or a `LangSmithSpanProcessor` it sends the runs that these have placed. Alone
 * it holds the spans of a local trace until its root has ended, and computes the places then. Prefer the processor
 * where one fits: an exporter posts no pending runs, and sees neither headers of `LangSmithPropagator` nor spans that
 * never end.
 *
 * @throws LangSmithOptionError at construction, for an option that makes no sense, by its name; never afterwards
 * @example
 * ```ts
 * new NodeSDK({ traceExporter: new LangSmithSpanExporter({ projectName: "weather" }) }).start();
 * ```
 */
export class LangSmithSpanExporter implements Bridge, RunsOwner {
  readonly isMarkedPrimary: boolean;
  readonly #options: ResolvedOptions;
  readonly #sink: Sink | undefined;
  readonly #runs: Runs | undefined;
  readonly #assembly: Assembly | undefined;
  readonly #owners = new Set<RunsOwner>();
  readonly #target: Target | undefined;
  #isPrimary: boolean | undefined;
  #shutdown: Promise<void> | undefined;

  constructor(options: LangSmithExporterOptions = {}) {
    this.#options = { ...resolveOptions(options), pendingAfterMillis: Number.POSITIVE_INFINITY };
    this.isMarkedPrimary = options.primary === true;
    this.#sink = createSink(this.#options);
    if (!this.#sink) return;
    const target: Target = { sink: this.#sink, isPrimary: () => this.#isPrimaryBridge() };
    const runs = createRuns({
      owner: this,
      options: this.#options,
      target,
      modelCallWaitMillis: 0,
      rememberedTraces: 1000,
    });
    this.#target = target;
    this.#runs = runs;
    this.#assembly = createAssembly({
      orphanAfterMillis: this.#options.orphanAfterMillis,
      maxTraces: this.#options.heldMaxTraces,
      maxBytes: this.#options.heldMaxBytes,
      isPlaced: (spanId) => entriesById(spanId).some((entry) => entry.owner === this),
      opensTrace: (span) => this.#opensTrace(span),
      start: runs.start,
      end: runs.end,
      now: () => performance.now(),
    });
    addBridge(this);
  }

  get projectName(): string {
    return this.#options.projectName;
  }

  get destination(): LangSmithDestination {
    return this.#options;
  }

  /** Answers at once: 0 when every span is queued or held (or is no run), 1 with the reason when one is not. */
  export(spans: readonly SourceSpan[], resultCallback: (result: ExportResult) => void): void {
    resultCallback(this.#take(spans));
  }

  #take(spans: readonly SourceSpan[]): ExportResult {
    if (this.#shutdown) return failed("LSB_ERR_SHUTDOWN: the exporter is shut down");
    if (!this.#assembly) {
      return this.#options.enabled
        ? failed("LSB_ERR_NO_KEY: LANGSMITH_API_KEY is not set; runs are not sent")
        : { code: 0 };
    }
    try {
      const alone: SourceSpan[] = [];
      let refused = 0;
      for (const span of spans) {
        const taken = this.#takePlaced(span);
        if (taken === undefined) alone.push(span);
        else if (taken === "refused") refused += 1;
      }
      this.#assembly.add(alone);
      return refused === 0
        ? { code: 0 }
        : failed(`LSB_ERR_REFUSED: ${refused} of ${spans.length} runs were refused; see stats().lost`);
    } catch (error) {
      diag.error("otel-langsmith: a batch was not taken", error);
      return { code: 1, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  /** A span that a processor has placed at its start; undefined where none has. */
  #takePlaced(span: SourceSpan): Taken | undefined {
    if (!this.#target) return undefined;
    const entries = (span as { [RUN]?: readonly SpanEntry[] })[RUN] ?? entriesById(span.spanContext().spanId);
    for (const entry of entries) {
      if (entry.owner === this || entry.owner instanceof LangSmithSpanExporter || !isRunsOwner(entry.owner)) continue;
      this.#owners.add(entry.owner);
      return entry.owner.exportTo(entry, span, this.#target);
    }
    return undefined;
  }

  /** Sends what is complete; spans that wait for their root go on waiting. */
  async forceFlush(): Promise<void> {
    if (this.#shutdown) return this.#shutdown;
    await within(this.#options.shutdownTimeoutMillis, async (left) => {
      await this.#settleAll();
      await this.#sink?.flush(left());
    });
  }

  /** Sends everything, under the nearest known ancestors where roots have not come, and stops. */
  shutdown(): Promise<void> {
    this.#shutdown ??= within(this.#options.shutdownTimeoutMillis, async (left) => {
      this.#assembly?.releaseAll();
      this.#assembly?.stop();
      await this.#settleAll();
      await this.#runs?.close();
      await this.#sink?.shutdown(left());
    }).finally(() => removeBridge(this));
    return this.#shutdown;
  }

  /** Counters and sizes of now. */
  stats(): ExporterStats {
    const sink = this.#sink?.stats() ?? { destinations: [], lost: {}, withheld: 0 };
    const held = this.#assembly?.stats() ?? { spans: 0, bytes: 0, releasedEarly: 0 };
    const runs = this.#runs?.stats();
    return {
      ...sink,
      heldSpans: held.spans,
      heldBytes: held.bytes,
      releasedEarly: held.releasedEarly,
      droppedTraces: runs?.droppedTraces ?? { noGenAi: 0, bounds: 0 },
      faults: runs?.faults ?? 0,
    };
  }

  exportTo(entry: SpanEntry, span: SourceSpan, to: Target): Taken {
    return this.#runs?.exportTo(entry, span, to) ?? "no run";
  }

  async settle(): Promise<void> {
    await this.#runs?.flush();
  }

  isOpen(entry: SpanEntry): boolean {
    return entry.owner === this ? (this.#runs?.isOpen(entry) ?? false) : entry.owner.isOpen(entry);
  }

  takeReference(entry: SpanEntry): ReferencedRun | undefined {
    return this.#runs?.takeReference(entry);
  }

  openTrace(entry: SpanEntry): void {
    this.#runs?.openTrace(entry);
  }

  isUnsampled(entry: SpanEntry): boolean {
    return this.#runs?.isUnsampled(entry) ?? false;
  }

  addLogRecord(entry: SpanEntry, record: MappableLogRecord): boolean {
    return this.#runs?.addLogRecord(entry, record) ?? false;
  }

  sendRun(kind: "post" | "end", run: Run): boolean {
    return this.#sink?.send(kind, run, undefined, this.#isPrimaryBridge()) ?? false;
  }

  async #settleAll(): Promise<void> {
    await Promise.all([...this.#owners].map((owner) => owner.settle()));
    await this.#runs?.flush();
  }

  #opensTrace(span: SourceSpan): boolean {
    if (this.#options.traces === "all") return true;
    const scope = scopeOf(span).name;
    return scope === AUTHORING_SCOPE || isGenAiScope(scope) || hasGenAiMarker(span.attributes);
  }

  // Fixed when the first run is sent: from then on ids are out in the world.
  #isPrimaryBridge(): boolean {
    this.#isPrimary ??= primaryBridge() === this || !bridges().includes(this);
    return this.#isPrimary;
  }
}

function failed(message: string): ExportResult {
  return { code: 1, error: new Error(message) };
}
