// Maps a whole recording the way the processor does, without ids and times: the runs as a tree of spans.
import {
  answerOf,
  asAgent,
  asStatusAbove,
  callOf,
  demoteModelCall,
  type Mapped,
  mapSpan,
  settleModelCalls,
  toldOf,
} from "../../src/mapping/index.js";
import { type RecordedSpan, type Recording, toMappable, toMappableLog } from "../fixtures/load.js";

export interface MappedNode {
  readonly span: RecordedSpan;
  mapped: Mapped;
  readonly parent: MappedNode | undefined;
  readonly children: MappedNode[];
}

/** The mapped runs of a recording, each span in the last state that was recorded of it, in the order of their starts. */
export function mapRecording(recording: Recording): MappedNode[] {
  const last = new Map<string, RecordedSpan>();
  for (const { span } of recording.calls) last.set(span.spanId, span);
  const nodes = new Map<string, MappedNode>();
  for (const span of last.values()) {
    const logs = recording.logs.filter(({ log }) => log.spanId === span.spanId).map(({ log }) => toMappableLog(log));
    const parent = span.parentIsRemote === true ? undefined : nodes.get(span.parentSpanId ?? "");
    const node: MappedNode = { span, mapped: mapSpan(toMappable(span), { logs }), parent, children: [] };
    parent?.children.push(node);
    nodes.set(span.spanId, node);
  }
  const all = [...nodes.values()];
  for (const node of all) settle(node);
  for (const node of [...all].sort(byEnd)) settleBeside(node);
  for (const node of all) {
    node.mapped = asAgent(
      node.mapped,
      above(node).some((ancestor) => ancestor.mapped.isAgent),
    );
    const { error } = node.mapped.content;
    if (error === undefined) continue;
    for (const ancestor of above(node)) ancestor.mapped = asStatusAbove(ancestor.mapped, error);
  }
  return all;
}

function tellsItToo(other: Mapped, own: Mapped): boolean {
  if (toldOf(other) !== toldOf(own)) return toldOf(other) > toldOf(own);
  const answer = answerOf(own);
  return other !== own && answer !== undefined && answerOf(other) === answer;
}

/** As the processor takes them: what ends first is the call, where both tell as much. */
function byEnd({ span: a }: MappedNode, { span: b }: MappedNode): number {
  const [first, second] = [a.endTime, b.endTime];
  if (first === null || second === null) return first === second ? 0 : first === null ? 1 : -1;
  return second[0] === first[0] ? second[1] - first[1] : second[0] - first[0];
}

/** The runs above a run, the nearest first. */
export function above(node: MappedNode): MappedNode[] {
  return node.parent === undefined ? [] : [node.parent, ...above(node.parent)];
}

function settle(inner: MappedNode): void {
  if (!inner.mapped.isModelCall) return;
  for (const outer of above(inner)) {
    const { isModelCall, isAgent, content } = outer.mapped;
    if (isModelCall) {
      const settled = settleModelCalls(outer.mapped, inner.mapped);
      outer.mapped = settled.outer;
      inner.mapped = settled.inner;
      return;
    }
    if (isAgent || content.run_type === "tool" || content.run_type === "retriever") return;
  }
}

/** Two libraries' spans of one call, side by side: the one that ends after the other told it is no call. */
function settleBeside(node: MappedNode): void {
  const call = callOf(node.mapped);
  if (call === undefined || node.parent === undefined) return;
  const { instrumentationScope: scope, startTime } = node.span;
  const told = node.parent.children.find(({ mapped, span: { instrumentationScope, endTime } }) => {
    if (callOf(mapped) !== call || !tellsItToo(mapped, node.mapped)) return false;
    if (instrumentationScope.name === scope.name || endTime === null) return false;
    return startTime[0] < endTime[0] || (startTime[0] === endTime[0] && startTime[1] < endTime[1]);
  });
  if (told !== undefined) node.mapped = demoteModelCall(node.mapped);
}

/** A tree as the golden files hold it: every field of every run, without what only the processor knows. */
export function goldenOf(nodes: readonly MappedNode[]): unknown {
  return nodes.filter((node) => node.parent === undefined).map(goldenRun);
}

function goldenRun(node: MappedNode): unknown {
  const { mapped, span, children } = node;
  const { name, run_type, inputs, outputs, error, events, tags, extra, ...rest } = mapped.content;
  return {
    name,
    run_type,
    ...(span.ended ? {} : { never_ended: true }),
    ...(inputs === undefined ? {} : { inputs }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(error === undefined ? {} : { error }),
    ...(events === undefined ? {} : { events }),
    ...(tags === undefined ? {} : { tags }),
    ...rest,
    extra,
    ...(mapped.project === undefined ? {} : { project: mapped.project }),
    ...(mapped.threadId === undefined ? {} : { thread: mapped.threadId }),
    ...(mapped.warnings === undefined ? {} : { warnings: mapped.warnings.map((warning) => warning.code) }),
    ...(children.length === 0 ? {} : { children: children.map(goldenRun) }),
  };
}
