// @opentelemetry/auto-instrumentations-node, where the application has it, and the loader hook it needs for ES modules.

import module, { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { diag, type TracerProvider } from "@opentelemetry/api";
import type { Supported } from "../project/libraries.js";
import { type FoundPackage, functionIn, type PackageFinder } from "../project/packages.js";
import { AUTOMATIC, supportedBy } from "../project/supported.js";
import { kindOfThrown } from "../thrown.js";
import { type CapturingInstrumentation, isCapturing } from "./content-capture.js";

/**
 * Modules that break when they are wrapped: the shims of openai 4 set what they export when they are called, and a
 * wrapper shows it late, so that a program that imports openai as an ES module ends at its first line.
 */
const UNWRAPPED = { exclude: [/\/node_modules\/openai\/_shims\//] };

const HOOK = "@opentelemetry/instrumentation/hook.mjs";

/** Automatic instrumentations that were made, and patch what is loaded from now on. */
export interface AutoInstrumentations {
  readonly count: number;
  /** The modules that they patch. */
  readonly supported: readonly Supported[];
  /** Those that capture content when they are told to. */
  readonly capturing: readonly CapturingInstrumentation[];
  /**
   * Lets their spans be the provider's. It must be registered before: on OpenTelemetry's 3.x line, what an
   * instrumentation takes for the global provider earlier never becomes it.
   */
  use(provider: TracerProvider): void;
}

/**
 * Makes the automatic instrumentations; they read `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and
 * `OTEL_NODE_DISABLED_INSTRUMENTATIONS` themselves. Undefined where they are not installed.
 */
export function makeAutoInstrumentations(
  packages: PackageFinder,
  noteModules: (modules: readonly string[]) => void = () => {},
): AutoInstrumentations | undefined {
  const automatic = packages.find(AUTOMATIC);
  const base = packages.from(automatic?.path).find("@opentelemetry/instrumentation");
  const registerInstrumentations = functionIn<[object], unknown>(base, "registerInstrumentations");
  const getInstrumentations = functionIn<[], object[]>(automatic, "getNodeAutoInstrumentations");
  if (!automatic || !base || !registerInstrumentations || !getInstrumentations) return undefined;
  hookModules(automatic, base);
  const instrumentations = getInstrumentations();
  const supported = instrumentations.flatMap(supportedBy);
  noteModules(supported.map(({ module }) => module));
  return {
    count: instrumentations.length,
    supported,
    capturing: instrumentations.filter(isCapturing),
    use: (tracerProvider) => registerInstrumentations({ instrumentations, tracerProvider }),
  };
}

/**
 * ES modules can only be instrumented through a loader hook, and it must be of the very copy of import-in-the-middle
 * that the instrumentations listen to: so it is resolved from their place.
 */
function hookModules(automatic: FoundPackage, base: FoundPackage): void {
  if (isHookedByUser()) return;
  try {
    if (!hookInThread(base)) module.register(HOOK, pathToFileURL(automatic.path), { data: UNWRAPPED });
  } catch (error) {
    diag.warn(
      `otel-langsmith: the loader hook could not be set, so ES modules are not instrumented (${kindOfThrown(error)})`,
    );
  }
}

/** Hooks in this thread, where Node and import-in-the-middle have them: `module.register` is on its way out there. */
function hookInThread(base: FoundPackage): boolean {
  if (!("registerHooks" in module)) return false;
  try {
    const hooks: unknown = createRequire(base.path)("import-in-the-middle/register-hooks.mjs");
    if (!hasInThreadHooks(hooks) || !hooks.supportsSyncHooks()) return false;
    hooks.register(UNWRAPPED);
    return true;
  } catch {
    // An import-in-the-middle from before there were any, or a Node that cannot require an ES module.
    return false;
  }
}

function hasInThreadHooks(value: unknown): value is { supportsSyncHooks(): boolean; register(options: object): void } {
  return (
    typeof value === "object" &&
    value !== null &&
    "supportsSyncHooks" in value &&
    typeof value.supportsSyncHooks === "function" &&
    "register" in value &&
    typeof value.register === "function"
  );
}

/** The user's command line sets a hook already: two would wrap every module twice. */
function isHookedByUser(): boolean {
  const line = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].join(" ");
  return line.includes("@opentelemetry/instrumentation/hook.mjs") || line.includes("import-in-the-middle");
}
