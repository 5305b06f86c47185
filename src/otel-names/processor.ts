// The processor under the name that the langsmith package has for its own: it hands what ends to the exporter.

import { type Context, context as contextApi } from "@opentelemetry/api";
import { LangSmithOptionError } from "../errors.js";
import { RunIdentityProcessor } from "../processor/identity-processor.js";
import type { SourceSpan } from "../processor/source-span.js";
import { LangSmithOTLPTraceExporter } from "./exporter.js";

/**
 * Gives the spans of this process their places as they start, and hands them to a {@link LangSmithOTLPTraceExporter} as
 * they end. `LangSmithSpanProcessor` does both, and posts runs while they run.
 *
 * @throws TypeError for another exporter: spans would go where nobody places them
 */
export class LangSmithOTLPSpanProcessor {
  readonly #identity: RunIdentityProcessor;
  readonly #exporter: LangSmithOTLPTraceExporter;

  constructor(exporter: LangSmithOTLPTraceExporter = new LangSmithOTLPTraceExporter()) {
    if (!(exporter instanceof LangSmithOTLPTraceExporter)) {
      const message =
        "LangSmithOTLPSpanProcessor takes a LangSmithOTLPTraceExporter; put another exporter into a BatchSpanProcessor beside it.";
      throw LangSmithOptionError.refused("exporter", message);
    }
    this.#exporter = exporter;
    const { projectName } = exporter;
    this.#identity = new RunIdentityProcessor(projectName === undefined ? {} : { projectName });
  }

  onStart(span: SourceSpan, parentContext: Context = contextApi.active()): void {
    this.#identity.onStart(span, parentContext);
  }

  onEnd(span: SourceSpan): void {
    this.#identity.onEnd(span);
    this.#exporter.export([span], () => {});
  }

  /** Never rejects. */
  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush();
  }

  /** Never rejects. */
  async shutdown(): Promise<void> {
    await this.#identity.shutdown();
    await this.#exporter.shutdown();
  }
}

/** Whether the langsmith package's own mode would take a span: one of its `traceable`, or of the AI SDK. */
export function isTraceableSpan(span: Pick<SourceSpan, "attributes">): boolean {
  const { attributes } = span;
  return attributes["langsmith.traceable"] === "true" || typeof attributes["ai.operationId"] === "string";
}
