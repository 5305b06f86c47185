// Two libraries' spans of one call may stand side by side, under one run: their tokens count once.
import {
  answerOf,
  callOf,
  demoteModelCall,
  type Mapped,
  TOLD_WHOLE,
  toldOf,
  withoutUsageOf,
} from "../mapping/index.js";
import type { ToldCall, Tracked } from "./tracked.js";

/** So many of the open spans are looked at for another library's span of a call. */
const MAX_OPEN_LOOKED_AT = 1_000;

/** How many told calls a run remembers: the other span of a call ends right after the first. */
const TOLD_CALLS = 32;

interface CallsBesideOptions {
  look(tracked: Tracked): Mapped | undefined;
  openSpans(): Iterable<Tracked>;
}

/**
 * Makes the function that settles an ended call with those beside it: the one that tells less is no call. Where that
 * ends first it waits for the other, which is open; where it waited in vain and was sent, the other one leaves the
 * counting to it. The function answers whether the call is to wait; `mayWait` is false where it did.
 */
export function createCallsBeside({
  look,
  openSpans,
}: CallsBesideOptions): (tracked: Tracked, mayWait: boolean) => boolean {
  function settle(tracked: Tracked, mayWait: boolean): boolean {
    const { mapped, keptParent, scopeName } = tracked;
    const call = mapped && callOf(mapped);
    if (!mapped || !keptParent || call === undefined) return false;
    const told = toldOf(mapped);
    const answer = answerOf(mapped);
    const found = takeTold(keptParent, (other) => {
      const tellsIt = other.told > told || other.isPoor === true || (other.told === told && other.answer === answer);
      const isWhole = other.told !== told || answer !== undefined || other.isPoor === true;
      const isSame = other.call === call && other.scopeName !== scopeName && tracked.seenAt < other.toldAt;
      return isSame && tellsIt && isWhole;
    });
    if (found) {
      tracked.mapped = found.isPoor && found.told < told ? withoutUsageOf(mapped) : demoteModelCall(mapped);
      return false;
    }
    const isPoor = told < TOLD_WHOLE;
    if (isPoor && mayWait && waits(tracked, mapped, keptParent)) return true;
    if (told === 0 && mayWait) return false;
    keptParent.toldCalls ??= [];
    const toldAt = performance.now();
    keptParent.toldCalls.push({ call, told, answer, scopeName, toldAt, isPoor: isPoor && !mayWait });
    if (keptParent.toldCalls.length > TOLD_CALLS) keptParent.toldCalls.shift();
    return false;
  }

  /** Another library's open span beside it shows a call of the same model: it may be this one, and tell more of it. */
  function waits(tracked: Tracked, mapped: Mapped, keptParent: Tracked): boolean {
    if (keptParent.openChildren < 2) return false;
    const model = mapped.content.extra.metadata["ls_model_name"];
    let left = MAX_OPEN_LOOKED_AT;
    for (const open of openSpans()) {
      if (left-- === 0) return false;
      if (open.keptParent !== keptParent || open.scopeName === tracked.scopeName) continue;
      const shown = look(open);
      if (!shown?.isModelCall || (shown.content.extra.metadata["ls_model_name"] ?? model) !== model) continue;
      open.waitingBeside ??= [];
      open.waitingBeside.push(tracked);
      tracked.isWaitingForBeside = true;
      return true;
    }
    return false;
  }

  return settle;
}

function takeTold(keptParent: Tracked, isIt: (other: ToldCall) => boolean): ToldCall | undefined {
  const { toldCalls } = keptParent;
  const at = toldCalls?.findIndex(isIt) ?? -1;
  return at === -1 ? undefined : toldCalls?.splice(at, 1)[0];
}
