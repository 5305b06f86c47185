// What a newcomer must see, once: through `process.emitWarning`, since OpenTelemetry's diag is silent by default.
import { diag } from "@opentelemetry/api";

/** Stable codes of warnings. */
export type WarningCode = `LSB_WARN_${string}`;

const SAID = Symbol.for("otel-langsmith.warnings");

function said(): Set<string> {
  const shared = globalThis as { [SAID]?: Set<string> };
  shared[SAID] ??= new Set();
  return shared[SAID];
}

/**
 * Says a warning once a process (once for each `about`, where given): as a process warning with a stable code, and to
 * `diag`. Never throws, not even under `--throw-deprecation`-like settings of the host.
 */
export function warnOnce(code: WarningCode, message: string, about = ""): void {
  const key = `${code}:${about}`;
  if (said().has(key)) return;
  said().add(key);
  diag.warn(`otel-langsmith: ${message}`, { code });
  try {
    process.emitWarning(message, { type: "OtelLangSmithWarning", code });
  } catch {
    // A host may have replaced emitWarning; diag has it.
  }
}

/** Forgets what was said: for tests. */
export function forgetWarnings(): void {
  said().clear();
}
