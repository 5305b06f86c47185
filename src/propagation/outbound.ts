// From a context to headers: the current run's place, its trace's project and its thread, and no more.

import { type Context, propagation, type TextMapSetter } from "@opentelemetry/api";
import { primaryBridge } from "../bridges.js";
import { isUnawaited } from "../unawaited.js";
import { callUser } from "../user-callbacks.js";
import { warnOnce } from "../warnings.js";
import { isAddress } from "../wire/agent-address.js";
import { isLangSmithEntry } from "../wire/baggage.js";
import { SEGMENT_LENGTH } from "../wire/dotted-order.js";
import type { KeyValues } from "../wire/run.js";
import { threadOf } from "../wire/thread.js";
import { writeBaggage } from "./baggage.js";
import { type Current, currentOf, isUntraced } from "./current.js";
import { BAGGAGE_HEADER, TRACE_HEADER } from "./inbound.js";
import type { OutboundRules } from "./options.js";

/** Writes the headers of a context's current run into a carrier; nothing where there is none that may be told of. */
export function giveHeaders<Carrier>(
  context: Context,
  carrier: Carrier,
  setter: TextMapSetter<Carrier>,
  rules: OutboundRules,
): void {
  // Our own requests among them: neither headers nor baggage leave with those.
  if (isUntraced(context)) return;
  const current = isWanted(rules, carrier) ? tellable(context, rules) : undefined;
  const baggage = propagation.getBaggage(context);
  const isForeign = baggage?.getAllEntries().some(([name]) => isLangSmithEntry(name)) ?? false;
  if (!current && !isForeign) return;
  if (current) setter.set(carrier, TRACE_HEADER, withinBudget(current.place.dottedOrder, rules.maxHeaderBytes));
  const ours = current ? entriesOf(current, rules) : [];
  const { header, left } = writeBaggage(baggage, ours);
  if (left.length > 0) {
    warnOnce(
      "LSB_WARN_BAGGAGE_FULL",
      `The baggage header is full: ${left.join(", ")} found no room beside the application's own entries (8,192 bytes, 180 entries), so a called service takes the trace's run but not these.`,
    );
  }
  if (header !== "" || isForeign) setter.set(carrier, BAGGAGE_HEADER, header);
  if (current && header !== "") watchForOverwriting(carrier, header);
}

function isWanted({ trace }: OutboundRules, carrier: unknown): boolean {
  if (typeof trace === "boolean") return trace;
  try {
    const answer: unknown = callUser(() => trace(carrier));
    return !isUnawaited(answer) && answer === true;
  } catch {
    return false;
  }
}

function tellable(context: Context, rules: OutboundRules): Current | undefined {
  const bridge = primaryBridge();
  const current = currentOf(context, bridge);
  if (!current) return undefined;
  if (current.project !== undefined && !rules.project.includes("*") && !rules.project.includes(current.project)) {
    return undefined;
  }
  // A held trace may never be sent; nobody should hang under it. A place from outside is open by itself.
  if (current.entry && !bridge?.isOpen(current.entry)) return undefined;
  return current;
}

/** The longest ancestor prefix whose header line fits: remote runs then hang under that ancestor. */
export function withinBudget(dottedOrder: string, maxHeaderBytes: number): string {
  const room = maxHeaderBytes - TRACE_HEADER.length - ": ".length;
  if (dottedOrder.length <= room) return dottedOrder;
  const segments = Math.max(1, Math.floor((room + 1) / (SEGMENT_LENGTH + 1)));
  return dottedOrder.slice(0, segments * (SEGMENT_LENGTH + 1) - 1);
}

function entriesOf({ project, metadata, tags }: Current, rules: OutboundRules): [string, string][] {
  const entries: [string, string][] = [];
  if (project !== undefined) entries.push([isAddress(project) ? "langsmith-address" : "langsmith-project", project]);
  const told: KeyValues = {};
  for (const name of rules.metadata) {
    // Of several keys LangSmith takes one; who is called gets that one, under the name that everybody accepts.
    const value =
      name === "thread_id" ? threadOf(metadata) : Object.hasOwn(metadata, name) ? metadata[name] : undefined;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") told[name] = value;
  }
  if (Object.keys(told).length > 0) entries.push(["langsmith-metadata", JSON.stringify(told)]);
  const list = rules.tags;
  const shown = list === false ? [] : tags.filter((tag) => !tag.includes(",") && (list === true || list.includes(tag)));
  if (shown.length > 0) entries.push(["langsmith-tags", shown.join(",")]);
  return entries;
}

let isOrderKnown = false;

// OpenTelemetry's baggage propagator writes the whole header anew when it comes after ours. A carrier that is a plain
// object lets us see that, once all propagators have written.
function watchForOverwriting(carrier: unknown, written: string): void {
  if (isOrderKnown || typeof carrier !== "object" || carrier === null) return;
  if (Reflect.get(carrier, BAGGAGE_HEADER) !== written) return;
  isOrderKnown = true;
  queueMicrotask(() => {
    try {
      const now: unknown = Reflect.get(carrier, BAGGAGE_HEADER);
      if (now === written) {
        // Nothing was there to be written by another; look again at the next request.
        isOrderKnown = written.split(",").some((member) => !isLangSmithEntry(member));
        return;
      }
      if (typeof now === "string" && now !== "" && !now.includes("langsmith-")) sayOrder();
    } catch {
      // A carrier with a getter that throws.
    }
  });
}

function sayOrder(): void {
  warnOnce(
    "LSB_WARN_PROPAGATOR_ORDER",
    "LangSmithPropagator stands before W3CBaggagePropagator, which overwrites the baggage header: the trace's project and thread are lost on the way. Put it last: new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), new LangSmithPropagator()] })",
  );
}

/** Forgets what was seen of the propagators' order: for tests. */
export function forgetPropagatorOrder(): void {
  isOrderKnown = false;
}
