// Copies of @opentelemetry/api that do not see each other: a newer one takes an older one's registrations for none.

import { join } from "node:path";
import { installedFolder, installedVersion } from "./installed.js";

/** A library whose copy of the API sees nothing of what is registered. */
export interface BlindCopy {
  readonly library: string;
  /** Its copy's version, and that by which providers are registered. */
  readonly version: string;
  readonly registered: string;
}

const LIBRARIES = [
  "ai",
  "@ai-sdk/otel",
  "@opentelemetry/instrumentation",
  "@langfuse/tracing",
  "@mastra/core",
  "langsmith",
];
const API = "@opentelemetry/api";

/** The version with which providers were registered, as the API keeps it; undefined where nothing is. */
function registeredVersion(): string | undefined {
  const shared: unknown = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1"));
  if (typeof shared !== "object" || shared === null || !("version" in shared)) return undefined;
  return typeof shared.version === "string" ? shared.version : undefined;
}

/** Libraries whose own copy is of a newer minor version than what is registered. */
export function blindCopies(registered = registeredVersion() ?? installedVersion(API)): BlindCopy[] {
  if (registered === undefined) return [];
  return LIBRARIES.flatMap((library) => {
    const found = installedFolder(library);
    const version = found && installedVersion(API, [join(found.folder, "package.json")]);
    if (version === undefined || minorOf(version) <= minorOf(registered)) return [];
    return [{ library, version, registered }];
  });
}

function minorOf(version: string): number {
  return Number(version.split(".")[1]);
}

/** One sentence with its remedy. */
export function describeCopies(copies: readonly BlindCopy[]): string {
  const { version, registered } = copies[0] ?? { version: "1", registered: "1" };
  return `${copies.map(({ library }) => library).join(", ")} brings @opentelemetry/api ${version}, and the tracer provider was registered with ${registered}: a newer copy takes that for none, so these spans are never made. Install one version for all: npm install @opentelemetry/api@^${version}`;
}
