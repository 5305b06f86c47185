// Everything that a process may print: diag, process warnings, the console, standard error.
import { DiagLogLevel, diag } from "@opentelemetry/api";
import { vi } from "vitest";
import { forgetWarnings } from "../../src/warnings.js";

export interface Heard {
  /** All of it, as text; objects as `console` would print them, with what they hold. */
  text(): string;
  stop(): void;
}

/** Listens from now on; warnings that were said before may be said again. */
export async function startHearing(): Promise<Heard> {
  const { inspect } = await import("node:util");
  forgetWarnings();
  const lines: string[] = [];
  const hear = (...args: unknown[]) => {
    lines.push(args.map((arg) => (typeof arg === "string" ? arg : inspect(arg, { depth: 9 }))).join(" "));
  };
  diag.setLogger(
    { error: hear, warn: hear, info: hear, debug: hear, verbose: hear },
    { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
  );
  const spies = [
    vi.spyOn(process, "emitWarning").mockImplementation((...args: unknown[]) => hear(...args)),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      hear(String(text));
      return true;
    }),
    ...(["log", "info", "warn", "error", "debug"] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(hear),
    ),
  ];
  return {
    text: () => lines.join("\n"),
    stop() {
      for (const spy of spies) spy.mockRestore();
      diag.disable();
    },
  };
}
