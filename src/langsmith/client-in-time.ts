// A native client whose runs hang under a run of another machine's clock that is ahead: their times are moved up.
import { parseDottedOrder, segmentOf } from "../wire/dotted-order.js";
import { isoOf, microsOfIso } from "../wire/time.js";
import { changing } from "./changing-client.js";

const wrapped = new WeakMap<object, object>();

/**
 * The same client, but that no run it sends starts before its parent: the service would refuse the whole request. Our
 * own spans are shifted by the difference; native runs take their time from this machine's clock themselves.
 */
export function inTreeTime(client: object): object {
  const known = wrapped.get(client);
  if (known) return known;
  const proxy = changing(client, moved);
  wrapped.set(client, proxy);
  wrapped.set(proxy, proxy);
  return proxy;
}

function moved(run: unknown): unknown {
  if (typeof run !== "object" || run === null) return run;
  const order = movedOrder(Reflect.get(run, "dotted_order"));
  if (!order) return run;
  const end = microsOf(Reflect.get(run, "end_time"));
  return {
    ...run,
    dotted_order: order.dottedOrder,
    start_time: isoOf(order.startMicros),
    ...(end !== undefined && { end_time: isoOf(Math.max(end, order.startMicros)) }),
  };
}

/** Every segment moved up to the one before it: the same for every run that has it in its order. */
export function movedOrder(text: unknown): { readonly dottedOrder: string; readonly startMicros: number } | undefined {
  if (typeof text !== "string") return undefined;
  let before = 0;
  const segments: string[] = [];
  for (const one of text.split(".")) {
    const [segment] = parseDottedOrder(one) ?? [];
    if (!segment) return undefined;
    before = Math.max(before, segment.micros);
    segments.push(segmentOf(before, segment.runId));
  }
  return { dottedOrder: segments.join("."), startMicros: before };
}

function microsOf(time: unknown): number | undefined {
  if (typeof time === "number") return time * 1000;
  return typeof time === "string" ? microsOfIso(time) : undefined;
}
