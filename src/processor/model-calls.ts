// Tokens count once: of two model runs, one inside the other, one stays a model call. Either may end first, so an ended
// one waits for the other, for a bounded time.
import { demoteModelCall, hasGenAiMarker, isGenAiScope, type Mapped, settleModelCalls } from "../mapping/index.js";
import type { Above, Tracked } from "./tracked.js";

export interface ModelCallsOptions {
  /** How long an ended model call waits for the other; milliseconds. */
  readonly waitMillis: number;
  readonly now: () => number;
  /** What a span shows of itself now, ended or not; undefined where it is gone. */
  look(tracked: Tracked): Mapped | undefined;
  /** The authoring API's content beside a span, where there is any. */
  isAuthored(tracked: Tracked): boolean;
  /** A run is decided: send it. */
  emit(tracked: Tracked): void;
  /** Something waits: call `expire` before long. */
  onWait(): void;
}

export interface ModelCalls {
  /** An ended and mapped span; it is emitted now or when its counterpart has come. */
  offer(tracked: Tracked): void;
  /** Decides what has waited long enough; everything, with `Infinity`. */
  expire(now: number): void;
  readonly waiting: number;
}

export function createModelCalls(options: ModelCallsOptions): ModelCalls {
  const { emit, look } = options;
  /** Ended model calls that wait, with the time they do so until; in the order of that time. */
  const waiting = new Map<Tracked, number>();

  function wait(tracked: Tracked): void {
    if (!waiting.has(tracked)) waiting.set(tracked, options.now() + options.waitMillis);
    options.onWait();
  }

  function above(ancestor: Tracked): Above {
    if (ancestor.settledAs) return ancestor.settledAs;
    if (ancestor.mapped) return kindOf(ancestor.mapped);
    const span = ancestor.span ?? ancestor.view;
    const scope = ancestor.scopeName;
    if (!options.isAuthored(ancestor)) {
      const isMarked = span !== undefined && hasGenAiMarker(span.attributes);
      if (!isMarked) return isGenAiScope(scope) && !ancestor.hasEnded ? "unknown" : "plain";
    }
    return kindOf(look(ancestor));
  }

  /** The nearest run above that is, or may yet turn out to be, the same call. */
  function outerOf(tracked: Tracked): Tracked | undefined {
    for (let ancestor = tracked.keptParent; ancestor; ancestor = ancestor.keptParent) {
      const kind = above(ancestor);
      if (kind === "barrier") return undefined;
      if (kind === "model" || kind === "unknown") return ancestor;
    }
    return undefined;
  }

  function settle(outer: Tracked, inner: Tracked): void {
    if (!outer.mapped || !inner.mapped) return;
    const settled = settleModelCalls(outer.mapped, inner.mapped);
    outer.mapped = settled.outer;
    inner.mapped = settled.inner;
  }

  function release(tracked: Tracked): void {
    waiting.delete(tracked);
    emit(tracked);
    const parent = tracked.keptParent;
    if (!parent) return;
    parent.openChildren -= 1;
    if (parent.openChildren === 0 && waiting.has(parent) && !parent.isWaitingForOuter) release(parent);
  }

  /** Decides a model call that no longer waits for the one above. */
  function decideAsInner(inner: Tracked, outer: Tracked): void {
    inner.isWaitingForOuter = false;
    outer.waitingInner = outer.waitingInner?.filter((other) => other !== inner);
    const shown = look(outer);
    if (inner.mapped && shown?.isModelCall && shown.hasMessages && !inner.mapped.hasMessages) {
      inner.mapped = demoteModelCall(inner.mapped);
    } else {
      outer.hasSettledInner = true;
    }
    proceedAsOuter(inner);
  }

  /** A call above that ended takes in the calls below it that waited, then waits for those still open. */
  function proceedAsOuter(tracked: Tracked): void {
    const inner = tracked.waitingInner ?? [];
    tracked.waitingInner = undefined;
    if (tracked.hasSettledInner && tracked.mapped?.isModelCall) tracked.mapped = demoteModelCall(tracked.mapped);
    for (const call of inner) {
      if (tracked.mapped?.isModelCall) settle(tracked, call);
      call.isWaitingForOuter = false;
      if (call.mapped?.isModelCall && !tracked.mapped?.isModelCall && kindOf(tracked.mapped) === "plain") offer(call);
      else proceedAsOuter(call);
    }
    if (tracked.mapped?.isModelCall && tracked.openChildren > 0) wait(tracked);
    else release(tracked);
  }

  function offer(tracked: Tracked): void {
    if (!tracked.mapped?.isModelCall) {
      proceedAsOuter(tracked);
      return;
    }
    const outer = outerOf(tracked);
    if (!outer) {
      proceedAsOuter(tracked);
      return;
    }
    if (outer.settledAs || outer.mapped) {
      if (outer.settledAs) tracked.mapped = demoteModelCall(tracked.mapped);
      else settle(outer, tracked);
      proceedAsOuter(tracked);
      return;
    }
    outer.waitingInner ??= [];
    outer.waitingInner.push(tracked);
    tracked.isWaitingForOuter = true;
    wait(tracked);
  }

  function decide(tracked: Tracked): void {
    if (!waiting.delete(tracked)) return;
    if (tracked.isWaitingForOuter) {
      const outer = outerOf(tracked);
      if (outer) {
        decideAsInner(tracked, outer);
        return;
      }
      tracked.isWaitingForOuter = false;
    }
    release(tracked);
  }

  return {
    offer,
    expire(now) {
      for (const [tracked, until] of waiting) {
        if (until > now) return;
        decide(tracked);
      }
    },
    get waiting() {
      return waiting.size;
    },
  };
}

/** What a mapped run is to a model call below it. */
export function kindOf(mapped: Mapped | undefined): Above {
  if (!mapped) return "plain";
  if (mapped.isModelCall) return "model";
  const type = mapped.content.run_type;
  return mapped.isAgent || type === "tool" || type === "retriever" ? "barrier" : "plain";
}
