// What a RunTree is made of, besides its public fields.

import type { Bridge } from "../bridges.js";
import { type ParentPlace, placeOfDottedOrder } from "../identity/place.js";
import type { AuthoredContent } from "../mapping/authored.js";
import { TREE } from "../shared.js";
import type { KeyValues } from "../wire/run.js";
import type { AuthoredRun } from "./authored-run.js";
import { type ClientLike, obeyed, together } from "./clients.js";
import type { RunTree } from "./run-tree.js";
import { errorOf, projectOf, type RunTreeConfig } from "./run-tree-config.js";
import type { RunLike } from "./run-tree-origins.js";
import { placeOfConfig, type RunAbove } from "./run-tree-place.js";

/** What a run tree knows besides its public fields. Under a symbol, so that two copies of the package can read it. */
export interface TreeState {
  place: ParentPlace;
  missingParent: string | undefined;
  /** `made` here; `reference`: a run that may be another process's, of which only the place is known for sure. */
  readonly origin: "made" | "reference" | "foreign";
  readonly above: RunAbove | undefined;
  readonly asAttributes: boolean | undefined;
  /** The client it was made with, or the one above was. */
  client: ClientLike | undefined;
  /** The clients whose rules it obeys. */
  clients: readonly object[] | undefined;
  readonly onEnd: ((runTree: RunTree) => void) | undefined;
  /** The project wished for; a child's is its trace's. */
  readonly projectName: string | undefined;
  content: AuthoredContent;
  run: AuthoredRun | undefined;
  /** What it is sent by where tracing is switched off: then it has no span. */
  direct: Bridge | undefined;
  isPosted: boolean;
  isPatched: boolean;
  areInputsSet: boolean;
  inputs: KeyValues;
  outputs: KeyValues | undefined;
  error: string | undefined;
}

/** A run that exists already, taken over by the tree that speaks of it. */
export class Adopted {
  constructor(
    readonly run: AuthoredRun,
    readonly config: RunTreeConfig,
    readonly origin: "made" | "foreign",
    readonly parent: RunTree | undefined,
  ) {}
}

/** What is above whoever hangs under a tree, of this package or of langsmith. */
export function aboveOf(tree: RunTree): RunAbove | undefined {
  const state: TreeState | undefined = tree[TREE];
  if (state) {
    const { run, place, client } = state;
    const project = run?.project ?? state.above?.project ?? state.projectName;
    return { place, span: run?.span, project, client, clients: state.clients };
  }
  const place = placeOfDottedOrder(tree.dotted_order);
  // A tree of langsmith's has a client always, its own default too.
  const client: unknown = Reflect.get(tree, "client");
  return place && { place, span: undefined, project: tree.project_name, ...clientIn(client) };
}

function clientIn(client: unknown): Pick<RunAbove, "client" | "clients"> {
  const isClient = typeof client === "object" && client !== null;
  return { client: isClient ? client : undefined, clients: obeyed(client) };
}

/** A run tree as a config: a copy of it is another tree of the same run. */
export function configOf(tree: RunTree): RunTreeConfig {
  const { name, run_type, id, dotted_order, extra, inputs, start_time, serialized } = tree;
  const { tags, events, outputs, error, end_time, reference_example_id, attachments } = tree;
  return {
    ...{ name, run_type, id, dotted_order, extra, inputs, start_time, serialized },
    ...(tags && { tags }),
    ...(events && { events }),
    ...(outputs && { outputs }),
    ...(error !== undefined && { error }),
    ...(end_time !== undefined && { end_time }),
    ...(reference_example_id !== undefined && { reference_example_id }),
    ...(attachments && { attachments }),
  };
}

/** A run that LangSmith returned, or a reference, as a config. */
export function configOfRun(run: RunLike): RunTreeConfig {
  const { id, name = "parent", dotted_order, session_name, extra, inputs, tags, run_type, parent_run_id } = run;
  return {
    id,
    name,
    ...(dotted_order != null && { dotted_order }),
    ...(parent_run_id != null && { parent_run_id }),
    ...(session_name != null && { project_name: session_name }),
    ...(extra != null && { extra }),
    ...(inputs != null && { inputs }),
    ...(tags != null && { tags }),
    ...(run_type != null && { run_type }),
  };
}

/** The state of a tree that is made. @throws RunIdError */
export function madeState(config: RunTreeConfig): TreeState {
  const above = config.parent_run && aboveOf(config.parent_run);
  const { place, missingParent, isStated } = placeOfConfig(config, above?.place);
  return {
    place,
    missingParent,
    origin: isStated ? "reference" : "made",
    above,
    asAttributes: config.contentAsAttributes,
    client: config.client ?? above?.client,
    clients: together(obeyed(config.client), above?.clients),
    onEnd: config.on_end,
    projectName: projectOf(config),
    content: {},
    run: undefined,
    direct: undefined,
    isPosted: false,
    isPatched: false,
    areInputsSet: false,
    inputs: config.inputs ?? {},
    outputs: config.outputs,
    error: errorOf(config.error),
  };
}

/** The state of a tree that speaks of a run that exists. */
export function adoptedState({ run, config, origin, parent }: Adopted): TreeState {
  return {
    ...madeState({ name: config.name }),
    place: run.place,
    origin,
    above: parent && aboveOf(parent),
    projectName: run.project,
    client: run.client,
    clients: run.clients,
    content: run.content,
    run,
    isPosted: true,
    inputs: config.inputs ?? {},
  };
}
