// What a tracked span has to show now: its live view, and the content that the authoring API left beside it.

import type { AuthoredContent } from "../mapping/authored.js";
import type { MappableSpan } from "../mapping/span.js";
import { together } from "../privacy/client-rules.js";
import { CONTENT } from "../shared.js";
import { mappable } from "./source-span.js";
import type { Tracked } from "./tracked.js";

export function contentOf(tracked: Tracked): AuthoredContent | undefined {
  const span = tracked.span ?? tracked.weak?.deref();
  return (span as { [CONTENT]?: AuthoredContent } | undefined)?.[CONTENT] ?? tracked.content;
}

/** The clients whose rules its run obeys, those that were set on its run tree while it ran among them. */
export function clientsOf(tracked: Tracked): readonly object[] | undefined {
  return together(contentOf(tracked)?.clients, tracked.clients);
}

export function viewOf(tracked: Tracked): MappableSpan | undefined {
  const span = tracked.span ?? tracked.weak?.deref();
  return span ? mappable(span) : tracked.view;
}
