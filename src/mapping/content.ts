// A run's inputs and outputs, from what a span offers and by what kind of run it is.
import type { KeyValues, RunType } from "../wire/run.js";
import { type messageOf, paramsOfRequest, toRequest, toResponse, usageOf } from "./conversation.js";
import { type Document, textsOfVectors, toDocuments, toRanked, toTexts, toVectors } from "./documents.js";
import { type InsAndOuts, there, wrap } from "./ins-and-outs.js";
import { decode, decodeText, isObject, put, toCount, toText } from "./json.js";
import type { Turn } from "./message.js";
import { addLosers, conversation, messageFrom, withSystem } from "./model-content.js";
import type { Candidate, Slots } from "./slots.js";
import type { MappableSpan } from "./span.js";
import { isThere, redacted } from "./there.js";
import type { Field } from "./vocabulary.js";

/** The inputs and outputs of a run of this type. */
export function contentOfRun(type: RunType, slots: Slots, span: MappableSpan, withVectors: boolean): InsAndOuts {
  const content: InsAndOuts = { hasMessages: false, hasFinish: false };
  const wholeInputs = decode(slots.first("whole_inputs", there, false));
  const wholeOutputs = decode(slots.first("whole_outputs", there, false));
  if (wholeInputs !== undefined) setWholeInputs(content, wrap(wholeInputs, "input"), type);
  if (wholeOutputs !== undefined) setWholeOutputs(content, wrap(wholeOutputs, "output"), type);
  if (wholeInputs !== undefined || wholeOutputs !== undefined) content.hasMessages = true;
  if (type === "llm") conversation(content, slots);
  else if (type === "embedding") embedding(content, slots, withVectors, span);
  else if (type === "retriever") retrieval(content, slots);
  else plain(content, slots, type);
  return content;
}

const requestMarks = ["model", "messages", "input", "prompt", "contents"];

/** Inputs as they came; a model call's arguments, written as a list, are its request and what it was sent with. */
function setWholeInputs(content: InsAndOuts, inputs: KeyValues, type: RunType): void {
  const args = type === "llm" || type === "embedding" ? inputs["args"] : undefined;
  const [request, ...options] = Array.isArray(args) ? args : [];
  const isRequest = isObject(request) && requestMarks.some((key) => request[key] !== undefined);
  const sentWith = options.filter(isThere);
  if (isConversation(request) && Object.keys(inputs).length === 1) {
    content.inputs = {
      messages: request,
      ...(sentWith.length > 0 && { request_options: sentWith.length === 1 ? sentWith[0] : sentWith }),
    };
    return;
  }
  if (!isRequest || Object.keys(inputs).length > 1) {
    content.inputs = inputs;
    return;
  }
  content.inputs =
    sentWith.length === 0 ? request : { ...request, request_options: sentWith.length === 1 ? sentWith[0] : sentWith };
  content.asked = paramsOfRequest(request);
}

/** A list of messages, the first argument of a call. */
function isConversation(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => isObject(entry) && "role" in entry);
}

/** Outputs as they came; in retrievers documents are shown, and usage in them is noted. */
function setWholeOutputs(content: InsAndOuts, outputs: KeyValues, type: RunType): void {
  const documents = type === "retriever" ? toDocuments(outputs) : undefined;
  content.outputs = documents === undefined ? outputs : { documents };
  const usage = usageOf(outputs);
  if (usage === undefined) return;
  content.usage = usage;
}
function embedding(content: InsAndOuts, slots: Slots, withVectors: boolean, span: MappableSpan): void {
  const texts = slots.first("texts", (value) => (isThere(value) ? toTexts(value) : undefined), false);
  const stated = texts ?? slots.first("inputs", (value) => (isThere(value) ? toTexts(value) : undefined), false);
  // Texts beside their vectors, unless the input was redacted: then these were meant to be.
  const isHidden = slots.all("inputs").some((candidate) => candidate.value === redacted);
  const body = stated ?? (isHidden ? undefined : slots.first("vectors", textsOfVectors, false));
  if (content.inputs === undefined) {
    if (body !== undefined) content.inputs = { input: body };
    else {
      const value = slots.first("inputs", there, false);
      if (value !== undefined) content.inputs = wrap(decode(value), "input");
    }
  }
  content.hasMessages ||= content.inputs !== undefined;
  if (!span.ended || content.outputs !== undefined) return;
  const outputs = decode(slots.first("outputs", there, false));
  const vectors =
    slots.first("vectors", (value) => (isThere(value) ? toVectors(value) : undefined), false) ?? toVectors(outputs);
  const usage = usageOf(outputs);
  if (usage !== undefined) content.usage = usage;
  const model = modelOf(slots);
  if (vectors !== undefined) {
    content.outputs = {
      ...(model === undefined ? {} : { model }),
      count: vectors.count,
      ...(vectors.dimensions === undefined ? {} : { dimensions: vectors.dimensions }),
      ...(withVectors ? { embeddings: vectors.list } : {}),
    };
  } else if (outputs !== undefined) {
    content.outputs = wrap(outputs, "output");
  } else {
    const dimensions = slots.first("dimensions", toCount);
    if (dimensions === undefined && !slots.has("model")) return;
    content.outputs = {
      ...(model === undefined ? {} : { model }),
      ...(dimensions === undefined ? {} : { dimensions }),
    };
  }
}

function modelOf(slots: Slots): string | undefined {
  const candidate = slots.all("model")[0] ?? slots.all("requested_model")[0];
  return toText(candidate?.value);
}

function retrieval(content: InsAndOuts, slots: Slots): void {
  const pool = slots.first("texts", there, false);
  if (content.inputs === undefined) {
    const query = slots.first("query", there, false);
    const value = decodeText(query ?? slots.first("inputs", there, false));
    if (value !== undefined) content.inputs = wrap(value, "query");
    if (pool !== undefined) {
      const documents = decode(pool);
      content.inputs = {
        ...content.inputs,
        documents: Array.isArray(documents) ? documents.map(decodeText) : documents,
      };
    }
  }
  if (content.outputs !== undefined) return;
  const stated = slots.first("documents", there, false);
  const value = stated ?? slots.first("outputs", there, false);
  if (value === undefined) {
    if (slots.all("outputs").some((candidate) => isEmptyList(decode(candidate.value))))
      content.outputs = { documents: [] };
    return;
  }
  // The whole value beside flattened documents says them again, with their ids.
  const whole = slots.all("outputs")[0];
  if (whole !== undefined && toDocuments(whole.value) !== undefined) slots.use(whole);
  const documents = toRanked(value, pool) ?? withMetadata(toDocuments(value), slots.all("outputs")[0]?.value);
  content.outputs = documents === undefined ? wrap(decodeText(value), "output") : { documents };
}

/** Nothing was found: that is an answer. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** Flattened documents lose what the whole value beside them still says: their ids. */
function withMetadata(documents: Document[] | undefined, whole: unknown): Document[] | undefined {
  const others = whole === undefined ? undefined : toDocuments(whole);
  if (documents === undefined || others?.length !== documents.length) return documents;
  return documents.map((document, at) => {
    const other = others[at];
    if (other?.page_content !== document.page_content) return document;
    return { ...document, metadata: { ...other.metadata, ...document.metadata } };
  });
}
const inputFields: readonly Field[] = ["tool_arguments", "inputs", "input_messages", "query", "texts"];
const outputFields: readonly Field[] = ["tool_result", "outputs", "output_messages", "documents", "output_text"];

function plain(content: InsAndOuts, slots: Slots, type: RunType): void {
  if (content.inputs === undefined) {
    const candidate =
      best(slots, type === "tool" ? inputFields : inputFields.slice(1)) ?? best(slots, ["tool_arguments"]);
    if (candidate !== undefined) content.inputs = inputsOf(candidate, slots, type);
    else if (type !== "tool" && isThere(slots.first("system", there, false)))
      content.inputs = { messages: withSystem([], slots).map((turn) => turn.message) };
  }
  if (content.outputs === undefined) {
    const candidate =
      best(slots, type === "tool" ? outputFields : outputFields.slice(1)) ?? best(slots, ["tool_result"]);
    const message =
      candidate === undefined || slots.all("output_text").includes(candidate) ? messageFrom(slots) : undefined;
    if (message !== undefined && isThere(message.tool_calls ?? message.content)) {
      content.outputs = outputOfMessage(message, slots);
    } else if (candidate !== undefined) {
      content.outputs = outputsOf(candidate, slots, type);
    }
  }
  const inputs = content.inputs ?? pieces(slots, "input");
  const outputs = content.outputs ?? pieces(slots, "output");
  if (inputs !== undefined) content.inputs = inputs;
  if (outputs !== undefined) content.outputs = outputs;
  addLosers(content, slots);
}

/** An object of single parts; where the inputs or outputs were supplied whole, the parts stay in the metadata. */
function pieces(slots: Slots, field: Field): KeyValues | undefined {
  const whole: KeyValues = {};
  for (const candidate of slots.all(field)) {
    const { name, value } = candidate;
    if (name === undefined || !isThere(value) || Object.hasOwn(whole, name)) continue;
    put(whole, name, value);
    slots.use(candidate);
  }
  return Object.keys(whole).length === 0 ? undefined : whole;
}

function best(slots: Slots, fields: readonly Field[]): Candidate | undefined {
  let found: Candidate | undefined;
  for (const field of fields) {
    const first = slots.all(field).find((candidate) => isThere(candidate.value));
    if (first !== undefined && (found === undefined || vocabularyFirst(first, found))) found = first;
  }
  slots.use(found);
  return found;
}

/** Within one vocabulary the order of fields decides, between two their ranks. */
function vocabularyFirst(a: Candidate, b: Candidate): boolean {
  return a.vocabulary !== b.vocabulary && a.rank < b.rank;
}

function inputsOf(candidate: Candidate, slots: Slots, type: RunType): KeyValues {
  if (slots.all("input_messages").includes(candidate)) {
    const turns = toRequest(candidate.value)?.turns;
    const ofTool = type === "tool" ? argumentsIn(turns) : undefined;
    if (ofTool !== undefined) return wrap(ofTool, "input");
    if (turns !== undefined) return { messages: withSystem(turns, slots).map((turn) => turn.message) };
  }
  const value = decodeText(candidate.value);
  if (slots.all("texts").includes(candidate) && Array.isArray(value)) return { input: value.map(decodeText) };
  if (slots.all("query").includes(candidate)) return wrap(value, "query");
  const inputs = wrap(type === "tool" ? withoutWrapper(value) : value, "input");
  const [system] = withSystem([], slots);
  const stands = system !== undefined && inputs["system"] === undefined && inputs["messages"] === undefined;
  return stands ? { ...inputs, system: system.message.content } : inputs;
}

/** `{ args, kwargs }` around a tool's arguments. */
function withoutWrapper(value: unknown): unknown {
  if (!isObject(value) || !Array.isArray(value["args"])) return value;
  const { args, kwargs, ...rest } = value;
  if (!Array.isArray(args) || Object.keys(rest).length > 0) return value;
  if (args.length === 0 && isObject(kwargs)) return kwargs;
  if (args.length === 1 && !isThere(kwargs)) return args[0] === null ? {} : decodeText(args[0]);
  return value;
}

/** A tool's own arguments, where the message that called it, or that it was handed, is all there is. */
function argumentsIn(turns: readonly Turn[] | undefined): unknown {
  const [only, second] = turns ?? [];
  if (only === undefined || second !== undefined) return undefined;
  const [call, another] = only.message.tool_calls ?? [];
  if (call !== undefined) return another === undefined ? decode(call.function.arguments) : undefined;
  return only.message.role === "tool" ? decode(only.message.content) : undefined;
}

function outputsOf(candidate: Candidate, slots: Slots, type: RunType): KeyValues {
  if (slots.all("output_messages").includes(candidate)) {
    const turns = toResponse(candidate.value)?.turns;
    const [only, second] = turns ?? [];
    // A tool answers with its result.
    if (type === "tool" && only !== undefined && second === undefined && only.message.tool_calls === undefined)
      return wrap(decodeText(only.message.content), "output");
    if (turns !== undefined) return { messages: turns.map((turn) => turn.message) };
  }
  if (slots.all("documents").includes(candidate)) {
    const documents = toDocuments(candidate.value);
    if (documents !== undefined) return { documents };
  }
  return wrap(decodeText(candidate.value), "output");
}

/** A chain's answer: the text alone, the object alone, or the whole message. */
function outputOfMessage(message: NonNullable<ReturnType<typeof messageOf>>, slots: Slots): KeyValues {
  if (message.tool_calls !== undefined || typeof message.content !== "string") return { messages: [message] };
  const object = decode(slots.first("output_object", there, false));
  return isObject(object) ? object : { output: message.content };
}
