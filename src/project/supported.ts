// What OpenTelemetry's automatic instrumentations support, as they say it themselves.
import type { Supported } from "./libraries.js";
import { functionIn, type PackageFinder } from "./packages.js";
import { isInRanges } from "./version-range.js";

/** The package that has all of them. */
export const AUTOMATIC = "@opentelemetry/auto-instrumentations-node";

/** What the automatic instrumentations that are installed patch, and how many they are; undefined where there are none. */
export function supportedHere(packages: PackageFinder): { count: number; supported: readonly Supported[] } | undefined {
  const getInstrumentations = functionIn<[], object[]>(packages.find(AUTOMATIC), "getNodeAutoInstrumentations");
  if (!getInstrumentations) return undefined;
  const instrumentations = getInstrumentations();
  return { count: instrumentations.length, supported: instrumentations.flatMap(supportedBy) };
}

/** What an instrumentation patches, as its module definitions say. */
export function supportedBy(instrumentation: object): Supported[] {
  const definitions: unknown = Reflect.get(instrumentation, "_modules");
  if (!Array.isArray(definitions)) return [];
  return definitions.flatMap((definition: unknown) => {
    if (typeof definition !== "object" || definition === null) return [];
    if (!("name" in definition && "supportedVersions" in definition)) return [];
    const { name: module, supportedVersions: ranges } = definition;
    if (typeof module !== "string" || !Array.isArray(ranges)) return [];
    const texts = ranges.filter((range: unknown) => typeof range === "string");
    return [{ module, isSupported: (version: string) => isInRanges(version, texts) }];
  });
}
