// A sampler that lets spans be recorded which another one would not even record.

import type { Attributes, Context, Link, SpanKind, TraceState } from "@opentelemetry/api";
import { LangSmithOptionError } from "../errors.js";

/** OpenTelemetry's sampling result by its shape, so that it is one on either line of the SDK. */
export interface AnySamplingResult {
  /** 0 not recorded, 1 recorded, 2 recorded and sampled. */
  decision: number;
  attributes?: Readonly<Attributes>;
  traceState?: TraceState;
}

/** OpenTelemetry's `Sampler` by its shape. */
export interface AnySampler {
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): AnySamplingResult;
  toString(): string;
}

const NOT_RECORD = 0;
const RECORD = 1;

/**
 * Asks another sampler, and turns its "do not record" into "record, but do not sample". The bridge makes runs of spans
 * that are recorded; `BatchSpanProcessor` and `SimpleSpanProcessor` export only those that are sampled. So LangSmith
 * gets every trace, and the other exporters what they got before; headers to other services say what they said before.
 *
 * Sentry's processor does not look at the sampled flag: beside Sentry use a provider of the bridge's own
 * (docs/sentry.md).
 *
 * @example
 * ```ts
 * new NodeSDK({
 *   sampler: new LangSmithSampler(new TraceIdRatioBasedSampler(0.01)),
 *   spanProcessors: [...getSpanProcessorsFromEnv(), new LangSmithSpanProcessor()],
 * });
 * ```
 */
export class LangSmithSampler implements AnySampler {
  readonly #inner: AnySampler;

  /** @throws LangSmithOptionError for an inner sampler that is none */
  constructor(inner: AnySampler) {
    if (!isSampler(inner)) throw new LangSmithOptionError("LangSmithSampler's inner sampler", "a sampler", inner);
    this.#inner = inner;
  }

  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): AnySamplingResult {
    const result = this.#inner.shouldSample(context, traceId, spanName, spanKind, attributes, links);
    return result.decision === NOT_RECORD ? { ...result, decision: RECORD } : result;
  }

  toString(): string {
    return `LangSmithSampler{${this.#inner.toString()}}`;
  }
}

/** Whether a value is a sampler, by its shape. */
export function isSampler(value: unknown): value is AnySampler {
  return (
    typeof value === "object" && value !== null && "shouldSample" in value && typeof value.shouldSample === "function"
  );
}
