// Tokens count once: of two model runs, one inside the other, one stays a model call. Either may end first, so an ended
// one waits for the other, for a bounded time.
import { demoteModelCall, type Mapped, settleModelCalls } from "../mapping/index.js";
import { createCallsBeside } from "./calls-beside.js";
import type { GenAi } from "./genai.js";
import type { Above, Tracked } from "./tracked.js";

/** How long a call that ended waits for one above that ended too, but is not handed in yet; milliseconds. */
const HANDED_IN_WITHIN_MILLIS = 30_000;

export interface ModelCallsOptions {
  /** How long an ended model call waits for the other; milliseconds. */
  readonly waitMillis: number;
  readonly now: () => number;
  /** What a span shows of itself now, ended or not; undefined where it is gone. */
  look(tracked: Tracked): Mapped | undefined;
  readonly genAi: GenAi;
  /** The authoring API's content beside a span, where there is any. */
  isAuthored(tracked: Tracked): boolean;
  /** The spans that are open now. */
  openSpans(): Iterable<Tracked>;
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
  const settleBeside = createCallsBeside(options);
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
      const isMarked = span !== undefined && options.genAi.isMarked(span.attributes);
      if (!isMarked) return options.genAi.isScope(scope) && !ancestor.hasEnded ? "unknown" : "plain";
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
    send(tracked);
    closeBranches(tracked);
  }

  /** Decided. What nothing states to be a call is none where it wraps one; what stands above learns of the call. */
  function send(tracked: Tracked): void {
    const { mapped, keptParent } = tracked;
    if (mapped?.isInferredCall && tracked.hasCallBelow) tracked.mapped = demoteModelCall(mapped);
    const isCall = tracked.mapped?.isModelCall === true;
    if (keptParent && (isCall || (tracked.hasCallBelow && kindOf(mapped) !== "barrier")))
      keptParent.hasCallBelow = true;
    tracked.branch = "released";
    emit(tracked);
  }

  /** A run's branch is closed when it is released and so are all below it: only then nothing more comes from there. */
  function closeBranches(tracked: Tracked): void {
    for (let at = tracked; at.branch === "released" && at.openChildren === 0; ) {
      at.branch = "closed";
      const parent = at.keptParent;
      if (!parent) return;
      parent.openChildren -= 1;
      if (parent.openChildren === 0 && isOuterWaiting(parent)) {
        waiting.delete(parent);
        send(parent);
      }
      at = parent;
    }
  }

  function isOuterWaiting(tracked: Tracked): boolean {
    return waiting.has(tracked) && !tracked.isWaitingForOuter && !tracked.isWaitingForBeside;
  }

  /** Decides a model call that no longer waits for the one above. */
  function decideAsInner(inner: Tracked, outer: Tracked): void {
    inner.isWaitingForOuter = false;
    outer.waitingInner = outer.waitingInner?.filter((other) => other !== inner);
    const shown = look(outer);
    const isStated = shown?.isModelCall && !shown.isInferredCall;
    if (inner.mapped && isStated && shown.hasMessages && !inner.mapped.hasMessages) {
      owe(outer, inner.mapped);
      inner.mapped = demoteModelCall(inner.mapped);
    } else {
      outer.hasSettledInner = true;
      settleBeside(inner, false);
    }
    proceedAsOuter(inner);
  }

  /** What a call that gave way had to say goes to the one that stays, which has not ended. */
  function owe(stays: Tracked, goes: Mapped): void {
    stays.owedCalls ??= [];
    stays.owedCalls.push(goes);
  }

  function takeOwed(tracked: Tracked): void {
    const { owedCalls } = tracked;
    tracked.owedCalls = undefined;
    for (const call of owedCalls ?? []) {
      if (!tracked.mapped?.isModelCall) return;
      const isBelow = settleModelCalls(call, tracked.mapped);
      tracked.mapped = isBelow.inner.isModelCall ? isBelow.inner : settleModelCalls(tracked.mapped, call).outer;
    }
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

  /** It ended: those beside it that waited for that are decided. */
  function releaseBeside(tracked: Tracked): void {
    const beside = tracked.waitingBeside ?? [];
    tracked.waitingBeside = undefined;
    for (const call of beside) {
      if (!waiting.delete(call)) continue;
      call.isWaitingForBeside = false;
      settleBeside(call, false);
      proceedAsOuter(call);
    }
  }

  function offer(tracked: Tracked): void {
    takeOwed(tracked);
    while (tracked.mapped?.isModelCall) {
      const outer = outerOf(tracked);
      if (!outer) break;
      if (outer.settledAs) {
        tracked.mapped = demoteModelCall(tracked.mapped);
      } else if (outer.mapped) {
        // Where it stays a call, the one above is a chain now, and there may be another above that.
        settle(outer, tracked);
      } else {
        outer.waitingInner ??= [];
        outer.waitingInner.push(tracked);
        tracked.isWaitingForOuter = true;
        wait(tracked);
        return;
      }
    }
    if (settleBeside(tracked, true)) {
      wait(tracked);
      return;
    }
    releaseBeside(tracked);
    proceedAsOuter(tracked);
  }

  /** Its time is over: decided by what the other one has shown so far. */
  function decide(tracked: Tracked, outer: Tracked | undefined): void {
    waiting.delete(tracked);
    if (outer) {
      decideAsInner(tracked, outer);
      return;
    }
    tracked.isWaitingForOuter = false;
    if (tracked.isWaitingForBeside) settleBeside(tracked, false);
    tracked.isWaitingForBeside = false;
    for (const inner of options.openSpans()) {
      if (!tracked.mapped?.isModelCall) break;
      if (outerOf(inner) !== tracked) continue;
      const shown = look(inner);
      if (!shown?.isModelCall) continue;
      const { mapped } = tracked;
      tracked.mapped = settleModelCalls(mapped, shown).outer;
      if (!tracked.mapped.isModelCall) owe(inner, mapped);
    }
    release(tracked);
  }

  return {
    offer,
    expire(now) {
      for (const [tracked, until] of waiting) {
        if (until > now) break;
        const outer = tracked.isWaitingForOuter ? outerOf(tracked) : undefined;
        // It ended too: it is on its way here, and says more than what it has shown.
        if (outer?.hasEnded && now < until + HANDED_IN_WITHIN_MILLIS) continue;
        decide(tracked, outer);
      }
      if (waiting.size > 0) options.onWait();
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
