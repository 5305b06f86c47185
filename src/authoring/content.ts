// How content gets to the bridge beside a span: one live object under one agreed symbol, nothing in attributes.
import type { Span } from "@opentelemetry/api";
import { entriesById } from "../identity/node.js";
import type { AuthoredContent } from "../mapping/authored.js";
import { CONTENT, RUN } from "../shared.js";

/**
 * Leaves content beside a span. The object stays live: its fields may be replaced while the span is open, and the
 * processor reads it when the run is posted as pending and when it ends. Its values are snapshots.
 */
export function leaveContent(span: Span, content: AuthoredContent): void {
  // Not enumerable: spans are printed and spread by others. A frozen wrapper takes nothing, its entries do.
  Reflect.defineProperty(span, CONTENT, { value: content, enumerable: false, configurable: true, writable: true });
  if (RUN in span) return;
  for (const entry of entriesById(span.spanContext().spanId)) Reflect.set(entry, "content", content);
}

/** The content left beside a span, if any. */
export function contentOf(span: Span): AuthoredContent | undefined {
  const content: unknown = Reflect.get(span, CONTENT);
  return typeof content === "object" && content !== null ? content : undefined;
}
