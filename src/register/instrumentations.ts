// @opentelemetry/auto-instrumentations-node, where the application has it, and the loader hook it needs for ES modules.
import module, { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { diag } from "@opentelemetry/api";
import { type FoundPackage, functionIn, type PackageFinder } from "./packages.js";

const AUTOMATIC = "@opentelemetry/auto-instrumentations-node";
const HOOK = "@opentelemetry/instrumentation/hook.mjs";

/**
 * Switches the automatic instrumentations on; they read `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and
 * `OTEL_NODE_DISABLED_INSTRUMENTATIONS` themselves. Returns how many, or undefined where they are not installed.
 */
export function registerAutoInstrumentations(packages: PackageFinder): number | undefined {
  const automatic = packages.find(AUTOMATIC);
  const instrumentations = functionIn<[], object[]>(automatic, "getNodeAutoInstrumentations")?.();
  const base = packages.from(automatic?.path).find("@opentelemetry/instrumentation");
  const registerInstrumentations = functionIn<[object], unknown>(base, "registerInstrumentations");
  if (!automatic || !base || !instrumentations || !registerInstrumentations) return undefined;
  hookModules(automatic, base);
  registerInstrumentations({ instrumentations });
  return instrumentations.length;
}

/**
 * ES modules can only be instrumented through a loader hook, and it must be of the very copy of import-in-the-middle
 * that the instrumentations listen to: so it is resolved from their place.
 */
function hookModules(automatic: FoundPackage, base: FoundPackage): void {
  if (isHookedByUser()) return;
  try {
    if (!hookInThread(base)) module.register(HOOK, pathToFileURL(automatic.path));
  } catch (error) {
    diag.warn("otel-langsmith: the loader hook could not be set, so ES modules are not instrumented", error);
  }
}

/** Hooks in this thread, where Node and import-in-the-middle have them: `module.register` is on its way out there. */
function hookInThread(base: FoundPackage): boolean {
  if (!("registerHooks" in module)) return false;
  try {
    const hooks: unknown = createRequire(base.path)("import-in-the-middle/register-hooks.mjs");
    if (!hasInThreadHooks(hooks) || !hooks.supportsSyncHooks()) return false;
    hooks.register();
    return true;
  } catch {
    // An import-in-the-middle from before there were any, or a Node that cannot require an ES module.
    return false;
  }
}

function hasInThreadHooks(value: unknown): value is { supportsSyncHooks(): boolean; register(): void } {
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
