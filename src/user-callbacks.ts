// Functions of the user that the bridge calls: with tracing suppressed, and never one inside another. A callback that
// makes spans would else be called for its own spans, without end.
import { untraced } from "./untraced.js";

export { kindOfThrown } from "./thrown.js";

let depth = 0;

/** Runs a user's function. What it throws is the caller's. */
export function callUser<T>(call: () => T): T {
  depth += 1;
  try {
    return untraced(call);
  } finally {
    depth -= 1;
  }
}

/** Whether a user's function is on the stack: what it starts itself is no run, and is reported to nobody. */
export function isInUserCallback(): boolean {
  return depth > 0;
}
