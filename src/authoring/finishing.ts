// How a traced call's run ends: with what the function gave, with what it threw, or broken off.
import { type Context, context } from "@opentelemetry/api";
import { TREE } from "../shared.js";
import { snapshotOf } from "../snapshot/snapshot.js";
import { untilEnded } from "../waiting-ends.js";
import type { KeyValues } from "../wire/run.js";
import { endAuthored, markInterrupted } from "./authored-run.js";
import { callSafely, insteadOf, sayThrown } from "./callbacks.js";
import { treeOf } from "./current.js";
import type { AuthoredRun } from "./record.js";
import { microsOfTime } from "./run-tree-config.js";
import { fill } from "./run-tree-send.js";
import { failureInChunk } from "./stream-failures.js";
import type { StreamTap } from "./streams.js";
import type { LooseConfig } from "./types.js";
import { isBubbleUp, isKeyValues, isThenable, textOfError } from "./values.js";

/** A call that is running. */
export interface RunningCall {
  readonly run: AuthoredRun;
  readonly name: string;
  readonly config: Pick<
    LooseConfig,
    "aggregator" | "errorIn" | "processOutputs" | "on_end" | "end_time" | "__finalTracedIteratorKey"
  >;
  /** The context inside the run. */
  readonly inside: Context;
  /** The inputs once more, where arguments show what they hold only while they are read. */
  readonly inputsSeen: (() => KeyValues | Promise<KeyValues>) | undefined;
  /** An asynchronous `processInputs` that is not done. */
  readonly inputsReady: Promise<unknown> | undefined;
}

/** Ends the run with a value. Never throws. */
export function finishWith(call: RunningCall, value: unknown, thrown?: string): void {
  const { config, run } = call;
  if (run.hasEnded) return;
  const error = thrown ?? config.errorIn?.(value);
  const endMicros = Date.now() * 1000;
  // A copy, as in the langsmith package: what contains itself is cut where it stands a second time.
  const outputs = isKeyValues(value) ? { ...value } : { outputs: value };
  if (!config.processOutputs) {
    complete(call, outputs, error, endMicros);
    return;
  }
  let processed: unknown;
  try {
    processed = config.processOutputs({ ...outputs });
  } catch (failure) {
    processed = insteadOf(outputs, "outputs", call.name, failure);
  }
  if (!isThenable(processed)) {
    complete(call, processed, error, endMicros);
    return;
  }
  const work = Promise.resolve(processed).then(
    (done) => complete(call, done, error, endMicros),
    (failure: unknown) => complete(call, insteadOf(outputs, "outputs", call.name, failure), error, endMicros),
  );
  untilEnded(work);
}

/** Ends the run with what was thrown. Never throws. */
export function failWith(call: RunningCall, thrown: unknown): void {
  if (call.run.hasEnded) return;
  call.run.content.error ??= errorOfThrown(call, thrown);
  close(call, Date.now() * 1000);
}

function errorOfThrown({ run }: RunningCall, thrown: unknown): string {
  if (isBubbleUp(thrown)) markInterrupted(run);
  return textOfError(thrown);
}

function complete(call: RunningCall, outputs: unknown, error: string | undefined, endMicros: number): void {
  const { content, tree } = call.run;
  // A function that returns nothing leaves standing what it set on its run tree.
  const isNothing = isKeyValues(outputs) && "outputs" in outputs && outputs["outputs"] === undefined;
  if (!isNothing || content.outputs === undefined) {
    content.outputs = snapshotOf(outputs, "outputs");
    if (tree) tree[TREE].outputs = isKeyValues(outputs) ? outputs : content.outputs;
  }
  if (error !== undefined) content.error ??= error;
  close(call, endMicros);
}

function close(call: RunningCall, endMicros: number): void {
  const { inputsReady, inputsSeen } = call;
  const seen = inputsSeen && callSafely("processInputs", call.name, inputsSeen);
  if (inputsReady === undefined && !isThenable(seen)) {
    if (seen) call.run.content.inputs = snapshotOf(seen, "input");
    end(call);
    return;
  }
  const work = Promise.allSettled([inputsReady, seen]).then(([, inputs]) => {
    if (inputs.status === "fulfilled" && inputs.value) call.run.content.inputs = snapshotOf(inputs.value, "input");
    end(call, endMicros);
  });
  untilEnded(work);
}

function end(call: RunningCall, seenEnd?: number): void {
  const { run, config } = call;
  if (run.hasEnded) return;
  const endMicros = microsOfTime(config.end_time) ?? seenEnd;
  const { on_end } = config;
  const tree = on_end || run.tree ? treeOf(run) : undefined;
  if (!tree) {
    endAuthored(run, endMicros);
    return;
  }
  if (run.content.error !== undefined) tree[TREE].error ??= run.content.error;
  // An end that was set by hand stands; the span's own clock is finer than what a late end remembers.
  const statedEnd = tree.end_time;
  tree.end_time ??= (endMicros ?? Date.now() * 1000) / 1000;
  if (on_end) callSafely("on_end", call.name, () => on_end(tree));
  fill(tree);
  tree[TREE].isPatched = true;
  endAuthored(run, statedEnd === undefined ? endMicros : Math.round(statedEnd * 1000));
}

/** What watches a stream that the function gave: its chunks are the run's outputs, its end is the run's. What a sync generator returns counts as its last. */
export function tapOfCall(call: RunningCall, isSync = false): StreamTap {
  const chunks: unknown[] = [];
  const { run } = call;
  let failure: string | undefined;
  return {
    onChunk(chunk) {
      if (chunks.length === 0 && run.content.run_type === "llm") sayFirstToken(run);
      chunks.push(chunk);
      const told = call.config.errorIn ? undefined : failureInChunk(chunk);
      // Of two the first says more: what ends a stream names no cause.
      if (told !== undefined) failure = told === null ? undefined : (failure ?? told);
    },
    onDone(result) {
      if (result !== undefined && isSync) chunks.push(result);
      finishStream(call, chunks, failure);
    },
    onError: (error) => finishStream(call, chunks, errorOfThrown(call, error)),
    onCancel: () => finishStream(call, chunks, failure ?? "Cancelled"),
    call: (step) => context.with(call.inside, step),
  };
}

function sayFirstToken(run: AuthoredRun): void {
  const event = { name: "new_token", time: new Date().toISOString() };
  if (run.tree) treeOf(run).addEvent(event);
  else run.content.events = [...(run.content.events ?? []), event];
}

function finishStream(call: RunningCall, chunks: unknown[], error?: string): void {
  const { aggregator } = call.config;
  if (!aggregator) {
    finishWith(call, chunks, error);
    return;
  }
  let made: unknown;
  try {
    made = aggregator(chunks);
  } catch (failure) {
    sayThrown("aggregator", call.name, failure);
    made = chunks;
  }
  if (!isThenable(made)) {
    finishWith(call, made, error);
    return;
  }
  const work = Promise.resolve(made).then(
    (value) => finishWith(call, value, error),
    (failure: unknown) => {
      sayThrown("aggregator", call.name, failure);
      finishWith(call, chunks, error);
    },
  );
  untilEnded(work);
}
