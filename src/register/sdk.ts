// One face for the SDKs that an application may have: `sdk-trace-base` 2.x and `sdk-trace` 2.x and 3.x.
import type { Context, TracerProvider } from "@opentelemetry/api";
import { type Environment, numberOf } from "../options/environment.js";
import { classIn, type FoundPackage, type PackageFinder } from "../project/packages.js";

/**
 * OpenTelemetry's `SpanProcessor` by its shape alone, so that it is one on either line of the SDK.
 */
export interface AnySpanProcessor {
  onStart(span: unknown, parentContext: Context): void;
  onEnd(span: unknown): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** A tracer provider of an SDK. */
export interface SdkTracerProvider extends TracerProvider {
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** What a provider is made of. */
export interface ProviderParts {
  readonly resource: object | undefined;
  readonly sampler: object | undefined;
  readonly spanProcessors: readonly AnySpanProcessor[];
}

/** The building blocks of the SDK that was found. */
export interface Sdk {
  readonly package: FoundPackage;
  provider(parts: ProviderParts): SdkTracerProvider;
  batch(exporter: object): AnySpanProcessor;
  simple(exporter: object): AnySpanProcessor;
  consoleExporter(): object | undefined;
  sampler(kind: "AlwaysOnSampler" | "AlwaysOffSampler"): object | undefined;
  ratioSampler(ratio: number): object | undefined;
  parentBased(root: object): object | undefined;
}

/** Packages that bring an SDK along, which a strict package manager does not let the application itself see. */
const BRINGERS = [
  "@opentelemetry/sdk-node",
  "@opentelemetry/sdk-trace-node",
  "@opentelemetry/auto-instrumentations-node",
];

/** The application's SDK, or that of a package it has, or undefined where there is none that can be used. */
export function findSdk(packages: PackageFinder, env: Environment): Sdk | undefined {
  const bringers = BRINGERS.map((name) => packages.locate(name)).filter((path) => path !== undefined);
  for (const finder of [packages, ...bringers.map((path) => packages.from(path))]) {
    for (const name of ["@opentelemetry/sdk-trace-base", "@opentelemetry/sdk-trace"]) {
      const sdk = sdkOf(finder.find(name), env);
      if (sdk) return sdk;
    }
  }
  return undefined;
}

function sdkOf(found: FoundPackage | undefined, env: Environment): Sdk | undefined {
  // `sdk-trace` renamed the provider, and takes an exporter among the options; it reads no environment by itself.
  const Renamed = classIn<[object], SdkTracerProvider>(found, "TracerProvider");
  const Provider = Renamed ?? classIn<[object], SdkTracerProvider>(found, "BasicTracerProvider");
  if (!found || !Provider || isFirstLine(found)) return undefined;
  const processor = (name: string, exporter: object, options: object): AnySpanProcessor => {
    const Class = classIn<object[], AnySpanProcessor>(found, name);
    if (!Class) throw new TypeError(`${found.name} has no ${name}`);
    return Renamed ? new Class({ exporter, ...options }) : new Class(exporter, options);
  };
  return {
    package: found,
    provider: (parts) => new Provider(definedOf({ ...parts, spanLimits: spanLimitsOf(env) })),
    batch: (exporter) => processor("BatchSpanProcessor", exporter, batchOptionsOf(env)),
    simple: (exporter) => processor("SimpleSpanProcessor", exporter, {}),
    consoleExporter: () => made(classIn<[], object>(found, "ConsoleSpanExporter")),
    sampler: (kind) => made(classIn<[], object>(found, kind)),
    ratioSampler: (ratio) => made(classIn<[number], object>(found, "TraceIdRatioBasedSampler"), ratio),
    parentBased: (root) => made(classIn<[object], object>(found, "ParentBasedSampler"), { root }),
  };
}

function made<Arguments extends unknown[]>(
  Class: (new (...args: Arguments) => object) | undefined,
  ...args: Arguments
): object | undefined {
  return Class && new Class(...args);
}

/** The 1.x line: its resources are built otherwise, and it is no longer maintained. Only it exported `Tracer`. */
function isFirstLine(found: FoundPackage): boolean {
  return "Tracer" in found.exports;
}

function definedOf(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Limits as OpenTelemetry's SDK environment variables name them; what is unset stays the SDK's own default. */
function spanLimitsOf(env: Environment): object {
  const of = (...names: string[]) => names.map((name) => numberOf(env[name])).find((value) => value !== undefined);
  return definedOf({
    attributeCountLimit: of("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
    attributeValueLengthLimit: of("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
    eventCountLimit: of("OTEL_SPAN_EVENT_COUNT_LIMIT"),
    linkCountLimit: of("OTEL_SPAN_LINK_COUNT_LIMIT"),
    attributePerEventCountLimit: of("OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT"),
    attributePerLinkCountLimit: of("OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT"),
  });
}

function batchOptionsOf(env: Environment): object {
  const positive = (name: string) => {
    const value = numberOf(env[name]);
    return value !== undefined && value > 0 ? value : undefined;
  };
  return definedOf({
    maxQueueSize: positive("OTEL_BSP_MAX_QUEUE_SIZE"),
    scheduledDelayMillis: positive("OTEL_BSP_SCHEDULE_DELAY"),
    exportTimeoutMillis: positive("OTEL_BSP_EXPORT_TIMEOUT"),
    maxExportBatchSize: positive("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
  });
}
