// Making a run of a tracked span: what it shows, what it takes over from the runs above, and what a newcomer is told.
import { SpanKind } from "@opentelemetry/api";
import { asAgent, asRouted, asStatusAbove, demoteModelCall, type Mapped, mapSpan } from "../mapping/index.js";
import type { MappableSpan } from "../mapping/span.js";
import type { ResolvedOptions } from "../options/options.js";
import { callUser } from "../user-callbacks.js";
import { warnOnce } from "../warnings.js";
import type { Run } from "../wire/run.js";
import { contentOf, viewOf } from "./live.js";
import { runOf } from "./run-of.js";
import type { Threads } from "./threads.js";
import type { LocalTrace, Tracked } from "./tracked.js";

export interface Made {
  readonly run: Run;
  readonly view: MappableSpan;
}

export type Making = ReturnType<typeof createMaking>;

export function createMaking(
  { given, withVectors, revisionId }: Pick<ResolvedOptions, "given" | "withVectors" | "revisionId">,
  threads: Threads,
) {
  const vocabularies = given.mapping?.vocabularies;

  /** What a span shows of itself now; undefined where its run was sent or refused. */
  function look(tracked: Tracked): Mapped | undefined {
    const view = viewOf(tracked);
    if (!view) return undefined;
    const content = contentOf(tracked);
    const sources = { ...(tracked.logs && { logs: tracked.logs }), ...(content && { content }), withVectors };
    return vocabularies ? callUser(() => mapSpan(view, { ...sources, vocabularies })) : mapSpan(view, sources);
  }

  /** Keeps what is known of a span that is held weakly from now on. */
  function takeView(tracked: Tracked): void {
    const content = contentOf(tracked);
    if (content) tracked.content = content;
    tracked.view = viewOf(tracked);
  }

  function isInsideAgent(tracked: Tracked): boolean {
    for (let above = tracked.keptParent; above; above = above.keptParent) {
      if (above.isAgent || above.mapped?.isAgent) return true;
      if (!above.settledAs && !above.mapped && look(above)?.isAgent) return true;
    }
    return false;
  }

  function withSurroundings(tracked: Tracked, mapped: Mapped, { kind }: MappableSpan): Mapped {
    let seen = mapped.isAgent ? asAgent(mapped, isInsideAgent(tracked)) : mapped;
    if (tracked.routeBelow !== undefined && kind === SpanKind.SERVER) seen = asRouted(seen, tracked.routeBelow);
    // An error is told once, where it happened; above it stands as a status.
    for (const error of tracked.errorsBelow ?? []) seen = asStatusAbove(seen, error);
    return seen;
  }

  /** The run as it stands now, with the mapping that was decided for it. */
  function make(tracked: Tracked, mapped: Mapped): Made | undefined {
    const { node } = tracked;
    const view = viewOf(tracked);
    if (!node || !view) return undefined;
    takeProjectWish(tracked.trace, mapped);
    tracked.trace.isProjectFixed = true;
    if (tracked.hasEnded) sayWhatWasSeen(mapped, node.project);
    const run = runOf({
      node,
      mapped: withSurroundings(tracked, mapped, view),
      endTime: tracked.hasEnded && !tracked.closed ? view.endTime : undefined,
      closed: tracked.closed,
      shiftMicros: tracked.trace.shiftMicros,
      notes: tracked.notes,
      threadId: threads.of(tracked),
      revisionId,
    });
    return { run, view };
  }

  /** What `look` shows of a run that was decided and sent already. */
  function lookAgain(tracked: Tracked): Mapped | undefined {
    const seen = look(tracked);
    if (!seen) return undefined;
    const decided = seen.isModelCall && tracked.settledAs !== "model" ? demoteModelCall(seen) : seen;
    if (!tracked.settledUsage) return decided;
    const { content } = decided;
    const metadata = { ...content.extra.metadata, usage_metadata: tracked.settledUsage };
    return { ...decided, content: { ...content, extra: { ...content.extra, metadata } } };
  }

  return { look, lookAgain, make, takeView };
}

/** Takes a span's wish for a project, while nothing of its trace was sent. */
export function takeProjectWish(trace: LocalTrace, seen: Mapped): void {
  if (trace.isProjectFixed || !seen.project?.name) return;
  trace.isProjectFixed = true;
  trace.project = seen.project.name;
}

function sayWhatWasSeen(seen: Mapped, project: string): void {
  for (const { code, message } of seen.warnings ?? []) {
    warnOnce(`LSB_WARN_${code.replace(/^LSB_WARN_/, "")}`, message, message);
  }
  const wish = seen.project?.name;
  if (wish === undefined || wish === project) return;
  warnOnce(
    "LSB_WARN_LATE_PROJECT",
    `A span asks for project ${JSON.stringify(wish)} after its start, or inside a trace of another project; a trace's project is fixed when its first span starts. Set projectName, or langsmith.trace.session_name among the attributes that the root span starts with.`,
    wish,
  );
}
