// The state of a run tree: of one that is made, and of one that speaks of a run which exists.

import { placeOfDottedOrder } from "../identity/place.js";
import { together } from "../privacy/client-rules.js";
import { TREE } from "../shared.js";
import { obeyed } from "./clients.js";
import type { AuthoredRun, RunAbove, TreeRecord, TreeState } from "./record.js";
import { errorOf, type OwnConfig, projectOf } from "./run-tree-config.js";
import { placeOfConfig } from "./run-tree-place.js";

/** A run that exists already, taken over by the tree that speaks of it. */
export class Adopted<Tree extends TreeRecord> {
  constructor(
    readonly run: AuthoredRun,
    readonly config: OwnConfig,
    readonly origin: "made" | "foreign",
    readonly parent: Tree | undefined,
  ) {}
}

/** What is above whoever hangs under a tree, of this package or of langsmith. */
export function aboveOf(tree: TreeRecord): RunAbove | undefined {
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
export function configOf(tree: TreeRecord): OwnConfig {
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

/** A copy of a run tree, of this package or of langsmith, is made with that one's clients. */
export function obeyAsWell(state: TreeState, original: TreeRecord): void {
  const above = aboveOf(original);
  state.client ??= above?.client;
  state.clients = together(state.clients, above?.clients);
}

/** The clients of a tree whose run is there already: its span's run, and whoever hangs under it, obey them as well. */
export function obeyFromNowOn({ clients, content, run }: TreeState): void {
  if (!clients) return;
  content.clients = clients;
  if (run) run.clients = clients;
}

/** The state of a tree that is made, under another or none. @throws RunIdError */
export function madeState(config: OwnConfig, parent?: TreeRecord, onEnd?: () => void): TreeState {
  const above = parent && aboveOf(parent);
  const { place, missingParent, isStated } = placeOfConfig(config, above?.place);
  return {
    place,
    missingParent,
    origin: isStated ? "reference" : "made",
    above,
    asAttributes: config.contentAsAttributes,
    client: config.client ?? above?.client,
    clients: together(obeyed(config.client), above?.clients),
    onEnd,
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
export function adoptedState({ run, config, origin, parent }: Adopted<TreeRecord>): TreeState {
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
