// The SpanProcessor: where identity, mapping, privacy and delivery meet.
import { type Context, context as contextApi } from "@opentelemetry/api";
import { addBridge, type Bridge, bridges, primaryBridge, type ReferencedRun, removeBridge } from "../bridges.js";
import type { SpanEntry } from "../identity/node.js";
import type { MappableLogRecord } from "../mapping/span.js";
import { type LangSmithDestination, type LangSmithOptions, type ResolvedOptions, resolveOptions } from "../options.js";
import type { Run } from "../run.js";
import { within } from "./deadline.js";
import { createRuns, type Runs } from "./runs.js";
import type { RunsOwner, Taken } from "./runs-owner.js";
import { createSink, type Sink, type SinkStats } from "./sink.js";
import type { SourceSpan } from "./source-span.js";
import type { Target } from "./tracked.js";

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
  /** Exceptions inside the bridge, each of which cost one span. */
  readonly faults: number;
}

/**
 * Turns OpenTelemetry spans into LangSmith runs as they start and end.
 *
 * Every option has its default and its environment variable in {@link LangSmithOptions}. Without a key (and a host
 * that is not this machine), and with `LANGSMITH_TRACING=false`, it does nothing and says so once.
 *
 * @throws LangSmithOptionError at construction, for an option that makes no sense, by its name; never afterwards
 * @example
 * ```ts
 * const sdk = new NodeSDK({ spanProcessors: [new LangSmithSpanProcessor({ projectName: "weather" })] });
 * sdk.start();
 * ```
 */
export class LangSmithSpanProcessor implements Bridge, RunsOwner {
  readonly isMarkedPrimary: boolean;
  readonly #options: ResolvedOptions;
  readonly #sink: Sink | undefined;
  readonly #runs: Runs | undefined;
  #isPrimary: boolean | undefined;
  #shutdown: Promise<void> | undefined;

  constructor(options: LangSmithOptions = {}) {
    this.#options = resolveOptions(options);
    this.isMarkedPrimary = options.primary === true;
    this.#sink = createSink(this.#options);
    if (!this.#sink) return;
    this.#runs = createRuns({
      owner: this,
      options: this.#options,
      target: { sink: this.#sink, isPrimary: () => this.#isPrimaryBridge() },
    });
    addBridge(this);
  }

  get projectName(): string {
    return this.#options.projectName;
  }

  get destination(): LangSmithDestination {
    return this.#options;
  }

  onStart(span: SourceSpan, parentContext: Context = contextApi.active()): void {
    if (!this.#shutdown) this.#runs?.start(span, parentContext);
  }

  onEnd(span: SourceSpan): void {
    if (!this.#shutdown) this.#runs?.end(span);
  }

  /**
   * Sends what has ended, and pending posts, of traces that are open; held traces stay held. Settles within
   * `shutdownTimeoutMillis`, never rejects, and may be called at once and again.
   */
  async forceFlush(): Promise<void> {
    if (this.#shutdown) return this.#shutdown;
    await within(this.#options.shutdownTimeoutMillis, async (left) => {
      await this.#runs?.flush();
      await this.#sink?.flush(left());
    });
  }

  /** Closes what is open, sends what there is, and stops. Settles within `shutdownTimeoutMillis`, never rejects. */
  shutdown(): Promise<void> {
    this.#shutdown ??= within(this.#options.shutdownTimeoutMillis, async (left) => {
      await this.#runs?.close();
      await this.#sink?.shutdown(left());
    }).finally(() => removeBridge(this));
    return this.#shutdown;
  }

  /** Counters and sizes of now. */
  stats(): ProcessorStats {
    const sink = this.#sink?.stats() ?? { destinations: [], lost: {}, withheld: 0 };
    return { ...NOTHING, ...this.#runs?.stats(), ...sink };
  }

  exportTo(entry: SpanEntry, span: SourceSpan, to: Target): Taken {
    return this.#runs?.exportTo(entry, span, to) ?? "no run";
  }

  async settle(): Promise<void> {
    await this.#runs?.flush();
  }

  isOpen(entry: SpanEntry): boolean {
    return this.#runs?.isOpen(entry) ?? false;
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

  // Fixed when the first run is placed: from then on ids are out in the world.
  #isPrimaryBridge(): boolean {
    this.#isPrimary ??= primaryBridge() === this || !bridges().includes(this);
    return this.#isPrimary;
  }
}

const NOTHING = {
  open: 0,
  heldTraces: 0,
  heldBytes: 0,
  waiting: 0,
  droppedTraces: { noGenAi: 0, bounds: 0 },
  lateLogRecords: 0,
  faults: 0,
};
