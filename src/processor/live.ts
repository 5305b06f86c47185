// What a tracked span has to show now: its live view, and the content that the authoring API left beside it.

import type { AuthoredContent } from "../mapping/authored.js";
import type { MappableSpan } from "../mapping/span.js";
import { CONTENT } from "../shared.js";
import { mappable } from "./source-span.js";
import type { Tracked } from "./tracked.js";

export function contentOf(tracked: Tracked): AuthoredContent | undefined {
  const span = tracked.span ?? tracked.weak?.deref();
  return (span as { [CONTENT]?: AuthoredContent } | undefined)?.[CONTENT] ?? tracked.content;
}

export function viewOf(tracked: Tracked): MappableSpan | undefined {
  const span = tracked.span ?? tracked.weak?.deref();
  return span ? mappable(span) : tracked.view;
}
