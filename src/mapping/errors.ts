// What went wrong, and what else happened: status and exception events become the run's error, the rest its events.
import { type HrTime, SpanStatusCode } from "@opentelemetry/api";
import { isoOf, microsOf, microsOfIso } from "../identity/time.js";
import type { KeyValues, RunEvent } from "../run.js";
import { isObject, put, toText } from "./json.js";
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
export function errorOf(span: MappableSpan, slots: Slots): SpanError | undefined {
  const last = span.events.findLast((event) => event.name === "exception");
  const statedType = slots.first("error_type", toText);
  const statedMessage = slots.first("error_message", toText, false);
  const isStated = slots.first("error_level", (value) => value === true) === true;
  const hasFailed =
    span.status.code === SpanStatusCode.ERROR ||
    isStated ||
    statedType !== undefined ||
    (last !== undefined && (span.status.code !== SpanStatusCode.OK || scopesThatSayOk.has(span.scope.name)));
  if (!hasFailed) {
    for (const candidate of slots.all("error_message")) slots.leave(candidate);
    return undefined;
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
  for (const candidate of slots.all("error_type")) if (!text.includes(String(candidate.value))) slots.leave(candidate);
  return last === undefined ? { text } : { text, from: last };
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
  const frames = stack.search(/^\s+at .*$/m);
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
  if (!isLlm) for (const candidate of slots.all("first_token")) slots.leave(candidate);
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
