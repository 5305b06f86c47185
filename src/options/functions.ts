// The functions of users that are options, and what they get.
import type { KeyValues } from "../wire/run.js";

/** What a function that chooses spans gets to see: what exists when a span starts. */
export interface StartedSpan {
  readonly name: string;
  readonly kind: number;
  readonly scope: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Decides for itself which spans become runs. */
export type SpansFunction = (span: StartedSpan, byDefault: boolean) => boolean;

/** Which spans become runs: see `LangSmithOptions.spans`. */
export type SpansOption = "application" | "all" | SpansFunction;

/** Returns what may be sent of a field, at once. */
export type HideFunction = (values: KeyValues) => KeyValues;

/** Hides a field: `true` leaves it out whole, a function returns what may be said. */
export type HideOption = boolean | HideFunction;
