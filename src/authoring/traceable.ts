// traceable: a function whose every call is a run, nested by OpenTelemetry's own context.
import { type Context, context } from "@opentelemetry/api";
import { getSettings, setSettings } from "../identity/context.js";
import type { AuthoredContent } from "../mapping/authored.js";
import { WRAPPED } from "../shared.js";
import { snapshotOf } from "../snapshot/snapshot.js";
import type { KeyValues } from "../wire/run.js";
import { authoredIn, inheritable, startAuthored, withAuthored } from "./authored-run.js";
import { type Call, callConfig, readCall } from "./call.js";
import { callSafely, insteadOf } from "./callbacks.js";
import { obeyed, warnOfOtherDestination } from "./clients.js";
import { checkRunConfig } from "./config-names.js";
import { runTreeIn, treeOf } from "./current.js";
import { checkRunId, sayDuplicate } from "./custom-ids.js";
import { failWith, type RunningCall } from "./finishing.js";
import { inputsOf, watchArgs } from "./inputs.js";
import { handOn } from "./promises.js";
import type { AuthoredRun } from "./record.js";
import { isRunTree, RunTree } from "./run-tree.js";
import {
  attachmentsOf,
  errorOf,
  eventsOf,
  metadataOf,
  microsOfTime,
  nameOf,
  projectOf,
  runTypeOf,
  tagsOf,
} from "./run-tree-config.js";
import { contextOutside, contextUnder } from "./run-tree-place.js";
import { aboveOf } from "./run-tree-state.js";
import { checkContextManager, hasBridge } from "./tracer.js";
import { type AnyFunction, type LooseConfig, ROOT, type TraceableConfig, type TraceableFunction } from "./types.js";
import { isThenable } from "./values.js";

/** Under this name a traced function carries its config; the langsmith package's own. */
const MARK = "langsmith:traceable";
/**
 * Traces a function: every call is a run, and what is traced inside it, by hand or by an instrumentation, hangs under
 * it. The function keeps its type and its manners: sync stays sync; promises, thenables with methods of their own,
 * generators, async iterables and `ReadableStream`s come back as what they were, and the run ends when their consumer
 * is done, breaks off, or gets an error. With no processor running it runs untraced, and says so once.
 *
 * @param wrapped the function
 * @param config the langsmith package's names, all optional; `name` defaults to the function's own
 * @throws RunIdError for a config whose `id` is no UUID; LangSmithOptionError for replicas of its own, and for an option
 * that asks for hiding or masking and is none; a call throws what the function throws, nothing else
 * @example
 * ```ts
 * const answer = traceable(async (question: string) => model.ask(question), { name: "answer", run_type: "chain" });
 * await answer("Why is the sky blue?");
 * ```
 */
export function traceable<Func extends AnyFunction>(
  wrapped: Func,
  config: TraceableConfig<Func> = {},
): TraceableFunction<Func> {
  checkRunConfig(config);
  checkRunId(config.id, "The id of a traceable");
  projectOf(config);
  const name = nameOf(config.name) ?? (wrapped.name || "<lambda>");
  const own: LooseConfig = { ...(config as LooseConfig), name };
  let idUses = 0;

  function traced(this: unknown, ...given: unknown[]): unknown {
    // With nobody to trace for, and nothing among the arguments that is not the function's, there is nothing to do.
    if (isPlainCall(own, given[0]) && !hasBridge("traceable")) return wrapped.apply(this, given);
    const call = readCall(own, given);
    const base = context.active();
    if (!isTraced(call, base)) return runUntraced(wrapped, this, call, base);
    if (call.config.id !== undefined && call.config.id === own.id && ++idUses > 1) sayDuplicate(own.id, name);
    return runTraced(wrapped, this, call, base);
  }

  copyProperties(wrapped, traced);
  Object.defineProperty(traced, MARK, { value: own });
  Object.defineProperty(traced, WRAPPED, { value: wrapped });
  Object.defineProperty(traced, "withConfig", {
    value: (more: Partial<LooseConfig>) => traceable(wrapped, callConfig(own, more) as TraceableConfig<Func>),
  });
  // The function has been given everything that the type says; TypeScript cannot follow defineProperty.
  return traced as unknown as TraceableFunction<Func>;
}

function isPlainCall({ argsConfigPath }: LooseConfig, first: unknown): boolean {
  return argsConfigPath === undefined && typeof first !== "object" && first !== ROOT;
}

/** Whether a value is a function that `traceable` made, of this package or of langsmith. */
export function isTraceableFunction(value: unknown): value is TraceableFunction<AnyFunction> {
  return typeof value === "function" && MARK in value;
}

function copyProperties(from: AnyFunction, to: AnyFunction): void {
  for (const key of Reflect.ownKeys(from)) {
    if (key === "prototype" || key === MARK || key === WRAPPED || key === "withConfig") continue;
    const descriptor = Reflect.getOwnPropertyDescriptor(from, key);
    if (descriptor) Reflect.defineProperty(to, key, descriptor);
  }
}

function isTraced(call: Call, base: Context): boolean {
  const { tracingEnabled } = call.config;
  if (tracingEnabled === false) return false;
  if (tracingEnabled === undefined) {
    if (isRunTree(call.parent) && call.parent.tracingEnabled === false) return false;
    if (getSettings(base)?.enabled === false) return false;
  }
  return hasBridge("traceable");
}

function runUntraced(wrapped: AnyFunction, self: unknown, call: Call, base: Context): unknown {
  const { parent, args, config } = call;
  const inert = () => new RunTree({ name: config.name ?? "<lambda>", tracingEnabled: false });
  const tree = parent === ROOT ? inert() : isRunTree(parent) ? parent : undefined;
  const run = () => wrapped.apply(self, tree ? [tree, ...args] : args);
  if (config.tracingEnabled !== false) return run();
  return context.with(setSettings(base, { enabled: false }), run);
}

function runTraced(wrapped: AnyFunction, self: unknown, call: Call, base: Context): unknown {
  const { config, parent } = call;
  const watched = watchArgs(call.args, depthOf(config));
  const started = startCall(call, watched.args, base);
  if (!started) return runUntraced(wrapped, self, call, base);
  const { run, inside, inputsReady } = started;
  const name = nameOf(config.name) ?? "<lambda>";
  const { seen } = watched;
  const inputsSeen = seen && (() => processInputs(call, inputsOf(call.args, seen())));
  const running: RunningCall = { run, name, config, inside, inputsReady, inputsSeen };
  const args = call.passesTree && parent !== undefined ? [treeOf(run), ...watched.args] : watched.args;
  const { on_start } = config;
  if (on_start) callSafely("on_start", name, () => on_start(treeOf(run)));
  let result: unknown;
  try {
    result = context.with(inside, () => {
      checkContextManager(inside);
      return wrapped.apply(self, args);
    });
  } catch (error) {
    failWith(running, error);
    throw error;
  }
  return handOn(running, result);
}

function depthOf({ __deferredSerializableArgOptions: given }: LooseConfig): number {
  const { depth = 0, maxDepth = 0 } = given ?? {};
  // Walked by recursion: no deeper than anybody nests.
  return Math.min(100, Math.max(0, maxDepth - depth));
}

interface StartedCall {
  readonly run: AuthoredRun;
  readonly inside: Context;
  readonly inputsReady: Promise<unknown> | undefined;
}

/** Starts the call's span, its content beside it. */
function startCall(call: Call, args: readonly unknown[], base: Context): StartedCall | undefined {
  const { config, parent } = call;
  const name = nameOf(config.name) ?? "<lambda>";
  if (config.client) warnOfOtherDestination(config.client);
  const stated = metadataOf(config);
  const metadata: KeyValues = {
    ...callSafely("getInvocationParams", name, () => config.getInvocationParams?.(...args)),
    ...inheritedBy(parent, base),
    ...stated,
  };
  const content: AuthoredContent = { name, run_type: runTypeOf(config.run_type) };
  const inputsReady = fillContent(content, call, args, metadata);
  const carried = carry(base, config, stated);
  const above = parent === ROOT ? contextOutside(carried) : parent ? underTree(carried, parent) : carried;
  const run = startAuthored(
    {
      name,
      content,
      metadata,
      id: checkedId(config.id, name),
      asAttributes: config.contentAsAttributes,
      tracer: config.tracer,
      startMicros: microsOfTime(config.start_time),
      client: config.client,
      startedUnder: parent === ROOT ? undefined : (parent ?? authoredIn(base)),
    },
    above,
  );
  return run && { run, inside: withAuthored(parent === ROOT ? carried : above, run), inputsReady };
}

/** The context with what every run started inside takes over from this one's config. */
function carry(base: Context, config: TraceableConfig, stated: KeyValues): Context {
  const handed = inheritable(stated);
  const hasMetadata = Object.keys(handed).length > 0;
  const { tracingEnabled } = config;
  const projectName = callSafely("address", config.name ?? "", () => projectOf(config));
  const clients = obeyed(config.client);
  if (!hasMetadata && !projectName && !clients && tracingEnabled !== true) return base;
  return setSettings(base, {
    ...(hasMetadata && { metadata: snapshotOf(handed) }),
    ...(projectName && { projectName }),
    ...(clients && { clients }),
    ...(tracingEnabled === true && { enabled: true }),
  });
}

function underTree(base: Context, parent: RunTree): Context {
  const above = aboveOf(parent);
  return above ? contextUnder(base, above) : contextOutside(base);
}

function inheritedBy(parent: Call["parent"], base: Context): KeyValues {
  if (parent === ROOT) return {};
  if (parent) return inheritable(parent.metadata);
  const authored = authoredIn(base);
  const set = authored ? undefined : runTreeIn(base);
  return inheritable(authored ? (authored.tree?.metadata ?? authored.metadata) : set?.metadata);
}

function checkedId(id: unknown, name: string): string | undefined {
  return callSafely("id", name, () => checkRunId(id, "The id of a call"));
}

/** Everything that is said of a call at its start; the promise is of inputs that are still being processed. */
function fillContent(
  content: AuthoredContent,
  call: Call,
  args: readonly unknown[],
  metadata: KeyValues,
): Promise<unknown> | undefined {
  const { config } = call;
  const { metadata: _metadata, invocation_params, runtime, ...extra } = config.extra ?? {};
  if (Object.keys(metadata).length > 0) content.metadata = snapshotOf(metadata);
  if (invocation_params !== undefined) content.invocation_params = snapshotOf(invocation_params);
  if (runtime !== undefined) content.runtime = snapshotOf(runtime);
  if (Object.keys(extra).length > 0) content.extra = snapshotOf(extra);
  const tags = tagsOf(config.tags);
  if (tags) content.tags = tags;
  const events = eventsOf(config.events);
  if (events) content.events = events;
  const error = errorOf(config.error);
  if (error !== undefined) content.error = error;
  if (config.reference_example_id !== undefined) content.reference_example_id = config.reference_example_id;
  if (config.serialized) content.serialized = snapshotOf(config.serialized);
  const taken = callSafely("extractAttachments", config.name ?? "", () => config.extractAttachments?.(...args));
  const attachments = attachmentsOf(taken?.[0] ?? config.attachments);
  if (attachments) content.attachments = attachments;
  const inputs = processInputs(call, taken ? taken[1] : inputsOf(args));
  if (!isThenable(inputs)) {
    content.inputs = snapshotOf(inputs, "input");
    return undefined;
  }
  content.inputs = {};
  return Promise.resolve(inputs).then((done) => {
    content.inputs = snapshotOf(done, "input");
  });
}

/** What is recorded of inputs: they, or what the config's `processInputs` makes of them. A promise never rejects. */
function processInputs({ config }: Call, inputs: KeyValues): KeyValues | Promise<KeyValues> {
  const { name = "<lambda>", processInputs: process } = config;
  if (!process) return inputs;
  try {
    const made: KeyValues | Promise<KeyValues> = process(inputs);
    if (!isThenable(made)) return made;
    return Promise.resolve(made).catch((error: unknown) => insteadOf(inputs, "inputs", name, error));
  } catch (error) {
    return insteadOf(inputs, "inputs", name, error);
  }
}
