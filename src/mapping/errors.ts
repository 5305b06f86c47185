// What went wrong, and what else happened: status and exception events become the run's error, the rest its events.
import { type HrTime, SpanStatusCode } from "@opentelemetry/api";
import type { KeyValues, RunEvent } from "../wire/run.js";
import { isoOf, microsOf, microsOfIso } from "../wire/time.js";
import { decode, isObject, put, toText } from "./json.js";
import { toFinishes } from "./messages.js";
import { copyOf, type Slots } from "./slots.js";
import type { MappableEvent, MappableSpan } from "./span.js";

/** Scopes that record an exception and still say that all is well. */
const scopesThatSayOk = new Set(["langsmith"]);

/** `error.type` values that name nothing. */
const namesNothing = new Set(["unknown", "_OTHER", "other"]);

/** The run's error, and the exception event it was made of, which is then no event of the run. */
export interface SpanError {
  readonly text: string;
  readonly from?: MappableEvent;
}

/**
 * `Type: message`, then the stack, where the span failed: status ERROR, a stated error type or level, or an exception
 * event under a status that is not OK. A status without a message says so.
 */
export function errorOf(span: MappableSpan, slots: Slots, answer: Answer): SpanError | undefined {
  const isUnset = span.status.code === SpanStatusCode.UNSET;
  // One that did not escape was dealt with, where the span has an answer all the same.
  const isDealtWith = isUnset && answer.isThere;
  const last = span.events.findLast(
    (event) => event.name === "exception" && !(isDealtWith && hasNotEscaped(event.attributes)),
  );
  const statedType = slots.first("error_type", toText);
  const statedMessage = slots.first("error_message", toText, false);
  const isStated = slots.first("error_level", (value) => value === true) === true;
  const hasFailed =
    span.status.code === SpanStatusCode.ERROR ||
    isStated ||
    statedType !== undefined ||
    (last !== undefined && (span.status.code !== SpanStatusCode.OK || scopesThatSayOk.has(span.scope.name)));
  const failedAnswer = !hasFailed && isUnset ? failureOf(answer.outputs, slots) : undefined;
  if (!hasFailed) {
    for (const candidate of slots.all("error_message")) slots.leave(candidate);
    return failedAnswer === undefined ? undefined : { text: failedAnswer };
  }
  const attributes: KeyValues = last?.attributes ?? {};
  const type = firstName(attributes["exception.type"], statedType);
  const message =
    toText(attributes["exception.message"]) ??
    toText(span.status.message) ??
    (isStated ? statedMessage : undefined) ??
    statedMessage;
  const head = headOf(type, message, span.status.code === SpanStatusCode.ERROR);
  const stack = toText(attributes["exception.stacktrace"]);
  const text = stack === undefined ? head : withStack(head, message, stack);
  // A type that the text does not name is no less a fact.
  for (const candidate of slots.all("error_message"))
    if (!text.includes(String(candidate.value))) slots.leave(candidate);
  for (const candidate of slots.all("error_type")) if (!text.includes(String(candidate.value))) slots.leave(candidate);
  return last === undefined ? { text } : { text, from: last };
}

/** What a span has for an answer. */
export interface Answer {
  readonly outputs: KeyValues | undefined;
  /** Whether there is one, also where the authoring API gave it. */
  readonly isThere: boolean;
}

/** OpenTelemetry's mark of an exception that was caught; Python's SDK writes it as text. */
function hasNotEscaped(attributes: MappableEvent["attributes"]): boolean {
  const escaped = attributes?.["exception.escaped"];
  return escaped === false || (typeof escaped === "string" && escaped.toLowerCase() === "false");
}

/** An answer that ended in an error says so in its finish reason. Of several choices one that is an answer is one. */
function failureOf(outputs: KeyValues | undefined, slots: Slots): string | undefined {
  const choices = Array.isArray(outputs?.["choices"]) ? outputs["choices"].filter(isObject) : [];
  const inChoices = choices.flatMap((choice) => toText(choice["finish_reason"]) ?? []);
  const reasons =
    inChoices.length > 0 ? inChoices : slots.all("finish_reason").flatMap(({ value }) => toFinishes(value) ?? []);
  if (reasons.length === 0 || !reasons.every((reason) => failedFinishes.has(reason))) return undefined;
  for (const { message, error } of choices) {
    const content = isObject(message) ? message["content"] : undefined;
    const parts = Array.isArray(content) ? content.filter(isObject) : [];
    const part = parts.find(({ type }) => type === "error");
    const said = messageIn(error) ?? messageIn(part?.["error"]) ?? messageIn(part);
    if (said !== undefined) return headOf(undefined, said, false);
  }
  return `Error: the answer ended with finish_reason ${JSON.stringify(reasons[0])}`;
}

const failedFinishes = new Set(["error", "failed"]);

function messageIn(error: unknown): string | undefined {
  const value = decode(error);
  if (typeof value === "string") return toText(value);
  if (!isObject(value)) return undefined;
  return toText(value["message"]) ?? toText(value["text"]) ?? toText(value["content"]);
}

/** LangGraph's ways to pause or hand over, which it throws: no failure. */
const interrupt =
  /^(?:Error: )?(?:[\w$]+\.){0,8}(?:GraphInterrupt|NodeInterrupt|GraphBubbleUp|GraphDrained|ParentCommand)\b/;

/** Whether an error's text is that of an interrupt. */
export function isInterrupt(error: string | undefined): boolean {
  return error !== undefined && interrupt.test(error.slice(0, 200));
}

function firstName(...values: unknown[]): string | undefined {
  for (const value of values) {
    const name = toText(value);
    if (name !== undefined && !namesNothing.has(name)) return name;
  }
  return undefined;
}

function headOf(type: string | undefined, message: string | undefined, isStatus: boolean): string {
  if (message === undefined) {
    const said = isStatus ? "the span ended with status ERROR and no message" : "no message was recorded";
    return type === undefined ? `Error: ${said}` : `${type}: ${said}`;
  }
  if (type === undefined) return /^[\w.$]*(Error|Exception)\b/.test(message) ? message : `Error: ${message}`;
  return message.startsWith(`${type}: `) ? message : `${type}: ${message}`;
}

/** A stack's own first lines say type and message again; its frames follow ours. */
function withStack(head: string, message: string | undefined, stack: string): string {
  const frames = stack.search(/^[ \t]+at /m);
  const beginning = frames === -1 ? stack : stack.slice(0, frames);
  const saysAgain =
    beginning.trim() === "" || message === undefined || beginning.includes(message) || head.includes(beginning.trim());
  if (!saysAgain) return `${head}\n\n${stack}`;
  return frames === -1 ? head : `${head}\n\n${stack.slice(frames).replace(/^\n+/, "")}`;
}

/** The events of a run: those of the span that became nothing else, and the first token where its time is known. */
export function eventsOf(
  span: MappableSpan,
  slots: Slots,
  error: SpanError | undefined,
  isContent: ReadonlySet<string>,
  isLlm: boolean,
): RunEvent[] | undefined {
  const events: RunEvent[] = [];
  const firstToken = isLlm ? slots.first("first_token", (value) => firstTokenTime(value, span), false) : undefined;
  if (firstToken === undefined) for (const candidate of slots.all("first_token")) slots.leave(candidate);
  if (firstToken !== undefined) events.push({ name: "new_token", time: firstToken });
  for (const event of span.events) {
    if (event === error?.from || isContent.has(event.name)) continue;
    events.push(toRunEvent(event, span));
  }
  return events.length === 0 ? undefined : events;
}

function toRunEvent(event: MappableEvent, span: MappableSpan): RunEvent {
  const run: RunEvent = { name: event.name, time: isoOf(microsOf(event.time, microsOf(span.startTime))) };
  const attributes = event.attributes ?? {};
  for (const key of Object.keys(attributes)) {
    if (attributes[key] === undefined) continue;
    put(run, key === "name" || key === "time" ? `attributes.${key}` : key, copyOf(attributes[key]));
  }
  return run;
}

/** A time from `{ seconds }` or `{ millis }` since the span's start, `{ at }` (a span event's), or an ISO text. */
function firstTokenTime(value: unknown, span: MappableSpan): string | undefined {
  const start = microsOf(span.startTime);
  if (typeof value === "string") {
    const micros = microsOfIso(value.replace(/^"|"$/g, ""));
    return micros === undefined ? undefined : isoOf(Math.max(start, micros));
  }
  if (!isObject(value)) return undefined;
  const { seconds, millis, at } = value;
  if (isHrTime(at)) return isoOf(Math.max(start, microsOf(at, start)));
  const passed = typeof seconds === "number" ? seconds * 1e6 : typeof millis === "number" ? millis * 1e3 : Number.NaN;
  return Number.isFinite(passed) && passed >= 0 && passed < 1e14 ? isoOf(start + Math.round(passed)) : undefined;
}

function isHrTime(value: unknown): value is HrTime {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "number");
}
