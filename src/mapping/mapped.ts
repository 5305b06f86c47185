// What mapping gives for one span: the run's content, and the wishes and facts beside it.
import type { KeyValues, RunContent } from "../wire/run.js";
import type { AuthoredContent } from "./authored.js";
import type { MappableLogRecord } from "./span.js";
import type { Vocabulary } from "./vocabulary.js";

/** What a run is made of besides the span itself. */
export interface MapSources {
  /** Log records of the span, in the order they came. */
  readonly logs?: readonly MappableLogRecord[];
  /** Content from the authoring API; beats every attribute. */
  readonly content?: AuthoredContent;
  /** The vocabularies to read by, the most specific first. Default: `defaultVocabularies`. */
  readonly vocabularies?: readonly Vocabulary[];
  /** Whether embeddings keep their vectors in `outputs.embeddings`. Default false: only their number and size. */
  readonly withVectors?: boolean;
}

/** Something a newcomer should be told, with a stable code. */
export interface MappingWarning {
  readonly code: `LSB_WARN_${string}`;
  readonly message: string;
  /** What it is about, so that it is said once for each: a library. */
  readonly about?: string;
}

/** One span, mapped. */
export interface Mapped {
  readonly content: RunContent;
  /** The project the span wishes for. */
  readonly project?: { name?: string; id?: string };
  /** Whether this is an llm or an embedding call. */
  readonly isModelCall: boolean;
  /** Whether nothing states a model call, and what the span shows makes it one: a span that wraps a call is none. */
  readonly isInferredCall?: boolean;
  /** Whether the messages (or the texts to embed) of the call are here. */
  readonly hasMessages: boolean;
  /** Whether the answer of the call is here; undefined while it lives. */
  readonly hasAnswer?: boolean;
  readonly threadId?: string;
  /** Whether this is an agent's or a workflow's span. */
  readonly isAgent: boolean;
  /** Token counts as the span stated them, under their own keys; where they are not usage they are metadata. */
  readonly counts?: KeyValues;
  /** What an instrumentation says that a run used which is no model call: it counts where nothing below it has usage. */
  readonly usageIfAlone?: KeyValues;
  readonly warnings?: readonly MappingWarning[];
}
