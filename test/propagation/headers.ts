// Carriers and propagators for the tests of crossing processes.
import {
  type Context,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type TextMapPropagator,
} from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { expect } from "vitest";
import { LangSmithPropagator, type LangSmithPropagatorOptions } from "../../src/propagation/index.js";
import { segmentOf } from "../../src/wire/dotted-order.js";
import { uuid7 } from "../../src/wire/ids.js";
import type { TestBridge } from "../processor/bridge.js";
import type { Receiver } from "../receiver.js";

export type Headers = Record<string, string | string[] | undefined>;

/** The three propagators in the recommended order. */
export function allThree(options?: LangSmithPropagatorOptions): TextMapPropagator {
  return new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), new LangSmithPropagator(options)],
  });
}

export function injected(propagator: TextMapPropagator, from: Context = context.active()): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(from, headers, defaultTextMapSetter);
  return headers;
}

export function extracted(propagator: TextMapPropagator, headers: Headers, into: Context = ROOT_CONTEXT): Context {
  return propagator.extract(into, headers, defaultTextMapGetter);
}

/** A dotted order that somebody else could have sent, `depth` runs deep. */
export function foreignOrder(depth = 1, startMillis = Date.now() - 5000): string {
  return Array.from({ length: depth }, (_, level) => segmentOf((startMillis + level) * 1000, uuid7())).join(".");
}

export function idsIn(dottedOrder: string): string[] {
  return dottedOrder.split(".").map((segment) => segment.slice(-36));
}

/** Stops the bridge and hands back what arrived; the runs of strangers are not there, so nobody looks for parents. */
export async function settle({ processor, receiver }: TestBridge): Promise<Receiver> {
  await processor.shutdown();
  expect(receiver.problems).toEqual([]);
  expect(processor.stats()).toMatchObject({ faults: 0, lost: {} });
  return receiver;
}
