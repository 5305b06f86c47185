// What an option may be: a check each, and the error that names the one that is wrong.

import { LangSmithOptionError } from "../errors.js";
import { withoutSlashesAtEnd } from "../wire/address.js";

const FUNCTIONS = ["transformRun", "waitUntil", "onError"] as const;
const STRINGS = ["apiUrl", "workspaceId", "projectName"] as const;
const NUMBERS = [
  "maxBatchCount",
  "maxBatchBytes",
  "batchDelayMillis",
  "maxConcurrentRequests",
  "requestTimeoutMillis",
] as const;
const HIDES = ["hideInputs", "hideOutputs", "hideMetadata"] as const;
const BOOLEANS = ["enabled", "primary", "flushBeforeExit"] as const;
const ONE_OF = {
  compression: ["auto", "gzip", "zstd", "none"],
  exportMode: ["batch", "immediate"],
} as const;

/** What a function that chooses spans gets to see: what exists when a span starts. */
export interface StartedSpan {
  readonly name: string;
  readonly kind: number;
  readonly scope: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Which spans become runs: see `LangSmithOptions.spans`. */
export type SpansOption = "application" | "all" | ((span: StartedSpan, byDefault: boolean) => boolean);

/** Options as somebody gave them, before their kinds are known. */
type Given<Name extends string> = { readonly [name in Name]?: unknown };

type GivenOptions = Given<
  | (typeof STRINGS | typeof FUNCTIONS | typeof BOOLEANS | typeof NUMBERS | typeof HIDES)[number]
  | keyof typeof ONE_OF
  | "apiKey"
  | "replicas"
  | "spool"
  | "held"
> & {
  readonly queue?: Given<"maxBytes">;
  readonly retry?: Given<"initialDelayMillis" | "maxDelayMillis" | "maxAgeMillis">;
  readonly mapping?: Given<"vocabularies">;
};

/** The kinds of all options that are passed on as they are. @throws LangSmithOptionError */
export function checkKinds(options: GivenOptions): void {
  for (const name of STRINGS) check(name, options[name], "a string", (value) => typeof value === "string");
  for (const name of FUNCTIONS) check(name, options[name], "a function", (value) => typeof value === "function");
  for (const name of BOOLEANS) check(name, options[name], "true or false", (value) => typeof value === "boolean");
  for (const name of NUMBERS) {
    check(name, options[name], "a number of at least 0", (value) => typeof value === "number" && value >= 0);
  }
  for (const name of HIDES) {
    checkHide(name, options[name]);
  }
  for (const name of ["compression", "exportMode"] as const) {
    const words: readonly string[] = ONE_OF[name];
    check(
      name,
      options[name],
      `one of ${words.join(", ")}`,
      (value) => typeof value === "string" && words.includes(value),
    );
  }
  check("apiKey", options.apiKey, "a string or a function", (value) => ["string", "function"].includes(typeof value));
  check("replicas", options.replicas, "a list", Array.isArray);
  check("spool", options.spool, "an object with dir", (value) => isRecord(value) && typeof value.dir === "string");
  check("held", options.held, "an object", isRecord);
  check("queue", options.queue, "an object", isRecord);
  check(
    "queue.maxBytes",
    options.queue?.maxBytes,
    "a positive number",
    (value) => typeof value === "number" && value > 0,
  );
  check("retry", options.retry, "an object", isRecord);
  for (const name of ["initialDelayMillis", "maxDelayMillis", "maxAgeMillis"] as const) {
    const value = options.retry?.[name];
    check(`retry.${name}`, value, "a number of at least 0", (given) => typeof given === "number" && given >= 0);
  }
  check("mapping.vocabularies", options.mapping?.vocabularies, "a list", Array.isArray);
}

/** An option that hides: its function must answer at once. @throws LangSmithOptionError */
export function checkHide(name: string, value: unknown): void {
  check(name, value, "true, false or a function", (given) => ["boolean", "function"].includes(typeof given));
  check(name, value, "a function that answers at once, which an async function does not", (given) => !isAsync(given));
}

/** Whether a function says of itself that it answers with a promise. */
function isAsync(value: unknown): boolean {
  return typeof value === "function" && value.constructor.name === "AsyncFunction";
}

export function check(name: string, value: unknown, takes: string, isGood: (value: unknown) => boolean): void {
  if (value !== undefined && !isGood(value)) throw new LangSmithOptionError(name, takes, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const ADDRESS =
  "an http or https address with its scheme, such as https://api.smith.langchain.com or http://localhost:1984";

/** A base address without its last slash. */
export function urlOf(option: string, value: string): string {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new LangSmithOptionError(option, ADDRESS, value);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new LangSmithOptionError(option, ADDRESS, value);
  }
  return withoutSlashesAtEnd(value);
}

export function spansOf(value: unknown): SpansOption | undefined {
  if (value === undefined || value === "application" || value === "all") return value;
  if (typeof value === "function") return value as Exclude<SpansOption, string>;
  throw new LangSmithOptionError("spans", '"application", "all" or a function', value);
}

export function tracesOf(name: string, value: unknown): "genai" | "all" | undefined {
  if (value === undefined || value === "genai" || value === "all") return value;
  throw new LangSmithOptionError(name, '"genai" or "all"', value);
}

export function durationOf(option: string, value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new LangSmithOptionError(option, "a number of milliseconds, 0 or more", value);
}

export function countOf(option: string, value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new LangSmithOptionError(option, "a number, 0 or more", value);
}

export function rateOf(value: unknown, option = "samplingRate"): number {
  if (typeof value === "number" && value >= 0 && value <= 1) return value;
  throw new LangSmithOptionError(option, "a number from 0 to 1", value);
}
