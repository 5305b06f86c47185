// Process warnings, kept for the tests that look for one.
import { afterEach, beforeEach } from "vitest";
import { forgetPropagatorOrder } from "../../src/propagation/outbound.js";
import { forgetRefusedProjects } from "../../src/propagation/refusals.js";
import { forgetWarnings } from "../../src/warnings.js";

const warnings: { message: string; code: string }[] = [];
function keep(warning: Error & { code?: string }): void {
  warnings.push({ message: warning.message, code: warning.code ?? "" });
}

/** Keeps what is said during each test of a file; what was said before is forgotten. */
export function keepWarnings(): void {
  beforeEach(() => {
    warnings.length = 0;
    forgetWarnings();
    forgetRefusedProjects();
    forgetPropagatorOrder();
    process.removeAllListeners("warning").on("warning", keep);
  });
  afterEach(() => void process.off("warning", keep));
}

/** The messages of a code so far; they are emitted on the next tick. */
export async function said(code: string): Promise<string[]> {
  await new Promise((resolve) => setImmediate(resolve));
  return warnings.filter((warning) => warning.code === code).map((warning) => warning.message);
}
