// Where a RunTree stands before it is posted: computed when it is made, from the run above or an order given.
import { type Context, context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { getSettings, setPlace, setSettings } from "../identity/context.js";
import { entriesById } from "../identity/node.js";
import { childPlace, type ParentPlace, placeOfDottedOrder, rootPlace } from "../identity/place.js";
import { spanIdOf } from "../identity/run-ids.js";
import { warnOnce } from "../warnings.js";
import { uuid7FromTime } from "../wire/ids.js";
import { checkRunId } from "./custom-ids.js";
import type { RunAbove } from "./record.js";
import { lastIdOf, microsOfTime, type OwnConfig } from "./run-tree-config.js";

/** A run's place, and what may still be missing of it. */
export interface TreePlace {
  readonly place: ParentPlace;
  /** A parent of which only the id is known: to be looked up before the run is posted. */
  readonly missingParent: string | undefined;
  /** The order was given whole: the run may be another process's. */
  readonly isStated: boolean;
}

/**
 * The place of a run that is made.
 *
 * @throws RunIdError for an `id` or `parent_run_id` that is no UUID
 */
export function placeOfConfig(config: OwnConfig, above: ParentPlace | undefined): TreePlace {
  const micros = microsOfTime(config.start_time) ?? Date.now() * 1000;
  const given = checkRunId(config.id, "The id of a RunTree");
  const parentId = checkRunId(config.parent_run_id, "The parent_run_id of a RunTree");
  const id = () => given ?? uuid7FromTime(Math.floor(micros / 1000));
  if (above) return made(childPlace(above, id(), micros));
  const { dotted_order: order } = config;
  if (order !== undefined) {
    const place = placeOfDottedOrder(order);
    if (place && (place.runId === given || (given === undefined && place.runId !== parentId))) {
      return { place, missingParent: undefined, isStated: true };
    }
    if (place && place.runId === parentId) return made(childPlace(place, id(), micros));
    warnOnce(
      "LSB_WARN_DOTTED_ORDER",
      `A RunTree was given a dotted_order that ${place ? `ends in ${lastIdOf(order)}, neither its id nor its parent_run_id` : "is malformed"}; it is ignored.`,
    );
  }
  if (parentId !== undefined) {
    const known = knownPlace(parentId);
    if (known) return made(childPlace(known, id(), micros));
  }
  return { place: rootPlace(id(), micros), missingParent: parentId, isStated: false };
}

function made(place: ParentPlace): TreePlace {
  return { place, missingParent: undefined, isStated: false };
}

/** The place of a run whose span is open, or ended lately, in this process. */
function knownPlace(runId: string): ParentPlace | undefined {
  const spanId = spanIdOf(runId);
  if (spanId === undefined) return undefined;
  return entriesById(spanId).find((entry) => entry.isKept && entry.node?.runId === runId)?.node;
}

/** What a RunTree's span is started with, besides what is above it. */
export interface StartWishes {
  readonly projectName: string | undefined;
  /** The clients whose rules it obeys. */
  readonly clients: readonly object[] | undefined;
}

/**
 * The context in which a RunTree's span starts: under the run above alone, whatever else is active, and traced even
 * where tracing is switched off around it, since posting a run tree is a wish.
 */
export function contextOfTree(above: RunAbove | undefined, wishes: StartWishes): Context {
  const { projectName, clients } = wishes;
  const base = setSettings(contextOutside(context.active()), {
    enabled: true,
    ...(projectName !== undefined && { projectName }),
    ...(clients && { clients }),
  });
  return above ? contextUnder(base, above) : base;
}

/** A context under a run: its span where it has one here, else its place. */
export function contextUnder(base: Context, above: RunAbove): Context {
  const { clients } = above;
  const obeying = clients ? setSettings(base, { clients }) : base;
  if (above.span) return trace.setSpan(obeying, above.span);
  return setPlace(obeying, { place: above.place, project: above.project, metadata: undefined, tags: undefined });
}

/** A context outside of every trace, with the very settings of this one. */
export function contextOutside(base: Context): Context {
  const settings = getSettings(base);
  return settings ? setSettings(ROOT_CONTEXT, settings) : ROOT_CONTEXT;
}
