// A framework's span knows its request's route, and is passed over: the request's own run learns the route from it.
import { SpanKind } from "@opentelemetry/api";
import type { Tracked } from "./tracked.js";

/** Notes the route of an ended span that is passed over on the run that it stands in. */
export function noteRoute({ isKept, span, keptParent }: Tracked): void {
  if (isKept || keptParent === undefined || span?.kind !== SpanKind.SERVER) return;
  keptParent.routeBelow = span.attributes["http.route"] ?? keptParent.routeBelow;
}
