// Spans that come ended, children first, in any batches: held until the local root above them has come, then played
// in the order of their times, as a processor would have seen them.
import { type Context, ROOT_CONTEXT, type SpanContext, trace } from "@opentelemetry/api";
import { startContextOf } from "../identity/context.js";
import { estimateBytes, parentOf, type SourceSpan } from "../processor/source-span.js";
import { microsOf } from "../wire/time.js";

export interface AssemblyOptions {
  /** How long a span waits for its parent, and a trace without a GenAI span for one; milliseconds. */
  readonly orphanAfterMillis: number;
  readonly maxTraces: number;
  readonly maxBytes: number;
  /** Whether a span's place is known already, in a trace that was not dropped, so that children can hang under it. */
  isPlaced(spanId: string): boolean;
  /** Whether a span was placed in a trace that was dropped: what comes below it roots its own. */
  isDropped(spanId: string): boolean;
  /** Whether a trace is sent because of this span; of every span, where no trace is ever dropped. */
  opensTrace(span: SourceSpan): boolean;
  start(span: SourceSpan, context: Context): void;
  end(span: SourceSpan): void;
  readonly now: () => number;
}

export interface Assembly {
  /** Takes a batch; plays what is complete. */
  add(spans: readonly SourceSpan[]): void;
  /** Plays what has its local root, whatever else may yet come. */
  releaseRooted(): void;
  /** Plays everything, whatever it still waits for. */
  releaseAll(): void;
  stop(): void;
  stats(): { readonly spans: number; readonly bytes: number; readonly releasedEarly: number };
}

/** The spans of one OpenTelemetry trace that wait. */
interface Group {
  readonly traceId: string;
  readonly spans: Map<string, Held>;
  bytes: number;
}

interface Held {
  readonly span: SourceSpan;
  readonly parent: SpanContext | undefined;
  readonly bytes: number;
  readonly since: number;
  /** The order in which spans came. */
  readonly order: number;
}

export function createAssembly(options: AssemblyOptions): Assembly {
  const { now } = options;
  /** The oldest first. */
  const groups = new Map<string, Group>();
  let spans = 0;
  let bytes = 0;
  let releasedEarly = 0;
  let received = 0;
  let timer: NodeJS.Timeout | undefined;

  function hold(span: SourceSpan): Group {
    const { traceId, spanId } = span.spanContext();
    let group = groups.get(traceId);
    if (!group) {
      group = { traceId, spans: new Map(), bytes: 0 };
      groups.set(traceId, group);
    }
    const held: Held = { span, parent: parentOf(span), bytes: estimateBytes(span), since: now(), order: received++ };
    if (!group.spans.has(spanId)) {
      group.spans.set(spanId, held);
      spans += 1;
      group.bytes += held.bytes;
      bytes += held.bytes;
    }
    return group;
  }

  /** Each span of a group under the span it hangs from: a root, a placed parent, or the parent nobody has seen. */
  function componentsOf(group: Group): Component[] {
    const components = new Map<string, Component>();
    const topOf = new Map<string, string>();
    for (const spanId of group.spans.keys()) {
      const path: string[] = [];
      let at = spanId;
      for (;;) {
        const known = topOf.get(at);
        if (known !== undefined) {
          at = known;
          break;
        }
        path.push(at);
        const parent = group.spans.get(at)?.parent;
        // A parent that is its own descendant is broken input; it ends the search.
        if (!parent || parent.isRemote || !group.spans.has(parent.spanId) || path.includes(parent.spanId)) break;
        at = parent.spanId;
      }
      for (const passed of path) topOf.set(passed, at);
      const component = components.get(at) ?? { top: at, spanIds: [] };
      component.spanIds.push(spanId);
      components.set(at, component);
    }
    return [...components.values()];
  }

  /**
   * @param mayMoreCome whether a span that was open all the while may yet come and fill a gap
   */
  function isReady(group: Group, { top, spanIds }: Component, mayMoreCome: boolean): boolean {
    const parent = group.spans.get(top)?.parent;
    if (parent && !parent.isRemote) {
      if (options.isPlaced(parent.spanId)) return true;
      if (!options.isDropped(parent.spanId)) return false;
    }
    const known = spanIds.flatMap((spanId) => group.spans.get(spanId)?.span ?? []);
    return known.some(options.opensTrace) && (!mayMoreCome || !hasGap(known, options.opensTrace));
  }

  function release(group: Group, spanIds: readonly string[]): void {
    const batch: Held[] = [];
    for (const spanId of spanIds) {
      const held = group.spans.get(spanId);
      if (!held) continue;
      group.spans.delete(spanId);
      spans -= 1;
      group.bytes -= held.bytes;
      bytes -= held.bytes;
      batch.push(held);
    }
    if (group.spans.size === 0) groups.delete(group.traceId);
    play(batch, options);
  }

  function releaseReady(group: Group, mayMoreCome: boolean): void {
    for (const component of componentsOf(group)) {
      if (isReady(group, component, mayMoreCome)) release(group, component.spanIds);
    }
  }

  function releaseAged(): void {
    const before = now() - options.orphanAfterMillis;
    for (const group of [...groups.values()]) {
      for (const component of componentsOf(group)) {
        const isAged = component.spanIds.every((spanId) => (group.spans.get(spanId)?.since ?? 0) <= before);
        if (isAged) release(group, component.spanIds);
      }
    }
  }

  function enforce(): void {
    for (const group of groups.values()) {
      if (groups.size <= options.maxTraces && bytes <= options.maxBytes) return;
      releasedEarly += group.spans.size;
      release(group, [...group.spans.keys()]);
    }
  }

  function schedule(): void {
    if (timer !== undefined || groups.size === 0 || !Number.isFinite(options.orphanAfterMillis)) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        releaseAged();
        schedule();
      },
      Math.min(1000, Math.max(10, options.orphanAfterMillis / 4)),
    );
    timer.unref();
  }

  return {
    add(batch) {
      const touched = new Set<Group>();
      for (const span of batch) touched.add(hold(span));
      for (const group of touched) releaseReady(group, true);
      enforce();
      schedule();
    },
    releaseRooted() {
      for (const group of [...groups.values()]) releaseReady(group, false);
    },
    releaseAll() {
      for (const group of [...groups.values()]) release(group, [...group.spans.keys()]);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
    stats: () => ({ spans, bytes, releasedEarly }),
  };
}

/**
 * Whether at some moment before the first GenAI span started none of the spans was open: then the trace would have been
 * dropped there, unless a span that has not come yet was open. Times are taken at their word: starts are cut to whole
 * milliseconds, so of a last end and a start within the same one nobody can know which was first.
 */
function hasGap(spans: readonly SourceSpan[], opensTrace: (span: SourceSpan) => boolean): boolean {
  const times = spans.map((span) => ({ start: microsOf(span.startTime), end: microsOf(span.endTime), span }));
  times.sort((a, b) => a.start - b.start);
  let latest = times[0]?.end ?? 0;
  for (const { start, end, span } of times) {
    if (start > latest) return true;
    // It was itself open from here to its end, and then had shown itself.
    if (opensTrace(span)) return false;
    latest = Math.max(latest, end);
  }
  return false;
}

interface Component {
  readonly top: string;
  readonly spanIds: string[];
}

/**
 * Starts by their times, a parent before its children whatever the clocks say; ends in the order in which they came,
 * which is mostly the order in which they happened (an end's own time may have been set by hand).
 */
function play(batch: readonly Held[], { start, end }: Pick<AssemblyOptions, "start" | "end">): void {
  const byId = new Map(batch.map((held) => [held.span.spanContext().spanId, held]));
  const placed = new Map<string, { micros: number; depth: number }>();

  function startOf(spanId: string): { micros: number; depth: number } {
    // Without recursion: a trace can be deeper than the stack.
    const chain: Held[] = [];
    const seen = new Set<string>();
    for (let at = byId.get(spanId); at; ) {
      const id = at.span.spanContext().spanId;
      if (placed.has(id) || seen.has(id)) break;
      seen.add(id);
      chain.push(at);
      at = at.parent && !at.parent.isRemote ? byId.get(at.parent.spanId) : undefined;
    }
    for (const held of chain.reverse()) {
      const above = held.parent && placed.get(held.parent.spanId);
      const micros = Math.max(microsOf(held.span.startTime), above?.micros ?? 0);
      placed.set(held.span.spanContext().spanId, { micros, depth: (above?.depth ?? 0) + 1 });
    }
    return placed.get(spanId) ?? { micros: 0, depth: 0 };
  }

  const starts = batch
    .map((held) => ({ held, ...startOf(held.span.spanContext().spanId) }))
    .sort((a, b) => a.micros - b.micros || a.depth - b.depth || a.held.order - b.held.order);
  let next = 0;
  for (const held of inEndOrder(batch)) {
    const until = Math.max(microsOf(held.span.endTime), placed.get(held.span.spanContext().spanId)?.micros ?? 0);
    for (let begun = starts[next]; begun && begun.micros <= until; begun = starts[next]) {
      next += 1;
      start(begun.held.span, startContextOf(begun.held.span) ?? contextUnder(begun.held.parent));
    }
    end(held.span);
  }
}

/** Ends that come in another order than their times say, by more than this, did not come as they happened. */
const MIXED_MICROS = 10_000;

/** In the order in which they came, unless their batches came mixed: then by their times. */
function inEndOrder(batch: readonly Held[]): Held[] {
  const came = [...batch].sort((a, b) => a.order - b.order);
  let latest = 0;
  for (const { span } of came) {
    const end = microsOf(span.endTime);
    if (latest - end > MIXED_MICROS) return came.sort((a, b) => microsOf(a.span.endTime) - microsOf(b.span.endTime));
    latest = Math.max(latest, end);
  }
  return came;
}

function contextUnder(parent: SpanContext | undefined): Context {
  return parent ? trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(parent)) : ROOT_CONTEXT;
}
