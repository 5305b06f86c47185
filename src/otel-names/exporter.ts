// The exporter under the name that the langsmith package has for its own: runs go by LangSmith's ingestion, not by OTLP.

import { LangSmithOptionError } from "../errors.js";
import { LangSmithSpanExporter } from "../exporter/index.js";
import { check } from "../options/checks.js";
import { HIDE } from "../options/kinds.js";
import { checkNames } from "../options/names.js";
import type { LangSmithOptions } from "../options/options.js";
import type { SourceSpan } from "../processor/source-span.js";
import { kindOfThrown } from "../thrown.js";
import { isUnawaited } from "../unawaited.js";
import { callUser } from "../user-callbacks.js";
import { warnOnce } from "../warnings.js";

/** What `LangSmithOTLPTraceExporter` takes. */
export interface LangSmithOTLPTraceExporterConfig {
  /** Default `LANGSMITH_API_KEY`. */
  readonly apiKey?: string;
  /** Default `LANGSMITH_PROJECT`. */
  readonly projectName?: string;
  /** The API's address; with `/otel/v1/traces` behind it, as the langsmith package has it, too. */
  readonly url?: string;
  /** `x-api-key` and `Langsmith-Project`: what the two options above say. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Changes a copy of a span before it is read. It must answer at once. */
  readonly transformExportedSpan?: (span: SourceSpan) => SourceSpan;
  /** Milliseconds for one attempt. */
  readonly timeoutMillis?: number;
  readonly concurrencyLimit?: number;
}

const NAMES: readonly string[] = Object.keys({
  apiKey: true,
  projectName: true,
  url: true,
  headers: true,
  transformExportedSpan: true,
  timeoutMillis: true,
  concurrencyLimit: true,
} satisfies Record<keyof LangSmithOTLPTraceExporterConfig, true>);

/**
 * {@link LangSmithSpanExporter} under the langsmith package's name, with its options.
 *
 * @throws LangSmithOptionError for an option that is not here, or makes no sense, by its name
 */
export class LangSmithOTLPTraceExporter extends LangSmithSpanExporter {
  readonly #transform: ((span: SourceSpan) => SourceSpan) | undefined;
  /** The project that was named for it. */
  readonly projectName: string | undefined;

  constructor(config: LangSmithOTLPTraceExporterConfig = {}) {
    const options = optionsOf(config);
    super(options);
    this.projectName = options.projectName;
    this.#transform = config.transformExportedSpan;
  }

  override export(spans: readonly SourceSpan[], resultCallback: Parameters<LangSmithSpanExporter["export"]>[1]): void {
    const transform = this.#transform;
    if (!transform) {
      super.export(spans, resultCallback);
      return;
    }
    const failures: unknown[] = [];
    const changed = spans.flatMap((span) => {
      try {
        const made: unknown = callUser(() => transform(copyOf(span)));
        if (isUnawaited(made)) throw new TypeError("it answered with a promise, which cannot be waited for");
        if (isSpan(made)) return [made];
        throw new TypeError("it answered with no span");
      } catch (error) {
        // What it would have hidden is not known: that span is not sent rather than too much.
        failures.push(error);
        return [];
      }
    });
    if (failures.length === 0) {
      super.export(changed, resultCallback);
      return;
    }
    const message = `transformExportedSpan failed (${kindOfThrown(failures[0])}); such spans are not sent.`;
    warnOnce("LSB_WARN_TRANSFORM", message, "export");
    super.export(changed, () => resultCallback({ code: 1, error: new Error(`LSB_WARN_TRANSFORM: ${message}`) }));
  }
}

function isSpan(made: unknown): made is SourceSpan {
  return typeof made === "object" && made !== null && "spanContext" in made && typeof made.spanContext === "function";
}

// The span is other processors' too.
function copyOf(span: SourceSpan): SourceSpan {
  return Object.create(span, {
    attributes: { value: { ...span.attributes }, enumerable: true, writable: true, configurable: true },
  });
}

function optionsOf(config: LangSmithOTLPTraceExporterConfig): LangSmithOptions {
  checkNames(config, NAMES);
  check("transformExportedSpan", config.transformExportedSpan, HIDE);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(config.headers ?? {})) headers[name.toLowerCase()] = value;
  const { "x-api-key": key, "langsmith-project": project, ...others } = headers;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw new LangSmithOptionError(`headers.${other}`, "left out: use the processor with a dispatcher", "a header");
  }
  const apiKey = config.apiKey ?? key;
  const projectName = config.projectName ?? project;
  const { url, timeoutMillis, concurrencyLimit } = config;
  return {
    ...(apiKey !== undefined && { apiKey }),
    ...(projectName !== undefined && { projectName }),
    ...(url !== undefined && { apiUrl: url.replace(/\/otel(?:\/v1\/traces)?\/?$/, "") }),
    ...(timeoutMillis !== undefined && { requestTimeoutMillis: timeoutMillis }),
    ...(concurrencyLimit !== undefined && { maxConcurrentRequests: concurrencyLimit }),
  };
}
