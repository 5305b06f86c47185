// Usage on runs that are no model calls: what an instrumentation sums up there would count twice.
import type { Mapped } from "../mapping/index.js";
import type { GenAi } from "./genai.js";
import { AUTHORING_SCOPE } from "./genai.js";
import type { Tracked } from "./tracked.js";

/** So many of the spans that are open while a run ends are looked at for a model call below it. */
const MAX_OPEN_LOOKED_AT = 1_000;

/**
 * Makes the function that decides, at a span's end, whether what it says of usage counts. LangSmith sums usage up the
 * tree, on runs of any type: what an author stated stays; what an instrumentation put on a run that is no model call
 * counts only where nothing below it has usage.
 */
export function createUsageCount(
  look: (tracked: Tracked) => Mapped | undefined,
  openSpans: () => Iterable<Tracked>,
  genAi: GenAi,
): (tracked: Tracked) => void {
  /** Some libraries say what a span is when it ends: of theirs one that has shown nothing may be a call. */
  function mayBeCall(open: Tracked): boolean {
    if (look(open)?.isModelCall) return true;
    const { scopeName } = open;
    const attributes = (open.span ?? open.view)?.attributes;
    return (
      scopeName !== AUTHORING_SCOPE &&
      genAi.isScope(scopeName) &&
      attributes !== undefined &&
      !genAi.isMarked(attributes)
    );
  }

  function isCallOpenBelow(tracked: Tracked): boolean {
    if (tracked.trace.openSpans === 0) return false;
    let left = MAX_OPEN_LOOKED_AT;
    for (const open of openSpans()) {
      if (left-- === 0) return false;
      if (open.trace === tracked.trace && isBelow(open, tracked) && mayBeCall(open)) return true;
    }
    return false;
  }

  return (tracked) => {
    const { mapped } = tracked;
    if (!mapped) return;
    const { usageIfAlone } = mapped;
    const hasOwn = mapped.content.extra.metadata["usage_metadata"] !== undefined;
    if (!hasOwn) {
      if (usageIfAlone === undefined || tracked.hasUsageBelow || isCallOpenBelow(tracked)) return;
      tracked.mapped = withUsage(mapped, usageIfAlone);
    }
    // Whoever is above somebody that knows it already knows it, too.
    for (let at = tracked.keptParent; at && !at.hasUsageBelow; at = at.keptParent) at.hasUsageBelow = true;
  };
}

function isBelow(open: Tracked, above: Tracked): boolean {
  for (let at = open.keptParent; at; at = at.keptParent) if (at === above) return true;
  return false;
}

/** The counts under their own names, which it had while they were no usage, go: they are that usage. */
function withUsage(mapped: Mapped, usage: NonNullable<Mapped["usageIfAlone"]>): Mapped {
  const { content, counts = {} } = mapped;
  const metadata = { ...content.extra.metadata };
  for (const key of Object.keys(counts)) if (metadata[key] === counts[key]) delete metadata[key];
  delete metadata["outputs.usage_metadata"];
  metadata["usage_metadata"] = usage;
  return { ...mapped, content: { ...content, extra: { ...content.extra, metadata } } };
}
