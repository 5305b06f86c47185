// What a provider needs beside processors, as the environment asks for it: sampler, resource, propagator.
import type { TextMapPropagator } from "@opentelemetry/api";
import { type Environment, listOf, numberOf, textOf } from "../options/environment.js";
import { classIn, functionIn, type PackageFinder } from "../project/packages.js";
import { warnOnce } from "../warnings.js";
import type { Sdk } from "./sdk.js";

/** `OTEL_TRACES_SAMPLER`; undefined where it is unset or unknown: then the SDK's own default holds. */
export function samplerFromEnv(sdk: Sdk, env: Environment): object | undefined {
  const name = textOf(env.OTEL_TRACES_SAMPLER);
  if (name === undefined) return undefined;
  const rootName = name.replace(/^parentbased_/, "");
  const root = rootSampler(sdk, rootName, env);
  if (!root) {
    warnOnce(
      "LSB_WARN_SAMPLER",
      `OTEL_TRACES_SAMPLER is ${name}, which is not known; every trace is sampled. Known are always_on, always_off, traceidratio, and these with parentbased_ before them.`,
    );
  }
  return root && rootName !== name ? sdk.parentBased(root) : root;
}

function rootSampler(sdk: Sdk, name: string, env: Environment): object | undefined {
  if (name === "always_on") return sdk.sampler("AlwaysOnSampler");
  if (name === "always_off") return sdk.sampler("AlwaysOffSampler");
  return name === "traceidratio" ? sdk.ratioSampler(ratioOf(env)) : undefined;
}

function ratioOf(env: Environment): number {
  const ratio = numberOf(env.OTEL_TRACES_SAMPLER_ARG);
  if (ratio !== undefined && ratio >= 0 && ratio <= 1) return ratio;
  warnOnce("LSB_WARN_SAMPLER", "OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1; 1 is used.", "ratio");
  return 1;
}

/** Resources by the shape that both lines have. */
interface Resource {
  merge(other: Resource): Resource;
}

const DETECTORS: Readonly<Record<string, string>> = {
  env: "envDetector",
  host: "hostDetector",
  os: "osDetector",
  process: "processDetector",
  serviceinstance: "serviceInstanceIdDetector",
};

/**
 * The default resource with what the detectors find: those that `OTEL_NODE_RESOURCE_DETECTORS` lists, else env
 * (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`), host and process, as NodeSDK has it. The clouds' detectors are
 * those of auto-instrumentations-node: they ask metadata servers, so only where they are named.
 */
export function resourceFromEnv(sdk: Sdk, packages: PackageFinder, env: Environment): object | undefined {
  const resources = packages.from(sdk.package.path).find("@opentelemetry/resources");
  const defaultResource = functionIn<[], Resource>(resources, "defaultResource");
  const detectResources = functionIn<[object], Resource>(resources, "detectResources");
  if (!resources || !defaultResource || !detectResources) return undefined;
  const named = listOf(env.OTEL_NODE_RESOURCE_DETECTORS);
  const automatic = named && packages.find("@opentelemetry/auto-instrumentations-node");
  const detectors =
    functionIn<[], unknown[]>(automatic, "getResourceDetectorsFromEnv")?.() ??
    detectorNames(named).flatMap((name) => resources.exports[DETECTORS[name] ?? ""] ?? []);
  return defaultResource().merge(detectResources({ detectors }));
}

function detectorNames(named: string[] | undefined): string[] {
  if (named === undefined) return ["env", "process", "host"];
  if (named.includes("none")) return [];
  if (named.includes("all")) return Object.keys(DETECTORS);
  return named;
}

const PROPAGATORS: Readonly<Record<string, readonly [packageName: string, className: string, options?: object]>> = {
  tracecontext: ["@opentelemetry/core", "W3CTraceContextPropagator"],
  baggage: ["@opentelemetry/core", "W3CBaggagePropagator"],
  b3: ["@opentelemetry/propagator-b3", "B3Propagator"],
  // B3InjectEncoding.MULTI_HEADER
  b3multi: ["@opentelemetry/propagator-b3", "B3Propagator", { injectEncoding: 1 }],
  jaeger: ["@opentelemetry/propagator-jaeger", "JaegerPropagator"],
  xray: ["@opentelemetry/propagator-aws-xray", "AWSXRayPropagator"],
  "xray-lambda": ["@opentelemetry/propagator-aws-xray-lambda", "AWSXRayLambdaPropagator"],
  ottrace: ["@opentelemetry/propagator-ot-trace", "OTTracePropagator"],
};

/**
 * The propagators of `OTEL_PROPAGATORS` (default `tracecontext,baggage`) with ours behind them, which an entry
 * `langsmith` names, too; undefined for `none`, which is taken at its word: nothing is injected, by nobody.
 */
export function propagatorFromEnv(
  sdk: Sdk,
  packages: PackageFinder,
  env: Environment,
  ours: TextMapPropagator | undefined,
): TextMapPropagator | undefined {
  const names = [...new Set(listOf(env.OTEL_PROPAGATORS) ?? ["tracecontext", "baggage"])];
  if (names.includes("none")) return undefined;
  const theirs = names.filter((name) => name !== "langsmith").flatMap((name) => named(name, sdk, packages) ?? []);
  const core = packages.from(sdk.package.path).find("@opentelemetry/core");
  const Composite = classIn<[object], TextMapPropagator>(core, "CompositePropagator");
  return Composite && new Composite({ propagators: ours ? [...theirs, ours] : theirs });
}

function named(name: string, sdk: Sdk, packages: PackageFinder): TextMapPropagator | undefined {
  const [packageName, className, options] = PROPAGATORS[name] ?? [];
  if (packageName === undefined || className === undefined) {
    const known = Object.keys(PROPAGATORS).join(", ");
    warnOnce("LSB_WARN_PROPAGATOR", `OTEL_PROPAGATORS names ${name}, which is not known; known are ${known}.`, name);
    return undefined;
  }
  const found = packages.from(sdk.package.path).find(packageName) ?? fromSdkNode(packageName, packages);
  const Propagator = classIn<[object?], TextMapPropagator>(found, className);
  if (Propagator) return new Propagator(options);
  warnOnce(
    "LSB_WARN_PROPAGATOR",
    `OTEL_PROPAGATORS names ${name}, but ${packageName} is not installed: npm install ${packageName}`,
    name,
  );
  return undefined;
}

function fromSdkNode(packageName: string, packages: PackageFinder) {
  return packages.from(packages.locate("@opentelemetry/sdk-node")).find(packageName);
}
