// The span processors that OpenTelemetry's own environment variables ask for, so that theirs go on beside ours.
import { type Environment, listOf, textOf } from "../options/environment.js";
import { applicationPackages, classIn, type PackageFinder } from "../project/packages.js";
import { kindOfThrown } from "../thrown.js";
import { warnOnce } from "../warnings.js";
import { type AnySpanProcessor, findSdk, type Sdk } from "./sdk.js";

const OTLP_PACKAGES: Readonly<Record<string, string>> = {
  "http/protobuf": "@opentelemetry/exporter-trace-otlp-proto",
  "http/json": "@opentelemetry/exporter-trace-otlp-http",
  grpc: "@opentelemetry/exporter-trace-otlp-grpc",
};

/** How {@link getSpanProcessorsFromEnv} reads an environment that names no exporter. */
export interface SpanProcessorsFromEnvOptions {
  /**
   * What an unset `OTEL_TRACES_EXPORTER` means: `"otlp"`, as NodeSDK takes it (to `localhost:4318` where no OTLP
   * address is set), or `"asked"`: otlp only where an OTLP address is set, too. Default `"otlp"`.
   */
  readonly whenUnset?: "otlp" | "asked";
}

/**
 * The processors that NodeSDK would build from `OTEL_TRACES_EXPORTER` and the OTLP variables, and which it does not
 * build once it is given `spanProcessors`. OpenTelemetry has this function, too, but does not export it.
 *
 * Exporters are taken from the application's own packages, or from those that its SDK brings. One that is asked for
 * and not installed is said once (`LSB_WARN_EXPORTER`), and left out. Never throws.
 *
 * @example
 * ```ts
 * const sdk = new NodeSDK({ spanProcessors: [...getSpanProcessorsFromEnv(), new LangSmithSpanProcessor()] });
 * ```
 */
export function getSpanProcessorsFromEnv(options: SpanProcessorsFromEnvOptions = {}): AnySpanProcessor[] {
  const env = process.env;
  if (exporterNames(env, options).length === 0) return [];
  const packages = applicationPackages();
  const sdk = findSdk(packages, env);
  if (!sdk) {
    warnOnce("LSB_WARN_NO_SDK", "OTEL_TRACES_EXPORTER is not obeyed: no OpenTelemetry SDK 2.x or newer is installed.");
    return [];
  }
  return spanProcessorsOf(sdk, packages, env, options).map(({ processor }) => processor);
}

/** An exporter's processor, and the name under which the environment asked for it. */
export interface NamedProcessor {
  readonly name: string;
  readonly processor: AnySpanProcessor;
}

/** What {@link getSpanProcessorsFromEnv} does, with an SDK that was found already. */
export function spanProcessorsOf(
  sdk: Sdk,
  packages: PackageFinder,
  env: Environment,
  options: SpanProcessorsFromEnvOptions,
): NamedProcessor[] {
  return exporterNames(env, options).flatMap((name) => {
    try {
      const exporter = exporterNamed(name, sdk, packages, env);
      if (!exporter) return [];
      return [{ name, processor: name === "console" ? sdk.simple(exporter) : sdk.batch(exporter) }];
    } catch (error) {
      // Its message may quote the address or the headers of the OTLP variables.
      const why = kindOfThrown(error);
      warnOnce("LSB_WARN_EXPORTER", `OTEL_TRACES_EXPORTER's ${name} could not be set up (${why})`, name);
      return [];
    }
  });
}

/** Whether the environment asks for any exporter beside ours. */
export function asksForExporters(env: Environment): boolean {
  return exporterNames(env, { whenUnset: "asked" }).length > 0;
}

function exporterNames(env: Environment, { whenUnset = "otlp" }: SpanProcessorsFromEnvOptions): string[] {
  const named = [...new Set(listOf(env.OTEL_TRACES_EXPORTER))];
  if (named.includes("none")) {
    // Contradictory, which NodeSDK reads as "otlp"; whoever writes none beside others has the others in mind.
    return named.filter((name) => name !== "none");
  }
  if (named.length > 0) return named;
  const hasAddress = textOf(env.OTEL_EXPORTER_OTLP_ENDPOINT) ?? textOf(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
  return whenUnset === "otlp" || hasAddress !== undefined ? ["otlp"] : [];
}

function exporterNamed(name: string, sdk: Sdk, packages: PackageFinder, env: Environment): object | undefined {
  if (name === "console") return sdk.consoleExporter();
  if (name === "otlp") return packaged(otlpPackage(env), "OTLPTraceExporter", name, packages);
  if (name === "zipkin") return packaged("@opentelemetry/exporter-zipkin", "ZipkinExporter", name, packages);
  warnOnce(
    "LSB_WARN_EXPORTER",
    `OTEL_TRACES_EXPORTER names ${name}, which is not known; known are otlp, zipkin, console and none.`,
    name,
  );
  return undefined;
}

function otlpPackage(env: Environment): string {
  const protocol = textOf(env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL) ?? textOf(env.OTEL_EXPORTER_OTLP_PROTOCOL);
  const known = OTLP_PACKAGES[protocol ?? "http/protobuf"];
  if (known) return known;
  warnOnce(
    "LSB_WARN_EXPORTER",
    `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}, which is not known; http/protobuf is used.`,
    "protocol",
  );
  return "@opentelemetry/exporter-trace-otlp-proto";
}

function packaged(packageName: string, className: string, name: string, packages: PackageFinder): object | undefined {
  // NodeSDK depends on the exporters it builds; a strict package manager shows them to it alone.
  const found =
    packages.find(packageName) ?? packages.from(packages.locate("@opentelemetry/sdk-node")).find(packageName);
  const Exporter = classIn<[], object>(found, className);
  if (Exporter) return new Exporter();
  warnOnce(
    "LSB_WARN_EXPORTER",
    `OTEL_TRACES_EXPORTER asks for ${name}, but ${packageName} is not installed: npm install ${packageName}`,
    name,
  );
  return undefined;
}
