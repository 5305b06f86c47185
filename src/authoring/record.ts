// What is known of a run made by hand: the record of the running one, and that of its run tree. Types alone, the lowest
// floor of this room: what works on a run tree takes a record, not the class.
import type { Span } from "@opentelemetry/api";
import type { Bridge } from "../bridges.js";
import type { ParentPlace } from "../identity/place.js";
import type { AuthoredContent } from "../mapping/authored.js";
import type { TREE } from "../shared.js";
import type { KeyValues } from "../wire/run.js";
import type { ClientLike } from "./clients.js";
import type { Attachments } from "./run-tree-config.js";

/** A run of this process whose span is open (or has ended). */
export interface AuthoredRun {
  readonly span: Span;
  readonly content: AuthoredContent;
  readonly place: ParentPlace;
  readonly project: string | undefined;
  /** What children take over: the user's own object, so what is set while it runs is handed down too. */
  metadata: KeyValues;
  /** Made when somebody asks for it. */
  tree: TreeRecord | undefined;
  /** What it was started under, as far as that was made by hand: the parent, unless another span stands between. */
  readonly startedUnder: AuthoredRun | TreeRecord | undefined;
  readonly asAttributes: boolean;
  /** The client it was made with; those below are made with it too. */
  readonly client: ClientLike | undefined;
  /** The clients whose rules it obeys; a later one may come. */
  clients: readonly object[] | undefined;
  hasEnded: boolean;
}

/** What is above a run, as far as its span needs it. */
export interface RunAbove {
  readonly place: ParentPlace;
  /** Its span, where it has one in this process. */
  readonly span: Span | undefined;
  readonly project: string | undefined;
  /** The client it was made with. */
  readonly client: ClientLike | undefined;
  /** The clients whose rules it obeys, and whoever hangs under it. */
  readonly clients: readonly object[] | undefined;
}

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
  readonly onEnd: (() => void) | undefined;
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

/** A run tree, as far as whoever posts, patches or hangs under it has to know: of this copy of the package or another. */
export interface TreeRecord {
  readonly [TREE]: TreeState;
  readonly id: string;
  readonly trace_id: string;
  readonly dotted_order: string;
  /** The project of its trace. */
  readonly project_name: string;
  name: string;
  run_type: string;
  /** Milliseconds since the epoch, like `end_time`. */
  start_time: number;
  end_time: number | undefined;
  extra: KeyValues;
  metadata: KeyValues;
  inputs: KeyValues;
  outputs: KeyValues | undefined;
  error: string | undefined;
  tags: string[] | undefined;
  serialized: object;
  events: KeyValues[] | undefined;
  reference_example_id: string | undefined;
  attachments: Attachments | undefined;
  tracingEnabled: boolean | undefined;
}
