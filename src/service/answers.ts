// What an answer of the service means: as a success, or as a `ServiceError`. Source: "Answers" in the wire reference.
import { cutSecrets } from "../credentials.js";
import { type FailureDetails, type FailureKind, ServiceError } from "./errors.js";

export interface Answered {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  /** The body's beginning. */
  readonly text: string;
  /** The body did not end in the time that it had. */
  readonly isUnfinished?: boolean;
  /** What the request carried that may not be repeated: its key, its headers. */
  readonly secrets?: readonly string[];
}

/** Longest pause that a `Retry-After` is believed for; milliseconds. */
export const RETRY_AFTER_MAX_MILLIS = 600_000;

/** Pause after a limit that does not pass soon; milliseconds. */
const LONG_PAUSE_MILLIS = 600_000;

const HOUR_MILLIS = 3_600_000;

/** Statuses with which servers and proxies refuse a compressed body that they cannot read. */
const BLAMES_ENCODING = new Set([400, 403, 405, 406, 411, 412, 415, 417, 422, 500, 501]);

/** How much of an answer's text goes to `onError`; characters. */
export const ANSWER_MAX_CHARS = 2_000;

/**
 * What an answer means; `undefined` when it is a success. The error's message is ours, for log lines; what the service
 * wrote stands in `answer`, without the request's key and headers.
 */
export function failureOf(answered: Answered): ServiceError | undefined {
  const { status, headers, text } = answered;
  const isTaken = status >= 200 && status < 300;
  if (isTaken && isAnswer(answered)) return undefined;
  const limit = status === 429 ? quota(answered) : {};
  const isLimit = status === 402 || limit.quotaPauseMillis !== undefined;
  const what = isTaken ? " with a web page" : isLimit ? ", a usage limit of the workspace" : "";
  const answer = shortened(text, answered.secrets);
  const retryAfterMillis = retryAfterOf(headers);
  const error = (kind: FailureKind, reach: FailureDetails["reach"], more: Partial<FailureDetails> = {}) =>
    new ServiceError(kind, `HTTP ${status}${what}`, {
      status,
      ...(answer === "" ? {} : { answer }),
      reach,
      blamesEncoding: BLAMES_ENCODING.has(status),
      ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }),
      ...more,
    });
  switch (status) {
    case 400:
    case 422:
      return error("malformed", "refused");
    case 401:
      return error("unauthorized", "refused");
    case 402:
      return error("throttled", "refused", { quotaPauseMillis: LONG_PAUSE_MILLIS });
    case 403:
      return error("forbidden", "refused", { isOfService: isOwnRefusal(text) });
    case 408:
      return error("unavailable", "unknown");
    case 409:
      return error("conflict", "refused");
    case 413:
      return error("too_large", "refused");
    case 415:
      return error("encoding", "refused");
    case 425:
      return error("unavailable", "refused");
    case 429:
      return error("throttled", "refused", limit);
    default:
      return status >= 500 ? error("unavailable", "unknown") : error("misconfigured", "refused");
  }
}

/** A usage limit of the workspace; any other 429 passes within moments, whatever its text says. */
function quota({ text, headers }: Answered): Partial<FailureDetails> {
  if (/\bmonthly [a-z ]{1,60}usage limit exceeded\b/i.test(text)) return { quotaPauseMillis: LONG_PAUSE_MILLIS };
  if (!/\btenant exceeded usage limits\b/i.test(text)) return {};
  if (/\bmonthly\b/i.test(text)) return { quotaPauseMillis: LONG_PAUSE_MILLIS };
  // The others are counted by the hour of the clock.
  return { quotaPauseMillis: HOUR_MILLIS - (servedAt(headers) % HOUR_MILLIS) };
}

/** Whether a 403 is the service's word on the key; any other body is of something in front of it. */
function isOwnRefusal(text: string): boolean {
  return /\b(?:forbidden|plan|organi[sz]ation|workspace|tenant|key)\b/i.test(said(text));
}

/**
 * Whether a 2xx is the service's: JSON, an empty body, or one that says of itself nothing else. A page of a login in
 * front of the service, or of another site that answers anything with one, took no run.
 */
function isAnswer({ headers, text, isUnfinished }: Answered): boolean {
  const bare = text.replace(/^\uFEFF/, "").trimStart();
  if (bare === "" && !isUnfinished) return true;
  if (bare.startsWith("<")) return false;
  const type = (first(headers["content-type"]) ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return type === "" || type === "text/plain" || /(?:\/|\+)json$/.test(type) || isJson(bare);
}

/** A proxy may have changed the type alone. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** `Retry-After` in milliseconds, bounded: seconds, or a date read against the server's own clock where it sent it. */
export function retryAfterOf(headers: Answered["headers"]): number | undefined {
  const value = first(headers["retry-after"])?.trim();
  if (!value) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.min(Number(value) * 1_000, RETRY_AFTER_MAX_MILLIS);
  // Dates begin with the name of a day; Date.parse reads anything else as it likes.
  const until = /^[a-z]{3,9},? /i.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(until)) return undefined;
  return Math.min(Math.max(0, until - servedAt(headers)), RETRY_AFTER_MAX_MILLIS);
}

/** When the server answered, by its own clock. */
function servedAt(headers: Answered["headers"]): number {
  const served = Date.parse(first(headers["date"]) ?? "");
  return Number.isNaN(served) ? Date.now() : served;
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** An answer's text for `onError`. It may quote what a run holds, but nothing of the request's own. */
function shortened(text: string, secrets: readonly string[] = []): string {
  // Cut out first: half a key at the end would not be known again.
  const short = cutSecrets(text.slice(0, 2 * ANSWER_MAX_CHARS), secrets).trim();
  return short.length <= ANSWER_MAX_CHARS ? short : `${short.slice(0, ANSWER_MAX_CHARS - 1)}…`;
}

/** The sentence in which the service says why; the empty string where there is none. */
function said(text: string): string {
  let message: unknown;
  try {
    const answer: unknown = JSON.parse(text);
    message = pick(answer, "error") ?? pick(answer, "detail") ?? pick(answer, "message");
  } catch {
    return "";
  }
  return typeof message === "string" ? message.replace(/\s+/g, " ").trim().slice(0, 200) : "";
}

function pick(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
