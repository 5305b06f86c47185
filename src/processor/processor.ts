// The SpanProcessor: where identity, mapping, privacy and delivery meet.
import { type Context, context as contextApi } from "@opentelemetry/api";
import { type LangSmithOptions, resolveOptions } from "../options/options.js";
import { type Core, createCore, NO_SINK_STATS } from "./bridge.js";
import type { SinkStats } from "./sink.js";
import type { SourceSpan } from "./source-span.js";

/** What `processor.stats()` says. */
export interface ProcessorStats extends SinkStats {
  /** Spans that are open now. */
  readonly open: number;
  /** Local traces that are held until a GenAI span shows itself, and their bytes. */
  readonly heldTraces: number;
  readonly heldBytes: number;
  /** Runs that wait to be mapped. */
  readonly waiting: number;
  /** Local traces in which no span was GenAI, and those dropped at the bounds of what is held. */
  readonly droppedTraces: { readonly noGenAi: number; readonly bounds: number };
  /** Log records that came after their span's run was sent. */
  readonly lateLogRecords: number;
  /** Spans that ended after their run had been sent as one that never would. */
  readonly lateEnds: number;
  /** Exceptions inside the bridge, each of which cost one span. */
  readonly faults: number;
}

/**
 * Turns OpenTelemetry spans into LangSmith runs as they start and end.
 *
 * Every option has its default and its environment variable in {@link LangSmithOptions}. Without a key (and a host
 * that is not this machine), and with `LANGSMITH_TRACING=false`, it does nothing; the former it says once.
 *
 * @throws LangSmithOptionError at construction, for an option that makes no sense, by its name; never afterwards
 * @example
 * ```ts
 * const sdk = new NodeSDK({ spanProcessors: [new LangSmithSpanProcessor({ projectName: "weather" })] });
 * sdk.start();
 * ```
 */
export class LangSmithSpanProcessor {
  readonly #core: Core | undefined;

  constructor(options: LangSmithOptions = {}) {
    this.#core = createCore(resolveOptions(options), { face: this });
  }

  onStart(span: SourceSpan, parentContext: Context = contextApi.active()): void {
    if (!this.#core?.isShutdown) this.#core?.runs.start(span, parentContext);
  }

  onEnd(span: SourceSpan): void {
    if (!this.#core?.isShutdown) this.#core?.runs.end(span);
  }

  /**
   * Sends what has ended, and pending posts, of traces that are open; held traces stay held. Settles within
   * `shutdownTimeoutMillis`, never rejects, and may be called at once and again.
   */
  async forceFlush(): Promise<void> {
    await this.#core?.forceFlush();
  }

  /** Closes what is open, sends what there is, and stops. Settles within `shutdownTimeoutMillis`, never rejects. */
  async shutdown(): Promise<void> {
    await this.#core?.shutdown();
  }

  /** Counters and sizes of now. */
  stats(): ProcessorStats {
    return { ...NOTHING, ...this.#core?.runs.stats(), ...(this.#core?.sinkStats() ?? NO_SINK_STATS) };
  }
}

const NOTHING = {
  open: 0,
  heldTraces: 0,
  heldBytes: 0,
  waiting: 0,
  droppedTraces: { noGenAi: 0, bounds: 0 },
  lateLogRecords: 0,
  lateEnds: 0,
  faults: 0,
};
