// What the authoring API leaves beside a span: content that never was an attribute.
import type { Attachment, KeyValues, RunContent, RunEvent, RunType } from "../wire/run.js";
import { put } from "./json.js";
import { authoredUsage } from "./usage.js";

/**
 * Content written with `traceable` or `RunTree`. It beats every vocabulary field by field; metadata and tags merge.
 * A `usage_metadata` in `outputs` or `metadata` is the run's usage, whatever its type: LangSmith takes costs on any run.
 */
export interface AuthoredContent {
  name?: string;
  run_type?: RunType;
  inputs?: KeyValues;
  outputs?: KeyValues;
  error?: string;
  events?: RunEvent[];
  tags?: string[];
  metadata?: KeyValues;
  invocation_params?: KeyValues;
  runtime?: KeyValues;
  /** What else belongs into `extra`, beside metadata, invocation_params and runtime. */
  extra?: KeyValues;
  serialized?: KeyValues;
  reference_example_id?: string;
  attachments?: Record<string, Attachment>;
  /** Clients that came after the start, whose rules it obeys too; never sent. */
  clients?: readonly object[];
}

/** Lays authored content over what was mapped: field by field it wins; metadata and tags merge. */
export function layAuthored(content: RunContent, authored: AuthoredContent): void {
  const { metadata: stated, inputs, outputs } = authored;
  const metadata = content.extra.metadata;
  if (inputs !== undefined) content.inputs = inputs;
  if (outputs !== undefined) content.outputs = outputs;
  if (authored.error !== undefined && authored.error !== "") content.error = authored.error;
  if (authored.events !== undefined) content.events = [...authored.events, ...(content.events ?? [])];
  if (authored.tags !== undefined) content.tags = [...new Set([...authored.tags, ...(content.tags ?? [])])];
  if (stated !== undefined) for (const key of Object.keys(stated)) put(metadata, key, stated[key]);
  const usage = outputs?.["usage_metadata"] ?? stated?.["usage_metadata"];
  if (usage !== undefined) metadata["usage_metadata"] = authoredUsage(usage);
  const { invocation_params: params, runtime, serialized, reference_example_id: example, attachments } = authored;
  if (params !== undefined) content.extra.invocation_params = { ...content.extra.invocation_params, ...params };
  if (runtime !== undefined) content.extra.runtime = runtime;
  if (authored.extra !== undefined)
    for (const key of Object.keys(authored.extra)) content.extra[key] ??= authored.extra[key];
  if (serialized !== undefined) content.serialized = serialized;
  if (example !== undefined) content.reference_example_id = example;
  if (attachments !== undefined) content.attachments = attachments;
}
