// What a tracked span has to show now: its live view, and the content that the authoring API left beside it.
import type { AuthoredContent } from "../mapping/authored.js";
import type { MappableSpan } from "../mapping/span.js";
import { mappable } from "./source-span.js";
import type { Tracked } from "./tracked.js";

/** Where the authoring API leaves content on a span. */
const CONTENT = Symbol.for("otel-langsmith.content");

export function contentOf(tracked: Tracked): AuthoredContent | undefined {
  const span = tracked.span ?? tracked.weak?.deref();
  return (span as { [CONTENT]?: AuthoredContent } | undefined)?.[CONTENT] ?? tracked.content;
}

export function viewOf(tracked: Tracked): MappableSpan | undefined {
  const span = tracked.span ?? tracked.weak?.deref();
  return span ? mappable(span) : tracked.view;
}
