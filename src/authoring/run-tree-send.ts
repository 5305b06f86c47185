// What postRun and patchRun do: a span for a run of this process, an operation for a run of another.

import { bridges, directBridge, primaryBridge } from "../bridges.js";
import { endRun } from "../client/end-run.js";
import { findRun } from "../client/find-run.js";
import { LangSmithRequestError } from "../errors.js";
import { childPlace, placeOfDottedOrder, rootPlace } from "../identity/place.js";
import { isSwitchedOff } from "../options/tracing.js";
import { isSampledByClients } from "../privacy/client-rules.js";
import { TREE } from "../shared.js";
import { snapshotOf } from "../snapshot/snapshot.js";
import { kindOfThrown } from "../thrown.js";
import { RUNTIME } from "../version.js";
import { warnOnce } from "../warnings.js";
import type { KeyValues, Run } from "../wire/run.js";
import { isoOf } from "../wire/time.js";
import { endAuthored, startAuthored } from "./authored-run.js";
import type { TreeRecord } from "./record.js";
import { attachmentsOf, eventsOf, nameOf, runTypeOf, tagsOf } from "./run-tree-config.js";
import { contextOfTree } from "./run-tree-place.js";
import { hasBridge } from "./tracer.js";

/** Starts a tree's span, or posts the run of another process. Never throws. */
export async function postTree(tree: TreeRecord): Promise<void> {
  const state = tree[TREE];
  if (tree.tracingEnabled === false) return;
  if (state.isPosted) {
    warnOnce(
      "LSB_WARN_POSTED_TWICE",
      `postRun was called twice on ${JSON.stringify(tree.name)}; a run is posted once.`,
    );
    return;
  }
  state.isPosted = true;
  const direct = hasBridge("RunTree") || !isSwitchedOff() ? undefined : await directBridge();
  if (!direct && bridges().length === 0) return;
  if (state.missingParent !== undefined) await findParent(tree, state.missingParent);
  if (!direct) {
    startTree(tree);
    return;
  }
  state.direct = direct;
  state.isPatched = tree.end_time !== undefined;
  fill(tree);
  if (isSampledIn(tree)) direct.sendRun("post", wholeRunOf(tree), state.clients);
}

/** Starts a tree's span at once, where nothing has to be looked up for it. */
export function postTreeNow(tree: TreeRecord): void {
  const state = tree[TREE];
  if (state.isPosted || tree.tracingEnabled === false) return;
  if (state.missingParent !== undefined) {
    void postTree(tree);
    return;
  }
  state.isPosted = true;
  startTree(tree);
}

function startTree(tree: TreeRecord): void {
  const state = tree[TREE];
  fill(tree);
  state.run = startAuthored(
    {
      name: nameOf(tree.name) ?? "<lambda>",
      content: state.content,
      metadata: tree.metadata,
      id: state.place.runId,
      dottedOrder: state.place.dottedOrder,
      startMicros: state.place.startMicros,
      asAttributes: state.asAttributes,
      client: state.client,
    },
    contextOfTree(state.above, {
      projectName: state.above ? undefined : state.projectName,
      clients: state.clients,
    }),
  );
  // Who asks for the current run tree inside gets this one: what is set on another would be overwritten at its end.
  if (state.run) state.run.tree = tree;
  if (tree.end_time !== undefined) finish(tree);
}

/** Ends a tree's span, or a run of another process. Never throws. */
export async function patchTree(tree: TreeRecord): Promise<void> {
  const state = tree[TREE];
  if (tree.tracingEnabled === false || state.origin === "foreign") return;
  if (!state.isPosted && state.origin === "made" && state.missingParent === undefined) {
    await postTree(tree);
    return;
  }
  if (state.isPatched) {
    if (state.run && tree.end_time !== undefined) return;
    warnOnce(
      "LSB_WARN_PATCHED_TWICE",
      `patchRun was called on ${JSON.stringify(tree.name)} after its run was complete.`,
    );
    return;
  }
  fill(tree);
  if (tree.end_time === undefined) return;
  if (state.run) finish(tree);
  else if (state.direct) {
    state.isPatched = true;
    if (isSampledIn(tree)) state.direct.sendRun("end", wholeRunOf(tree), state.clients);
  } else if (!state.isPosted && hasBridge("RunTree")) {
    state.isPatched = true;
    if (isSampledIn(tree)) await endElsewhere(tree);
  }
}

function finish(tree: TreeRecord): void {
  const state = tree[TREE];
  if (state.isPatched || !state.run) return;
  state.isPatched = true;
  fill(tree);
  endAuthored(state.run, Math.round((tree.end_time ?? Date.now()) * 1000));
  try {
    state.onEnd?.();
  } catch (error) {
    warnOnce("LSB_WARN_CALLBACK", `The on_end of a run threw (${kindOfThrown(error)}); the run is sent as it is.`);
  }
}

/** Writes what the tree says now into the content beside the span. */
export function fill(tree: TreeRecord): void {
  const state = tree[TREE];
  const { content } = state;
  const { metadata: _metadata, invocation_params, runtime, ...extra } = tree.extra;
  content.name = nameOf(tree.name) ?? "<lambda>";
  content.run_type = runTypeOf(tree.run_type);
  content.metadata = snapshotOf(tree.metadata);
  if (content.inputs === undefined) content.inputs = snapshotOf(state.inputs, "input");
  if (state.outputs !== undefined) content.outputs ??= snapshotOf(state.outputs, "outputs");
  if (state.error !== undefined) content.error ??= state.error;
  if (invocation_params !== undefined) content.invocation_params = snapshotOf(invocation_params);
  if (runtime !== undefined) content.runtime = snapshotOf(runtime);
  if (Object.keys(extra).length > 0) content.extra = snapshotOf(extra);
  if (tree.reference_example_id !== undefined) content.reference_example_id = tree.reference_example_id;
  if (Object.keys(tree.serialized).length > 0) content.serialized = snapshotOf(tree.serialized);
  const tags = tagsOf(tree.tags);
  if (tags) content.tags = tags;
  const events = eventsOf(tree.events);
  if (events) content.events = events;
  const attachments = attachmentsOf(tree.attachments);
  if (attachments) content.attachments = attachments;
}

function isSampledIn(tree: TreeRecord): boolean {
  return isSampledByClients(tree[TREE].clients, tree.trace_id);
}

/** Sends the one patch of a run that no span of this process stands for. */
async function endElsewhere(tree: TreeRecord): Promise<void> {
  const { content, clients } = tree[TREE];
  if (tree.name !== "parent") {
    primaryBridge()?.sendRun("end", runOfTree(tree), tree[TREE].clients);
    return;
  }
  // Only its place came along: a patch says name and type again, so they are asked for.
  const { id, dotted_order, project_name: session_name, trace_id, end_time } = tree;
  try {
    await endRun(
      { id, trace_id, dotted_order, session_name, start_time: isoOf(tree[TREE].place.startMicros) },
      {
        ...(content.outputs && { outputs: content.outputs }),
        ...(content.error !== undefined && { error: content.error }),
        ...(end_time !== undefined && { endTime: end_time }),
        ...(clients && { clients }),
      },
    );
  } catch (error) {
    warnOnce(
      "LSB_WARN_NOT_ENDED",
      `Run ${id} of another process could not be ended (${wordsOf(error)}). Make its tree with RunTree.fromRun, which needs no look-up.`,
      id,
    );
  }
}

/** A run of this process that has no span, with all that a span's run would say. */
function wholeRunOf(tree: TreeRecord): Run {
  const run = runOfTree(tree);
  return { ...run, extra: { ...run.extra, metadata: run.extra?.metadata ?? {}, runtime: RUNTIME } };
}

/** A run that no span of this process stands for. */
function runOfTree(tree: TreeRecord): Run {
  const { content, place } = tree[TREE];
  const { end_time } = tree;
  const { name = tree.name, run_type = "chain", metadata = {}, ...said } = content;
  const { invocation_params, runtime, extra, clients: _, ...rest } = said;
  const beside = { ...extra, ...(invocation_params && { invocation_params }), ...(runtime && { runtime }) };
  const hasExtra = Object.keys(beside).length > 0 || Object.keys(metadata).length > 0;
  const run: Omit<Run, "extra"> = {
    ...rest,
    name,
    run_type,
    // A patch replaces `extra` whole; what was posted there stays only when it is not named at all.
    ...(hasExtra && { extra: { ...beside, metadata } }),
    id: place.runId,
    trace_id: place.traceId,
    dotted_order: place.dottedOrder,
    start_time: isoOf(place.startMicros),
    ...(end_time !== undefined && { end_time: isoOf(Math.max(place.startMicros, Math.round(end_time * 1000))) }),
    session_name: tree.project_name,
  };
  if (place.parentRunId !== undefined) run.parent_run_id = place.parentRunId;
  return run as Run;
}

/** Looks up a parent of which only the id is known, so that the run stands under it. */
async function findParent(tree: TreeRecord, parentId: string): Promise<void> {
  const state = tree[TREE];
  state.missingParent = undefined;
  const { runId, startMicros } = state.place;
  try {
    const parent = await findRun(parentId);
    const above = placeOfDottedOrder(parent.dotted_order);
    if (!above) throw new Error("the run has no valid dotted_order");
    state.place = childPlace(above, runId, startMicros);
  } catch (error) {
    state.place = rootPlace(runId, startMicros);
    tree.metadata = { parent_run_id: parentId } satisfies KeyValues;
    warnOnce(
      "LSB_WARN_PARENT_NOT_FOUND",
      `The parent of ${JSON.stringify(tree.name)}, run ${parentId}, could not be read (${wordsOf(error)}); the run starts a trace of its own and names the parent in its metadata. Give parent_run, or dotted_order beside parent_run_id.`,
      parentId,
    );
  }
}

/** Ours is written for log lines; another's may quote what was sent. */
function wordsOf(error: unknown): string {
  return error instanceof LangSmithRequestError ? error.message : kindOfThrown(error);
}
