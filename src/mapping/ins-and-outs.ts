// What the makers of inputs and outputs share: what they make, and how a value is wrapped.
import type { KeyValues } from "../wire/run.js";
import { isObject } from "./json.js";
import { isThere } from "./there.js";

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

/** A value that is there; undefined for others. */
export function there(value: unknown): unknown {
  return isThere(value) ? value : undefined;
}

/** An object as it is, anything else under a name. */
export function wrap(value: unknown, name: string): KeyValues {
  return isObject(value) ? value : { [name]: value };
}
