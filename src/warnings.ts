// What a newcomer must see, once: through `process.emitWarning`, since OpenTelemetry's diag is silent by default.
import { diag } from "@opentelemetry/api";
import { isSet, sharedPart } from "./shared.js";

/** Stable codes of warnings. */
export type WarningCode = `LSB_WARN_${string}`;

let warned: Set<string> | undefined;

function said(): Set<string> {
  warned ??= sharedPart("warnings", () => new Set(), isSet<string>);
  return warned;
}

/**
 * Says a warning once a process (once for each `about`, where given): as a process warning with a stable code, and to
 * `diag`. True where it was the first time. Never throws, not even under `--throw-deprecation`-like settings of the host.
 */
export function warnOnce(code: WarningCode, message: string, about = ""): boolean {
  const key = `${code}:${about}`;
  if (said().has(key)) return false;
  said().add(key);
  diag.warn(`otel-langsmith: ${message}`, { code });
  try {
    process.emitWarning(message, { type: "OtelLangSmithWarning", code });
  } catch {
    // A host may have replaced emitWarning; diag has it.
  }
  return true;
}

/** Forgets what was said: for tests. */
export function forgetWarnings(): void {
  said().clear();
}
