// Spans for the mapping's tests: an ended one, unless told otherwise.
import type { Attributes } from "@opentelemetry/api";
import { type MappableSpan, type Mapped, type MapSources, mapSpan } from "../../src/mapping/index.js";

export function spanOf(attributes: Attributes, overrides: Partial<MappableSpan> = {}): MappableSpan {
  return {
    name: "span",
    kind: 0,
    startTime: [1_795_000_000, 500_000_000],
    endTime: [1_795_000_001, 0],
    ended: true,
    status: { code: 0 },
    attributes,
    links: [],
    events: [],
    resource: { attributes: {} },
    scope: { name: "test" },
    otelTraceId: "0af7651916cd43dd8448eb211c80319c",
    otelSpanId: "b7ad6b7169203331",
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...overrides,
  };
}

export function mapped(
  attributes: Attributes,
  overrides: Partial<MappableSpan> = {},
  sources: MapSources = {},
): Mapped {
  return mapSpan(spanOf(attributes, overrides), sources);
}
