// The instrumentation's names at the edge: processors that take every span and keep none, headers without a run.

import { LangSmithOptionError } from "../errors.js";

const settled = async (): Promise<void> => {};

class Inert {
  readonly forceFlush = settled;
  readonly shutdown = settled;
  onStart(): void {}
  onEnd(): void {}
  onEmit(): void {}
  stats(): Record<string, never> {
    return {};
  }
}

export class LangSmithSpanProcessor extends Inert {}
export class RunIdentityProcessor extends Inert {}
export class LangSmithLogRecordProcessor extends Inert {}

export class LangSmithSpanExporter extends Inert {
  export(_spans: unknown, resultCallback: (result: { code: 0 }) => void): void {
    resultCallback({ code: 0 });
  }
}

export class LangSmithPropagator {
  inject(): void {}
  extract<Context>(context: Context): Context {
    return context;
  }
  fields(): string[] {
    return [];
  }
}

interface AskedSampler {
  shouldSample(...args: unknown[]): unknown;
  toString(): string;
}

/** Lets the inner sampler decide. */
export class LangSmithSampler {
  readonly #inner: AskedSampler;

  constructor(inner: AskedSampler) {
    this.#inner = inner;
  }

  shouldSample(...args: unknown[]): unknown {
    return this.#inner.shouldSample(...args);
  }

  toString(): string {
    return this.#inner.toString();
  }
}

export function register(): { isRegistered: false; forceFlush(): Promise<void>; shutdown(): Promise<void> } {
  return { isRegistered: false, forceFlush: settled, shutdown: settled };
}

export function getSpanProcessorsFromEnv(): never[] {
  return [];
}

export const defaultVocabularies: readonly never[] = [];

export function byValue(): () => undefined {
  return nothing;
}

export function isOneOf(): () => undefined {
  return nothing;
}

export function getRunId(): undefined {}
export function getRunReference(): undefined {}
export function runIdOf(): undefined {}
export function spanIdOf(): undefined {}
export async function findRun(): Promise<undefined> {}
export async function endRun(): Promise<void> {}

export function setRun<Context>(context: Context): Context {
  return context;
}

export function withRun<Result>(_run: unknown, fn: () => Result): Result {
  return fn();
}

export function tracingContext<Result>(_options: unknown, fn: () => Result): Result {
  return fn();
}

/** A span that is recorded nowhere, for what `startTrace` runs. */
const unrecorded = {
  spanContext: () => ({ traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 }),
  setAttribute: () => unrecorded,
  setAttributes: () => unrecorded,
  addEvent: () => unrecorded,
  addLink: () => unrecorded,
  addLinks: () => unrecorded,
  setStatus: () => unrecorded,
  updateName: () => unrecorded,
  end: nothing,
  isRecording: () => false,
  recordException: nothing,
};

export function startTrace<Result>(
  _name: string,
  ...rest: [(span: unknown) => Result] | [unknown, (span: unknown) => Result]
): Result {
  const fn = rest.at(-1);
  if (typeof fn !== "function") throw new LangSmithOptionError("startTrace's last argument", "a function to run", fn);
  return fn(unrecorded);
}

function nothing(): undefined {}
