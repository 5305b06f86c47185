// One span, live or ended, to the content of its run. Pure; never throws.

import { kindOfThrown } from "../thrown.js";
import { isUuid } from "../wire/ids.js";
import type { KeyValues, RunContent, RunExtra, RunType } from "../wire/run.js";
import { threadOf } from "../wire/thread.js";
import { agentTypeOfName } from "./agent-type.js";
import { toAttachments } from "./attachments.js";
import { type AuthoredContent, layAuthored } from "./authored.js";
import { contentOfRun } from "./content.js";
import { contentWarning } from "./content-off.js";
import { errorOf, eventsOf, isInterrupt } from "./errors.js";
import type { InsAndOuts } from "./ins-and-outs.js";
import { decode, isObject, toText } from "./json.js";
import type { Mapped, MappingWarning, MapSources } from "./mapped.js";
import { scopeVocabulary } from "./markers.js";
import { messageFormatOf } from "./message-format.js";
import { addOrigin, addUnread, type Wishes, wishesOf } from "./metadata.js";
import { toProvider } from "./provider.js";
import { contentEvents, noEvents, readSlots } from "./read.js";
import { copyOf, type Slots } from "./slots.js";
import type { MappableSpan } from "./span.js";
import { usageOfSpan } from "./span-usage.js";
import { isThere } from "./there.js";
import { addParam, addParams, toParamName, toTools } from "./tools.js";
import { typeOfRun } from "./type.js";
import { leaveUnplaced } from "./unplaced.js";
import { defaultVocabularies } from "./vocabularies/index.js";
import type { Vocabulary } from "./vocabulary.js";

/**
 * Maps a span to its run's content. The same for live spans (a pending run) and ended ones. Whatever the attributes
 * hold, there is a run: what cannot be read stays as it came, in the metadata.
 *
 * @example
 * ```ts
 * const { content } = mapSpan(span, { vocabularies: [mine, ...defaultVocabularies] });
 * ```
 */
export function mapSpan(span: MappableSpan, sources: MapSources = {}): Mapped {
  try {
    return map(span, sources);
  } catch (error) {
    return unmapped(span, sources.content, error);
  }
}

function map(span: MappableSpan, sources: MapSources): Mapped {
  const vocabularies = sources.vocabularies ?? defaultVocabularies;
  const slots = readSlots(span, sources.logs ?? [], vocabularies);
  const authored = sources.content;
  const { type, decidedBy, isInferredCall } = typeOfRun(span, slots, authored?.run_type);
  const isModelCall = type === "llm" || type === "embedding";
  const wishes = wishesOf(slots);
  const insAndOuts = contentOfRun(type, slots, span, sources.withVectors === true);
  const metadata = wishes.metadata;
  const homeless = leaveUnplaced(slots, sources.withVectors === true);
  const usageInOutputs = takeUsage(insAndOuts);
  const name = named(authored?.name) ?? nameOf(span, slots, type, wishes);
  const error = errorOf(span, slots, {
    outputs: insAndOuts.outputs,
    isThere: insAndOuts.outputs !== undefined || authored?.outputs !== undefined,
  });
  const events = eventsOf(
    span,
    slots,
    error,
    span.events.length === 0 ? noEvents : contentEvents(slots, homeless),
    type === "llm",
  );
  const params = paramsOf(slots, wishes, insAndOuts);
  if (isModelCall) describeModel(metadata, params, type);
  const usage = usageOfSpan(slots, wishes, insAndOuts, span, vocabularies);
  if (usage.metadata !== undefined && isModelCall) metadata["usage_metadata"] = usage.metadata;
  else if (!isModelCall && usage.stated !== undefined) metadata["usage_metadata"] = usage.stated;
  else if (!isModelCall) {
    if (usageInOutputs !== undefined) metadata["outputs.usage_metadata"] ??= usageInOutputs;
    for (const key of Object.keys(usage.counts)) metadata[key] ??= usage.counts[key];
  }

  const provider = slots.first("provider", toProvider);
  // LangChain's instrumentations name the framework where there is no model.
  if (provider !== undefined && (isModelCall || provider !== "langchain")) metadata["ls_provider"] ??= provider;
  else for (const candidate of slots.all("provider")) slots.leave(candidate);
  addModel(metadata, params, slots);
  const toolCallId =
    slots.first("tool_call_id", toText) ?? (type === "tool" ? callAnswered(insAndOuts.outputs) : undefined);
  if (toolCallId !== undefined) metadata["tool_call_id"] ??= toolCallId;
  const toolName = type === "tool" ? undefined : slots.all("tool_name")[0];
  if (toolName?.key !== undefined) metadata[toolName.key] ??= toolName.value;
  if (!insAndOuts.hasFinish) {
    const finish = slots.all("finish_reason")[0];
    if (finish?.key !== undefined) metadata[finish.key] ??= copyOf(finish.value);
  }
  const { facts } = insAndOuts;
  if (facts !== undefined) for (const key of Object.keys(facts)) metadata[key] ??= facts[key];
  if (wishes.threadId !== undefined) metadata["thread_id"] ??= wishes.threadId;
  if (wishes.userId !== undefined) metadata["user_id"] ??= wishes.userId;
  if (type !== "embedding") for (const candidate of slots.all("dimensions")) slots.leave(candidate);
  for (const candidate of slots.all("project_id")) slots.leave(candidate);
  const isAgent = slots.first("agent", (value) => value === true || undefined) === true;
  const integration =
    slots.first("integration", toText) ?? integrationOf(scopeVocabulary(span.scope.name, vocabularies) ?? decidedBy);
  if (integration !== undefined) metadata["ls_integration"] ??= integration;
  const example = slots.first("example_id", (value) => (isUuid(value) ? value : undefined));
  const agentType = isAgent ? undefined : agentTypeOfName(span.name);
  if (agentType !== undefined) metadata["ls_agent_type"] ??= agentType;
  const taken = slots.take("attachments", toAttachments);
  const attachments = taken?.value.found;
  if (taken?.candidate.key !== undefined && taken.value.left.length > 0)
    metadata[taken.candidate.key] ??= taken.value.left;
  if (authored === undefined && name !== span.name) metadata["otel.span.name"] ??= span.name;
  addOrigin(metadata, span);
  addUnread(metadata, slots);

  const extra: RunExtra = { metadata };
  if (Object.keys(params).length > 0) extra.invocation_params = params;
  const content: RunContent = { name, run_type: type, extra };
  if (insAndOuts.inputs !== undefined) content.inputs = insAndOuts.inputs;
  if (insAndOuts.outputs !== undefined) content.outputs = insAndOuts.outputs;
  if (error !== undefined) content.error = error.text;
  if (events !== undefined) content.events = events;
  if (wishes.tags.length > 0) content.tags = wishes.tags;
  if (example !== undefined) content.reference_example_id = example;
  if (attachments !== undefined) content.attachments = attachments;
  if (authored !== undefined) layAuthored(content, authored);
  if (type === "llm") addFormat(content);
  const hasMessages = insAndOuts.hasMessages || authored?.inputs !== undefined || authored?.outputs !== undefined;
  // LangSmith's flag for an error that is a pause.
  if (isInterrupt(content.error)) content.extra.metadata["ls_is_error_interrupt"] ??= true;
  const threadId = threadOf(content.extra.metadata);
  const warnings: MappingWarning[] = [];
  const off = type === "llm" && !hasMessages && error === undefined ? contentWarning(span) : undefined;
  if (off !== undefined) warnings.push(off);
  if (example === undefined && slots.has("example_id")) warnings.push(badExample);
  const mapped: Writable<Mapped> = { content, isModelCall, hasMessages, isAgent };
  const project = projectOf(wishes);
  if (isInferredCall) mapped.isInferredCall = true;
  if (span.ended) mapped.hasAnswer = content.outputs !== undefined;
  if (project !== undefined) mapped.project = project;
  if (threadId !== undefined) mapped.threadId = threadId;
  if (Object.keys(usage.counts).length > 0) mapped.counts = usage.counts;
  if (!isModelCall && usage.metadata !== undefined && content.extra.metadata["usage_metadata"] === undefined)
    mapped.usageIfAlone = usage.metadata;
  if (warnings.length > 0) mapped.warnings = warnings;
  return mapped;
}

const badExample: MappingWarning = {
  code: "LSB_WARN_FIELD",
  message:
    "A span carries a langsmith.reference_example_id that is no UUID; LangSmith would refuse the run. It is sent without it, and the attribute is kept in the run's metadata.",
};

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function nameOf(span: MappableSpan, slots: Slots, type: RunType, wishes: Wishes): string {
  const stated = slots.first("name", named);
  const tool = type === "tool" ? slots.first("tool_name", named) : undefined;
  const isLangSmiths = slots.all("name")[0]?.vocabulary.name === "langsmith";
  const wanted = named(wishes.name);
  const name = isLangSmiths ? (stated ?? wanted) : (wanted ?? tool ?? stated);
  // A name that another beat is no less a fact.
  const [first] = slots.all("name");
  if (first !== undefined && stated !== undefined && stated !== name) slots.leave(first);
  return name ?? named(span.name) ?? nameOfNameless(span, slots, type, tool);
}

/** A text that can be read as a name: LangSmith refuses a run without one. */
function named(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

/** What a span without a name is called, as the GenAI conventions put names together, or by who made it. */
function nameOfNameless(span: MappableSpan, slots: Slots, type: RunType, tool: string | undefined): string {
  const operation = slots.all("run_type")[0];
  const verb = named(operation?.raw ?? operation?.value)?.toLowerCase();
  const what = tool ?? named(slots.all("requested_model")[0]?.value) ?? named(slots.all("model")[0]?.value);
  const agent = named(span.attributes["gen_ai.agent.name"]);
  const about = what ?? agent;
  if (about !== undefined) return verb === undefined ? about : `${verb} ${about}`;
  return verb ?? named(span.scope.name) ?? (type === "chain" ? "unnamed" : type);
}

function paramsOf(slots: Slots, wishes: Wishes, insAndOuts: InsAndOuts): KeyValues {
  const params: KeyValues = {};
  const requested = slots.all("requested_model")[0] ?? undefined;
  if (toText(requested?.value) !== undefined) params["model"] = requested?.value;
  for (const { value, name, key } of slots.all("param")) {
    addParam(params, toParamName(name ?? key ?? ""), copyOf(decode(value)));
  }
  for (const candidate of slots.all("params")) {
    if (isObject(candidate.value)) addParams(params, candidate.value);
    else slots.leave(candidate);
  }
  if (wishes.params !== undefined) addParams(params, wishes.params);
  if (insAndOuts.asked !== undefined) addParams(params, insAndOuts.asked);
  const tools = slots.first("tools", toTools, false) ?? toTools(params["tools"]);
  if (Object.hasOwn(params, "tools")) delete params["tools"];
  if (params["max_output_tokens"] !== undefined && params["max_output_tokens"] === params["max_tokens"]) {
    delete params["max_output_tokens"];
  }
  if (tools !== undefined) params["tools"] = tools;
  else for (const candidate of slots.all("tools")) if (isThere(candidate.value)) slots.leave(candidate);
  return params;
}

/** In which form the messages are, unless that is stated. */
function addFormat({ inputs, outputs, extra: { metadata } }: RunContent): void {
  const format = metadata["ls_message_format"] === undefined ? messageFormatOf(inputs, outputs) : undefined;
  if (format !== undefined) metadata["ls_message_format"] = format;
}

/** What LangSmith shows of a model call by name. */
function describeModel(metadata: KeyValues, params: KeyValues, type: RunType): void {
  if (type === "llm") metadata["ls_model_type"] ??= "chat";
  const temperature = params["temperature"];
  if (typeof temperature === "number") metadata["ls_temperature"] ??= temperature;
  const most = params["max_tokens"] ?? params["max_output_tokens"] ?? params["max_completion_tokens"];
  if (typeof most === "number") metadata["ls_max_tokens"] ??= most;
  const stop = params["stop"];
  if (stop !== undefined && stop !== null) metadata["ls_stop"] ??= Array.isArray(stop) ? stop : [stop];
}

function addModel(metadata: KeyValues, params: KeyValues, slots: Slots): void {
  const answered = slots.take("model", toText);
  const requested = slots.first("requested_model", toText);
  const model = answered?.value ?? requested ?? toText(params["model"]);
  if (model === undefined) return;
  if (metadata["ls_model_name"] === undefined) metadata["ls_model_name"] = model;
  else if (answered?.candidate.key !== undefined && answered.value !== metadata["ls_model_name"]) {
    metadata[answered.candidate.key] ??= answered.value;
  }
}

/** Usage that stands in the outputs is taken out of them: LangSmith would count it there, beside the metadata's. */
function takeUsage(insAndOuts: InsAndOuts): unknown {
  const { outputs } = insAndOuts;
  if (outputs === undefined || !isObject(outputs["usage_metadata"])) return undefined;
  const { usage_metadata: usage, ...rest } = outputs;
  insAndOuts.outputs = rest;
  if (isObject(usage)) insAndOuts.usage ??= usage;
  return usage;
}

/** The call that a tool's result answers, where the result is LangChain's message. */
function callAnswered(outputs: KeyValues | undefined): string | undefined {
  const message = isObject(outputs?.["output"]) ? outputs["output"] : outputs;
  const kwargs = isObject(message?.["kwargs"]) ? message["kwargs"] : message;
  return toText(kwargs?.["tool_call_id"]);
}

function integrationOf(vocabulary: Vocabulary | undefined): string | undefined {
  if (vocabulary === undefined || vocabulary.integration === false) return undefined;
  return vocabulary.integration ?? vocabulary.name;
}

function projectOf({ projectName: name, projectId: id }: Wishes): { name?: string; id?: string } | undefined {
  if (name === undefined && id === undefined) return undefined;
  return { ...(name === undefined ? {} : { name }), ...(id === undefined ? {} : { id }) };
}

/** The run of a span that could not be read at all (a getter that throws): it stands in its place and says so. */
function unmapped(span: MappableSpan, authored: AuthoredContent | undefined, error: unknown): Mapped {
  const metadata: KeyValues = { OTEL_TRACE_ID: span.otelTraceId, OTEL_SPAN_ID: span.otelSpanId };
  metadata["otel-langsmith.mapping_error"] = kindOfThrown(error);
  const content: RunContent = {
    name: named(span.name) ?? "unnamed",
    run_type: authored?.run_type ?? "chain",
    extra: { metadata },
  };
  const isModelCall = content.run_type === "llm" || content.run_type === "embedding";
  if (authored !== undefined) layAuthored(content, authored);
  return { content, isModelCall, hasMessages: authored?.inputs !== undefined, isAgent: false };
}
