// The SpanExporter: for pipelines that take an exporter and nothing else.

import { diag } from "@opentelemetry/api";
import { type EntryOwner, entriesById, type SpanEntry } from "../identity/node.js";
import { type LangSmithOptions, type ResolvedOptions, resolveOptions } from "../options/options.js";
import { type Core, createCore, NO_SINK_STATS } from "../processor/bridge.js";
import { warnWhenBehind } from "../processor/doubled.js";
import { createGenAi, type GenAi } from "../processor/genai.js";
import { isRunsOwner, type RunsOwner, type Taken } from "../processor/runs-owner.js";
import type { SinkStats } from "../processor/sink.js";
import { type SourceSpan, scopeOf } from "../processor/source-span.js";
import { flushRegisteredProvider } from "../registered-provider.js";
import { RUN } from "../shared.js";
import { placeOfThrown } from "../thrown.js";
import { isInUserCallback } from "../user-callbacks.js";
import { type Assembly, createAssembly } from "./assembly.js";

/** Options of the exporter: the processor's, without those about pending runs, which an exporter cannot post. */
export type LangSmithExporterOptions = Omit<
  LangSmithOptions,
  "pendingAfterMillis" | "abandonedAfterMillis" | "orphanedAfterMillis"
>;

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
export class LangSmithSpanExporter {
  readonly #options: ResolvedOptions;
  readonly #genAi: GenAi;
  readonly #core: Core | undefined;
  readonly #assembly: Assembly | undefined;
  /** Processors whose spans came here. */
  readonly #owners = new Set<RunsOwner>();

  constructor(options: LangSmithExporterOptions = {}) {
    this.#options = { ...resolveOptions(options), pendingAfterMillis: Number.POSITIVE_INFINITY };
    this.#genAi = createGenAi(options.mapping?.vocabularies);
    const core = createCore(this.#options, {
      modelCallWaitMillis: 0,
      rememberedTraces: 1000,
      isExporter: true,
      face: this,
      beforeFlush: () => this.#settleOwners(),
      beforeShutdown: () => this.#releaseAll(),
      beforeExit: (millis) => {
        for (const owner of this.#owners) owner.endProcess?.(millis);
        this.#releaseAll();
      },
      // What a BatchSpanProcessor holds is known to it alone.
      beforeIdleFlush: flushRegisteredProvider,
    });
    if (!core) return;
    exporters.add(core);
    this.#core = core;
    this.#assembly = createAssembly({
      orphanAfterMillis: this.#options.orphanAfterMillis,
      maxTraces: this.#options.heldMaxTraces,
      maxBytes: this.#options.heldMaxBytes,
      isPlaced: (spanId) => entriesById(spanId).some((entry) => entry.owner === core && !core.runs.isDropped(entry)),
      isDropped: (spanId) => entriesById(spanId).some((entry) => core.runs.isDropped(entry)),
      opensTrace: (span) => this.#opensTrace(span),
      start: core.runs.start,
      end: core.runs.end,
      now: () => performance.now(),
    });
  }

  /** Answers at once: 0 when every span is queued or held (or is no run), 1 with the reason when one is not. */
  export(spans: readonly SourceSpan[], resultCallback: (result: ExportResult) => void): void {
    resultCallback(this.#take(spans));
  }

  #take(spans: readonly SourceSpan[]): ExportResult {
    if (this.#core?.isShutdown) return failed("LSB_ERR_SHUTDOWN: the exporter is shut down");
    if (isInUserCallback()) return { code: 0 };
    const core = this.#core;
    if (!core || !this.#assembly) {
      return this.#options.enabled
        ? failed("LSB_ERR_NO_KEY: LANGSMITH_API_KEY is not set; runs are not sent")
        : { code: 0 };
    }
    try {
      const alone: SourceSpan[] = [];
      let refused = 0;
      for (const span of spans) {
        const taken = this.#takePlaced(span, core);
        if (taken === undefined) alone.push(span);
        else if (taken === "refused") refused += 1;
      }
      const before = refusedBy(core);
      this.#assembly.add(alone);
      refused += refusedBy(core) - before;
      return refused === 0
        ? { code: 0 }
        : failed(`LSB_ERR_REFUSED: ${refused} of ${spans.length} runs were refused; see stats().lost`);
    } catch (error) {
      // The pipeline logs what it gets back: an error's text may quote a span.
      const what = `a batch was not taken (${placeOfThrown(error)})`;
      diag.error(`otel-langsmith: ${what}`);
      return failed(what);
    }
  }

  /** A span that a processor has placed at its start, or that came here before; undefined for any other. */
  #takePlaced(span: SourceSpan, core: Core): Taken | undefined {
    const entries = (span as { [RUN]?: readonly SpanEntry[] })[RUN] ?? entriesById(span.spanContext().spanId);
    for (const entry of entries) {
      if (exporters.has(entry.owner) || !isRunsOwner(entry.owner)) continue;
      this.#owners.add(entry.owner);
      warnWhenBehind(entry.owner, core);
      return entry.owner.exportTo(entry, span, core.target);
    }
    return entries.some(({ owner }) => owner === core) ? "queued" : undefined;
  }

  /** Sends what is complete; spans that wait for their root go on waiting. Settles as the processor's, never rejects. */
  async forceFlush(): Promise<void> {
    await this.#core?.forceFlush();
  }

  /** Sends everything, under the nearest known ancestors where roots have not come, and stops. Never rejects. */
  async shutdown(): Promise<void> {
    await this.#core?.shutdown();
  }

  /** Counters and sizes of now. */
  stats(): ExporterStats {
    const held = this.#assembly?.stats() ?? { spans: 0, bytes: 0, releasedEarly: 0 };
    const runs = this.#core?.runs.stats();
    return {
      ...(this.#core?.sinkStats() ?? NO_SINK_STATS),
      heldSpans: held.spans,
      heldBytes: held.bytes,
      releasedEarly: held.releasedEarly,
      droppedTraces: runs?.droppedTraces ?? { noGenAi: 0, bounds: 0 },
      faults: runs?.faults ?? 0,
    };
  }

  #releaseAll(): void {
    this.#assembly?.releaseAll();
    this.#assembly?.stop();
  }

  async #settleOwners(): Promise<void> {
    this.#assembly?.releaseRooted();
    await Promise.all([...this.#owners].map((owner) => owner.settle()));
  }

  #opensTrace(span: SourceSpan): boolean {
    if (this.#options.traces === "all") return true;
    return this.#genAi.isScope(scopeOf(span).name) || this.#genAi.isMarked(span.attributes);
  }
}

/** Cores of exporters: what one of them has placed, another places for itself. */
const exporters = new WeakSet<EntryOwner>();

function refusedBy(core: Core): number {
  return core.sinkStats().lost.queue_full ?? 0;
}

function failed(message: string): ExportResult {
  return { code: 1, error: new Error(message) };
}
