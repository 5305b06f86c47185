// The propagator: LangSmith's own headers beside W3C trace context and baggage.

import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from "@opentelemetry/api";
import { diag } from "@opentelemetry/api";
import { checkNames } from "../options/names.js";
import { type Slot, sharedSlot } from "../shared.js";
import { placeOfThrown } from "../thrown.js";
import { BAGGAGE_HEADER, readerOf, TRACE_HEADER, takeHeaders } from "./inbound.js";
import {
  type InboundRules,
  inboundRules,
  type LangSmithPropagatorOptions,
  type OutboundRules,
  outboundRules,
} from "./options.js";
import { giveHeaders } from "./outbound.js";
import { createRefusals, type RefusalCause, type Refusals } from "./refusals.js";

/** The inbound rules that `setRun(context, headers)` obeys: those of the propagator made last. */
export interface InboundGate {
  readonly rules: InboundRules;
  readonly refusals: Refusals;
}

function latestGate(): Slot<InboundGate> {
  return sharedSlot("inbound");
}

/** The inbound rules of this process; those of the environment where no propagator was made. */
export function inboundGate(): InboundGate {
  return latestGate().value ?? { rules: inboundRules(), refusals: createRefusals() };
}

/**
 * Carries a run's place across processes in LangSmith's own headers, `langsmith-trace` and three entries of `baggage`,
 * which the `langsmith` packages read and write, too. Put it last, behind W3C trace context and W3C baggage.
 *
 * Inbound headers are data from strangers: from them comes a place in a trace and its `thread_id`, at most; a place in
 * a project that is neither this process's own nor listed is refused; what is malformed is ignored and counted.
 * Source of the format: LangSmith's distributed tracing.
 *
 * @throws LangSmithOptionError at construction, for an option that makes no sense; never afterwards
 * @example
 * ```ts
 * propagation.setGlobalPropagator(
 *   new CompositePropagator({
 *     propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), new LangSmithPropagator()],
 *   }),
 * );
 * ```
 */
export class LangSmithPropagator implements TextMapPropagator {
  readonly #inbound: InboundRules;
  readonly #outbound: OutboundRules;
  readonly #refusals = createRefusals();

  constructor(options: LangSmithPropagatorOptions = {}) {
    checkNames(options, ["inbound", "outbound"]);
    this.#inbound = inboundRules(options.inbound);
    this.#outbound = outboundRules(options.outbound);
    latestGate().value = { rules: this.#inbound, refusals: this.#refusals };
  }

  inject<Carrier>(context: Context, carrier: Carrier, setter: TextMapSetter<Carrier>): void {
    try {
      giveHeaders(context, carrier, setter, this.#outbound);
    } catch (error) {
      diag.error(`otel-langsmith: the trace's headers could not be written (${placeOfThrown(error)})`);
    }
  }

  extract<Carrier>(context: Context, carrier: Carrier, getter: TextMapGetter<Carrier>): Context {
    return takeHeaders(context, carrier, readerOf(carrier, getter), this.#inbound, this.#refusals);
  }

  fields(): string[] {
    return [TRACE_HEADER, BAGGAGE_HEADER];
  }

  /** What was refused of inbound headers since start, by cause. */
  stats(): { readonly refused: Readonly<Partial<Record<RefusalCause, number>>> } {
    return { refused: { ...this.#refusals.counts } };
  }
}
