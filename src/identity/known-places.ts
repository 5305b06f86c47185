// Places read from headers and references, one object a run: two children that start under it in one millisecond keep
// their order only when they are counted by the same parent.

import { isMap, sharedPart } from "../shared.js";
import { makeRoom } from "../wire/newest.js";
import { entriesById } from "./node.js";
import { type ParentPlace, placeOfDottedOrder } from "./place.js";
import { spanIdOf } from "./run-ids.js";

const MAX_PLACES = 1024;
/** Longer orders are not kept: a header may come from a stranger. */
const MAX_KEPT_LENGTH = 4096;

let known: Map<string, ParentPlace> | undefined;

function places(): Map<string, ParentPlace> {
  known ??= sharedPart("places", () => new Map(), isMap<string, ParentPlace>);
  return known;
}

/**
 * The place that a dotted order names, or undefined where it breaks a rule: this process's own run where it is one, else
 * the same object for the same order, as long as it is among the last 1,024 that were read.
 */
export function knownPlace(dottedOrder: unknown): ParentPlace | undefined {
  if (typeof dottedOrder !== "string") return undefined;
  const read = places().get(dottedOrder);
  if (read) return read;
  const place = placeOfDottedOrder(dottedOrder);
  if (!place) return undefined;
  const shared = ownPlace(place) ?? place;
  if (dottedOrder.length > MAX_KEPT_LENGTH) return shared;
  makeRoom(places(), MAX_PLACES);
  places().set(dottedOrder, shared);
  return shared;
}

function ownPlace(place: ParentPlace): ParentPlace | undefined {
  const spanId = spanIdOf(place.runId);
  if (spanId === undefined) return undefined;
  return entriesById(spanId).find(({ node }) => node?.dottedOrder === place.dottedOrder)?.node;
}
