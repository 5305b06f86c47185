// A model call's inputs and outputs: the conversation.
import type { KeyValues } from "../wire/run.js";
import { choicesOf, messageOf, type Request, type Response, toRequest, toResponse } from "./conversation.js";
import { type InsAndOuts, there, wrap } from "./ins-and-outs.js";
import { decode, decodeText, encode, isObject, put, toCount } from "./json.js";
import type { Turn } from "./message.js";
import { toFinishes, toSystem } from "./messages.js";
import type { Candidate, Slots } from "./slots.js";
import { isThere, redacted } from "./there.js";
import type { Field } from "./vocabulary.js";

/** Puts the conversation of a model call into its run. */
export function conversation(content: InsAndOuts, slots: Slots): void {
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
  const candidates = inOrder(lists, bodies);
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
    slots.use(candidate);
    const isList = lists.includes(candidate);
    const others = isList ? bodies : lists;
    const other = others.find((entry) => entry.vocabulary === candidate.vocabulary && isThere(entry.value));
    if (other === undefined) return found;
    // A list that was redacted is kept to: no second look.
    const second = isList && isRedacted(found.turns) ? undefined : read(other.value);
    if (second === undefined || second.turns.length === 0) return found;
    const ofList: T = isList ? found : second;
    const ofBody: T = isList ? second : found;
    return isRedacted(ofList.turns) || weightOf(ofBody.turns) < weightOf(ofList.turns) ? ofList : ofBody;
  }
  return undefined;
}

function inOrder(lists: readonly Candidate[], bodies: readonly Candidate[]): readonly Candidate[] {
  if (bodies.length === 0) return lists;
  if (lists.length === 0) return bodies;
  const ordered = [...lists];
  for (const body of bodies) {
    const at = ordered.findIndex((list) => list.rank > body.rank);
    ordered.splice(at === -1 ? ordered.length : at, 0, body);
  }
  return ordered;
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

/** The system instructions that stand apart, before the messages, unless they stand among them too. */
export function withSystem(turns: Turn[], slots: Slots): Turn[] {
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
  // An answer may be empty; a reason to end says that there was one.
  if (message !== undefined && (finishes !== undefined || isThere(message.tool_calls ?? message.content))) {
    content.outputs = { choices: choicesOf([{ message }], finishes) };
    content.hasFinish = true;
    content.hasMessages = true;
    return;
  }
  const stated = slots.first("outputs", there, false) ?? slots.first("output_messages", there, false);
  const value = decodeText(stated) ?? emptyAnswer(slots, finishes, content);
  if (value === undefined) return;
  content.hasMessages = true;
  // An object that answers a conversation is what was asked for as JSON; a lone error is what a wrapper noted.
  const isAnswer = isObject(value) && Array.isArray(content.inputs?.["messages"]) && !("error" in value);
  if ((isObject(value) && !isAnswer) || (typeof value === "string" && looksBroken(value))) {
    content.outputs = wrap(value, "output");
    return;
  }
  const text =
    typeof value === "string"
      ? value
      : typeof stated === "string" && !stated.startsWith('"')
        ? stated
        : (encode(value) ?? "");
  content.outputs = { choices: choicesOf([{ message: { role: "assistant", content: text } }], finishes) };
  content.hasFinish = true;
}

/** No answer is noted, but that it ended and took no tokens: it was empty. */
function emptyAnswer(slots: Slots, finishes: unknown, { inputs }: InsAndOuts): string | undefined {
  if (finishes === undefined || inputs === undefined) return undefined;
  return toCount(slots.all("usage.output_tokens")[0]?.value) === 0 ? "" : undefined;
}

/** The answer from pieces in attributes of their own. */
export function messageFrom(slots: Slots): ReturnType<typeof messageOf> {
  const text = slots.first("output_text", (value) => (value === "" ? undefined : value), false);
  return messageOf({
    text: text ?? slots.first("output_object", jsonText, false) ?? slots.first("output_text", (value) => value, false),
    reasoning: slots.first("output_reasoning", there, false),
    calls: slots.first("output_tool_calls", there, false),
    files: slots.first("output_files", there, false),
  });
}

/** An object as the model wrote it; one that was encoded twice is decoded once. */
function jsonText(value: unknown): unknown {
  if (!isThere(value)) return undefined;
  if (typeof value === "string" && !value.startsWith('"')) return value;
  const object = decode(value);
  return isObject(object) || Array.isArray(object) ? encode(object) : value;
}

/** What the same vocabulary says about the content under another key stays beside it, under that key. */
export function addLosers(content: InsAndOuts, slots: Slots): void {
  for (const [field, side] of [
    ["inputs", "inputs"],
    ["outputs", "outputs"],
  ] as const) {
    const offered = slots.all(field);
    if (offered.length < 2) continue;
    const [first, ...others] = offered.filter((candidate) => isThere(candidate.value));
    for (const other of others) {
      if (other.key === undefined || other.vocabulary !== first?.vocabulary || other.value === first.value) continue;
      const target: KeyValues = { ...content[side] };
      put(target, other.key, decode(other.value));
      content[side] = target;
    }
  }
}
