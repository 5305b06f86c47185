// The user's own functions around a run: what they throw is said, and costs no more than what they were to say.

import { booleanOf, langsmithVariable } from "../options/environment.js";
import { kindOfThrown } from "../user-callbacks.js";
import { warnOnce } from "../warnings.js";

/** Runs a user's callback; undefined where it throws. */
export function callSafely<Result>(what: string, name: string, run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    sayThrown(what, name, error);
    return undefined;
  }
}

/** Says once for each function that its callback failed. */
export function sayThrown(what: string, name: string, error: unknown): void {
  warnOnce(
    "LSB_WARN_CALLBACK",
    `The ${what} of ${JSON.stringify(name)} failed (${kindOfThrown(error)}); the run goes on without it.`,
    `${what} ${name}`,
  );
}

/**
 * What stands for a payload whose `processInputs` or `processOutputs` failed: a marker, never what it was to hide;
 * unless `LANGSMITH_ALLOW_UNPROCESSED_PAYLOADS` says otherwise. The marker is the langsmith package's.
 */
export function insteadOf<Payload>(
  payload: Payload,
  what: "inputs" | "outputs",
  name: string,
  error: unknown,
): Payload | { ls_error: string } {
  const hook = what === "inputs" ? "processInputs" : "processOutputs";
  sayThrown(hook, name, error);
  if (booleanOf(langsmithVariable(process.env, "ALLOW_UNPROCESSED_PAYLOADS")) === true) return payload;
  return { ls_error: `Processing failed; ${what} dropped (${hook})` };
}
