// Every error that a user can meet. Each has a stable `code`, also at the beginning of its message, and `instanceof`
// holds between the ES module's classes and CommonJS's: it asks for the mark, not for the prototype.

import { addressForLog, withoutCredentials } from "./credentials.js";
import { ERROR, isObject } from "./shared.js";

/** A bad option or argument: names it, and tells what it takes. */
export class LangSmithOptionError extends TypeError {
  readonly code = "LSB_ERR_OPTION";

  constructor(
    readonly option: string,
    takes: string,
    value: unknown,
    message = `LSB_ERR_OPTION: ${option} must be ${takes}, not ${describe(option, value)}`,
  ) {
    super(message);
    this.name = "LangSmithOptionError";
  }

  /** The error of an option or argument of which more is to be told than what it takes. */
  static refused(option: string, message: string): LangSmithOptionError {
    return new LangSmithOptionError(option, "", undefined, `LSB_ERR_OPTION: ${message}`);
  }

  /** The error of an option whose name nobody knows. */
  static unknown(option: string, hint: string): LangSmithOptionError {
    return new LangSmithOptionError(option, "", undefined, `LSB_ERR_OPTION: there is no option ${option}; ${hint}`);
  }
}

/** The error is logged: an address may carry a password, and any variable a key that belongs in another. */
function describe(option: string, value: unknown): string {
  if (typeof value === "string") {
    const shown = /url|endpoint/i.test(option) ? addressForLog(value) : withoutCredentials(value);
    return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 60)}…` : shown);
  }
  return isObject(value) ? (Array.isArray(value) ? "a list" : "an object") : String(value);
}

/** Something that was passed as a run, and is none. */
export class RunReferenceError extends TypeError {
  constructor(
    /**
     * `LSB_ERR_RUN_ID`: a bare id, or none. `LSB_ERR_RUN_REFERENCE`: no reference. `LSB_ERR_RUN_OPEN`: the run's span is
     * open in this process. `LSB_ERR_NO_BRIDGE`: no bridge runs here that could send it.
     */
    readonly code: "LSB_ERR_RUN_ID" | "LSB_ERR_RUN_REFERENCE" | "LSB_ERR_RUN_OPEN" | "LSB_ERR_NO_BRIDGE",
    message: string,
  ) {
    super(`${code}: ${message}`);
    this.name = "RunReferenceError";
  }
}

/** A run id that is no UUID. */
export class RunIdError extends TypeError {
  readonly code = "LSB_ERR_RUN_ID";

  constructor(id: unknown, what = "A run id") {
    const shown = typeof id === "string" ? JSON.stringify(id.slice(0, 80)) : typeof id;
    super(`LSB_ERR_RUN_ID: ${what} must be a UUID, not ${shown}; use uuid7() from otel-langsmith`);
    this.name = "RunIdError";
  }
}

/** A time that no UUID v7 can hold. */
export class RunTimeError extends RangeError {
  readonly code = "LSB_ERR_TIME";

  constructor(time: unknown) {
    const shown = typeof time === "string" ? JSON.stringify(time.slice(0, 80)) : String(time);
    super(`LSB_ERR_TIME: ${shown} is no time a UUID v7 can hold; pass milliseconds or an ISO 8601 string`);
    this.name = "RunTimeError";
  }
}

/** There is no current run. */
export class NoRunTreeError extends Error {
  readonly code = "LSB_ERR_NO_RUN_TREE";

  constructor() {
    super(
      "LSB_ERR_NO_RUN_TREE: Could not get the current run tree.\n\nPlease make sure you are calling this method within a traceable function and that tracing is enabled.",
    );
    this.name = "NoRunTreeError";
  }
}

/**
 * What went wrong with a request. `LSB_ERR_NOT_FOUND`: the id or name is unknown there. `LSB_ERR_ACCESS`: no key, or one
 * that may not. `LSB_ERR_UNAVAILABLE`: the service is down, cannot be reached, or is too busy. `LSB_ERR_GONE`: the
 * deployment no longer answers that call (501, 410). `LSB_ERR_REQUEST`: it refused the request as it was made.
 * `LSB_ERR_EDGE`: the edge runtime cannot do it.
 */
export type RequestErrorCode =
  | "LSB_ERR_NOT_FOUND"
  | "LSB_ERR_ACCESS"
  | "LSB_ERR_UNAVAILABLE"
  | "LSB_ERR_GONE"
  | "LSB_ERR_REQUEST"
  | "LSB_ERR_EDGE";

/** A request to LangSmith that failed. */
export class LangSmithRequestError extends Error {
  readonly #reason: string | undefined;

  constructor(
    readonly code: RequestErrorCode,
    message: string,
    /** The HTTP status, where there was an answer. */
    readonly status?: number,
    reason?: string,
  ) {
    super(`${code}: ${message}`);
    this.name = "LangSmithRequestError";
    this.#reason = reason;
  }

  /**
   * The reason that the service gave, where it gave one: at most 200 characters, without the key. It is no part of the
   * message, nor of what is printed of this error, since it may quote what was sent.
   */
  get reason(): string | undefined {
    return this.#reason;
  }
}

/** Something of the langsmith package that this package does not have. */
export class NotHereError extends Error {
  readonly code = "LSB_ERR_NOT_HERE";

  constructor(what: string, way: string) {
    super(`LSB_ERR_NOT_HERE: otel-langsmith has no ${what}. ${way}`);
    this.name = "NotHereError";
  }
}

const ERRORS = {
  LangSmithOptionError,
  RunReferenceError,
  RunIdError,
  RunTimeError,
  NoRunTreeError,
  LangSmithRequestError,
  NotHereError,
};

for (const [mark, ErrorClass] of Object.entries(ERRORS)) {
  // On the prototype: an own property would be printed with every error.
  Object.defineProperty(ErrorClass.prototype, ERROR, { value: mark });
  Object.defineProperty(ErrorClass, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // A subclass knows its own instances only.
      if (this !== ErrorClass) return Function.prototype[Symbol.hasInstance].call(this, value);
      return isObject(value) && Reflect.get(value, ERROR) === mark;
    },
  });
}
