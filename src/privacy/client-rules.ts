// What a run's client was told to hide, to mask and to sample: obeyed for the runs made with it, and for those below.
// The fields are the langsmith package's, so that its own client is read as ours is.

import { isSampledById } from "../identity/sampling.js";
import type { HideOption } from "../options/options.js";
import { isUnawaited } from "../unawaited.js";
import { callUser } from "../user-callbacks.js";
import type { Run, RunEvent } from "../wire/run.js";
import { type HideOptions, hide } from "./hide.js";

type Mask = Exclude<HideOption, boolean>;

/** Rules of one client. */
export interface ClientRules extends HideOptions {
  /** Also masks a run's error, as `{ error }`, and what its events say. */
  readonly anonymizer: Mask | undefined;
  /** 0 to 1, by trace id. */
  readonly samplingRate: number;
  /** Leaves out `extra.runtime`. */
  readonly omitsRuntime: boolean;
}

/** What a client, ours or langsmith's, was told; undefined where it was told nothing. */
export function rulesOf(client: object): ClientRules | undefined {
  const anonymizer = maskIn(client, "anonymizer");
  const rules: ClientRules = {
    hideInputs: hideIn(client, "hideInputs") ?? anonymizer ?? false,
    hideOutputs: hideIn(client, "hideOutputs") ?? anonymizer ?? false,
    hideMetadata: hideIn(client, "hideMetadata") ?? anonymizer ?? false,
    anonymizer,
    samplingRate: rateIn(client),
    omitsRuntime: Reflect.get(client, "omitTracedRuntimeInfo") === true,
  };
  const { hideInputs, hideOutputs, hideMetadata, samplingRate, omitsRuntime } = rules;
  const isTold = hideInputs || hideOutputs || hideMetadata || anonymizer || samplingRate < 1 || omitsRuntime;
  return isTold ? rules : undefined;
}

/** Whether a trace is sent, as far as its clients are asked. The langsmith package decides by the same function. */
export function isSampledByClients(clients: readonly object[] | undefined, traceId: string): boolean {
  return (clients ?? []).every((client) => isSampledById(traceId, rulesOf(client)?.samplingRate ?? 1));
}

/** Whether a client of these hides or masks inputs or outputs: then they go nowhere in clear. */
export function hidesContent(clients: readonly object[] | undefined): boolean {
  return (clients ?? []).some((client) => {
    const rules = rulesOf(client);
    return rules !== undefined && Boolean(rules.hideInputs || rules.hideOutputs || rules.anonymizer);
  });
}

/** The clients of two lists, each once. */
export function together(
  some: readonly object[] | undefined,
  more: readonly object[] | undefined,
): readonly object[] | undefined {
  if (!some || !more || some === more) return some ?? more;
  return [...new Set([...some, ...more])];
}

/** A run as its clients let it be sent. */
export function hideByClients(
  run: Run,
  clients: readonly object[] | undefined,
  onError: (option: string, error: unknown) => void,
): Run {
  let hidden = run;
  for (const client of clients ?? []) {
    const rules = rulesOf(client);
    if (rules) hidden = hideByRules(hidden, rules, onError);
  }
  return hidden;
}

function hideByRules(run: Run, rules: ClientRules, onError: (option: string, error: unknown) => void): Run {
  let hidden = hide(run, rules, onError);
  const { error } = hidden;
  if (rules.anonymizer && typeof error === "string") {
    hidden = { ...hidden, error: maskedError(error, rules.anonymizer, onError) };
  }
  const { anonymizer } = rules;
  if (anonymizer && hidden.events) {
    hidden = { ...hidden, events: hidden.events.map((event) => maskedEvent(event, anonymizer, onError)) };
  }
  if (rules.omitsRuntime && hidden.extra) {
    const { runtime: _, ...extra } = hidden.extra;
    hidden = { ...hidden, extra };
  }
  return hidden;
}

function maskedError(error: string, mask: Mask, onError: (option: string, error: unknown) => void): string {
  try {
    const masked: unknown = callUser(() => mask({ error }));
    if (isUnawaited(masked)) throw new TypeError("it answered with a promise, which masking cannot wait for");
    const text: unknown = typeof masked === "object" && masked !== null ? Reflect.get(masked, "error") : undefined;
    return typeof text === "string" ? text : error;
  } catch (failure) {
    onError("anonymizer", failure);
    return "hidden: the anonymizer threw";
  }
}

/** What an event has besides its name and time is content: a message, the arguments of a callback, a stack. */
function maskedEvent(event: RunEvent, mask: Mask, onError: (option: string, error: unknown) => void): RunEvent {
  const { name, time, ...content } = event;
  if (Object.keys(content).length === 0) return event;
  try {
    const masked: unknown = callUser(() => mask(structuredClone(content)));
    if (isUnawaited(masked)) throw new TypeError("it answered with a promise, which masking cannot wait for");
    return { ...(typeof masked === "object" ? masked : {}), name, time };
  } catch (failure) {
    onError("anonymizer", failure);
    return { name, time };
  }
}

function hideIn(client: object, name: string): HideOption | undefined {
  const value: unknown = Reflect.get(client, name);
  return typeof value === "boolean" || isMask(value) ? value : undefined;
}

function maskIn(client: object, name: string): Mask | undefined {
  const value: unknown = Reflect.get(client, name);
  return isMask(value) ? value : undefined;
}

// What it answers is looked at when it does.
function isMask(value: unknown): value is Mask {
  return typeof value === "function";
}

function rateIn(client: object): number {
  const rate: unknown = Reflect.get(client, "tracingSampleRate");
  return typeof rate === "number" && rate >= 0 && rate <= 1 ? rate : 1;
}
