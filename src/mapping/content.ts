// A run's inputs and outputs, from what a span offers and by what kind of run it is.
import type { KeyValues, RunType } from "../run.js";
import { choicesOf, messageOf, type Request, type Response, toRequest, toResponse, usageOf } from "./conversation.js";
import { type Document, textsOfVectors, toDocuments, toRanked, toTexts, toVectors } from "./documents.js";
import { decode, decodeText, encode, isObject, put, toCount, toText } from "./json.js";
import { type Turn, toFinishes, toSystem } from "./messages.js";
import type { Candidate, Slots } from "./slots.js";
import type { MappableSpan } from "./span.js";
import { isThere, redacted } from "./there.js";
import type { Field } from "./vocabulary.js";

/** Inputs, outputs, and what was found in them besides. */
export interface InsAndOuts {
  inputs?: KeyValues;
  outputs?: KeyValues;
  /** What else a request body asked for: model parameters, tools. */
  asked?: KeyValues;
  /** The usage that stands in the outputs. */
  usage?: KeyValues;
  /** What else a response body said of itself: its id, its fingerprint. */
  facts?: KeyValues;
  hasMessages: boolean;
  /** Whether the finish reasons found their place in the outputs. */
  hasFinish: boolean;
}

/** The inputs and outputs of a run of this type. */
export function contentOfRun(type: RunType, slots: Slots, span: MappableSpan, withVectors: boolean): InsAndOuts {
  const content: InsAndOuts = { hasMessages: false, hasFinish: false };
  const wholeInputs = decode(slots.first("whole_inputs", there, false));
  const wholeOutputs = decode(slots.first("whole_outputs", there, false));
  if (wholeInputs !== undefined) content.inputs = wrap(wholeInputs, "input");
  if (wholeOutputs !== undefined) setWholeOutputs(content, wrap(wholeOutputs, "output"), type);
  if (wholeInputs !== undefined || wholeOutputs !== undefined) content.hasMessages = true;
  if (type === "llm") conversation(content, slots);
  else if (type === "embedding") embedding(content, slots, withVectors, span);
  else if (type === "retriever") retrieval(content, slots);
  else plain(content, slots, type);
  return content;
}

function there(value: unknown): unknown {
  return isThere(value) ? value : undefined;
}

/** An object as it is, anything else under a name. */
export function wrap(value: unknown, name: string): KeyValues {
  return isObject(value) ? value : { [name]: value };
}

/** Usage in a model run's outputs is taken out of them, so that it is counted once; in retrievers documents are shown. */
function setWholeOutputs(content: InsAndOuts, outputs: KeyValues, type: RunType): void {
  const documents = type === "retriever" ? toDocuments(outputs) : undefined;
  content.outputs = documents === undefined ? outputs : { documents };
  const usage = usageOf(outputs);
  if (usage === undefined) return;
  content.usage = usage;
  if ("usage_metadata" in outputs) {
    const { usage_metadata: _, ...rest } = outputs;
    content.outputs = rest;
  }
}

function conversation(content: InsAndOuts, slots: Slots): void {
  const request = content.inputs === undefined ? requestFrom(slots) : undefined;
  if (request !== undefined) {
    const turns = withSystem(request.turns, slots);
    content.inputs = { messages: turns.map((turn) => turn.message) };
    if (Object.keys(request.rest).length > 0) content.asked = request.rest;
    content.hasMessages = true;
  } else if (content.inputs === undefined) {
    const stated = slots.first("inputs", there, false) ?? slots.first("texts", there, false);
    const value = decodeText(stated ?? slots.first("input_messages", there, false));
    const system = withSystem([], slots);
    if ((typeof value === "string" && !looksBroken(value)) || (system.length > 0 && value === undefined)) {
      const user = value === undefined ? [] : [{ role: "user", content: value }];
      content.inputs = { messages: [...system.map((turn) => turn.message), ...user] };
      content.hasMessages = value !== undefined;
    } else if (value !== undefined) {
      const [first] = system;
      content.inputs = wrap(value, "input");
      if (first !== undefined) content.inputs = { ...content.inputs, system: first.message.content };
      content.hasMessages = true;
    }
  }
  if (content.outputs === undefined) answer(content, slots);
  addLosers(content, slots);
}

/** JSON that could not be read: it stays a string, and is nobody's message. */
function looksBroken(text: string): boolean {
  return /^\s*(\[\s*[[{"]|\{\s*")/.test(text.slice(0, 64));
}

function requestFrom(slots: Slots): Request | undefined {
  return richer(slots, "input_messages", "inputs", toRequest);
}

/**
 * The messages of a vocabulary's own list, or of the whole body beside it where that says no less: flattened lists
 * lose tool call ids, pictures and system prompts. Not where the list was redacted.
 */
function richer<T extends Request | Response>(
  slots: Slots,
  list: Field,
  body: Field,
  read: (value: unknown) => T | undefined,
): T | undefined {
  const lists = slots.all(list);
  const bodies = slots.all(body);
  let at = 0;
  const candidates = bodies.length === 0 ? lists : [...lists, ...bodies].sort((a, b) => a.rank - b.rank);
  for (const candidate of candidates) {
    if (!isThere(candidate.value)) continue;
    const found = read(candidate.value);
    at += 1;
    if (found === undefined || found.turns.length === 0) {
      // The most specific body that is no conversation is the content all the same.
      if (at === 1 && bodies.includes(candidate) && !lists.some((entry) => entry.vocabulary === candidate.vocabulary))
        return undefined;
      continue;
    }
    const isList = lists.includes(candidate);
    const others = isList ? bodies : lists;
    const other = others.find((entry) => entry.vocabulary === candidate.vocabulary && isThere(entry.value));
    if (other === undefined) return found;
    const second = read(other.value);
    if (second === undefined || second.turns.length === 0) return found;
    const ofList: T = isList ? found : second;
    const ofBody: T = isList ? second : found;
    return isRedacted(ofList.turns) || weightOf(ofBody.turns) < weightOf(ofList.turns) ? ofList : ofBody;
  }
  return undefined;
}

/** How many things a conversation says: texts, parts and calls, however they are grouped to messages. */
function weightOf(turns: readonly Turn[]): number {
  let weight = 0;
  for (const { message } of turns) {
    const { content, tool_calls: calls } = message;
    weight += (Array.isArray(content) ? content.length : isThere(content) ? 1 : 0) + (calls?.length ?? 0);
  }
  return weight;
}

function isRedacted(turns: readonly Turn[]): boolean {
  return turns.some(({ message }) => {
    if (message.content === redacted) return true;
    return (
      Array.isArray(message.content) && message.content.some((part) => isObject(part) && part["text"] === redacted)
    );
  });
}

function withSystem(turns: Turn[], slots: Slots): Turn[] {
  const stated = slots.first("system", there, false);
  if (stated === undefined) return turns;
  const system = toSystem(stated).filter(
    ({ message }) => !turns.some((turn) => turn.message.content === message.content && turn.message.role !== "user"),
  );
  return [...system, ...turns];
}

function answer(content: InsAndOuts, slots: Slots): void {
  const finishes = slots.first("finish_reason", toFinishes, false);
  const response = richer(slots, "output_messages", "outputs", toResponse);
  if (response !== undefined) {
    content.outputs = { choices: choicesOf(response.turns, finishes) };
    content.hasFinish = true;
    content.hasMessages = true;
    if (response.usage !== undefined) content.usage = response.usage;
    if (response.facts !== undefined) content.facts = response.facts;
    return;
  }
  const message = messageFrom(slots);
  if (message !== undefined && isThere(message.tool_calls ?? message.content)) {
    content.outputs = { choices: choicesOf([{ message }], finishes) };
    content.hasFinish = true;
    content.hasMessages = true;
    return;
  }
  const value = decodeText(slots.first("outputs", there, false) ?? slots.first("output_messages", there, false));
  if (value === undefined) return;
  content.hasMessages = true;
  if (isObject(value) || (typeof value === "string" && looksBroken(value))) {
    content.outputs = wrap(value, "output");
    return;
  }
  const text = typeof value === "string" ? value : (encode(value) ?? "");
  content.outputs = { choices: choicesOf([{ message: { role: "assistant", content: text } }], finishes) };
  content.hasFinish = true;
}

function messageFrom(slots: Slots): ReturnType<typeof messageOf> {
  const text = slots.first("output_text", (value) => (value === "" ? undefined : value), false);
  return messageOf({
    text: text ?? slots.first("output_object", there, false) ?? slots.first("output_text", (value) => value, false),
    reasoning: slots.first("output_reasoning", there, false),
    calls: slots.first("output_tool_calls", there, false),
    files: slots.first("output_files", there, false),
  });
}

/** What the same vocabulary says about the content under another key stays beside it, under that key. */
function addLosers(content: InsAndOuts, slots: Slots): void {
  for (const [field, side] of [
    ["inputs", "inputs"],
    ["outputs", "outputs"],
  ] as const) {
    const [first, ...others] = slots.all(field).filter((candidate) => isThere(candidate.value));
    for (const other of others) {
      if (other.key === undefined || other.vocabulary !== first?.vocabulary || other.value === first.value) continue;
      const target: KeyValues = { ...content[side] };
      put(target, other.key, decode(other.value));
      content[side] = target;
    }
  }
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
  if (value === undefined) return;
  const documents = toRanked(value, pool) ?? withMetadata(toDocuments(value), slots.all("outputs")[0]?.value);
  content.outputs = documents === undefined ? wrap(decodeText(value), "output") : { documents };
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
      content.outputs = outputsOf(candidate, slots);
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
  for (const { name, value } of slots.all(field)) {
    if (name !== undefined && isThere(value) && !Object.hasOwn(whole, name)) put(whole, name, value);
  }
  return Object.keys(whole).length === 0 ? undefined : whole;
}

function best(slots: Slots, fields: readonly Field[]): Candidate | undefined {
  let found: Candidate | undefined;
  for (const field of fields) {
    const first = slots.all(field).find((candidate) => isThere(candidate.value));
    if (first !== undefined && (found === undefined || vocabularyFirst(first, found))) found = first;
  }
  return found;
}

/** Within one vocabulary the order of fields decides, between two their ranks. */
function vocabularyFirst(a: Candidate, b: Candidate): boolean {
  return a.vocabulary !== b.vocabulary && a.rank < b.rank;
}

function inputsOf(candidate: Candidate, slots: Slots, type: RunType): KeyValues {
  if (slots.all("input_messages").includes(candidate)) {
    const turns = toRequest(candidate.value)?.turns;
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
  if (args.length === 1 && !isThere(kwargs)) return decodeText(args[0]);
  return value;
}

function outputsOf(candidate: Candidate, slots: Slots): KeyValues {
  if (slots.all("output_messages").includes(candidate)) {
    const turns = toResponse(candidate.value)?.turns;
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
