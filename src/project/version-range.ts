// Whether a version is in a range, as OpenTelemetry's instrumentations write theirs: `>=4.19.0 <7`, `^5`, `1.x`, `*`.

type Version = readonly [major: number, minor: number, patch: number];

/** Whether a version is in one of the ranges. What cannot be read as a range holds every version. */
export function isInRanges(version: string, ranges: readonly string[]): boolean {
  const parts = versionOf(version);
  if (!parts) return true;
  return ranges.some((range) => range.split("||").some((alternative) => isInRange(parts, alternative.trim())));
}

function isInRange(version: Version, range: string): boolean {
  // "a - b" is ">=a <=b"; a comparator may stand apart from its version.
  const words = (range.includes(" - ") ? `>=${range.replace(" - ", " <=")}` : range).replace(/([<>=~^]) +/g, "$1");
  return words.split(" ").every((word) => word === "" || holds(version, word));
}

function holds(version: Version, comparator: string): boolean {
  const [, sign = "", text = ""] = /^([<>=~^]*)([^<>=~^].*)?$/.exec(comparator) ?? [];
  const given = text
    .replace(/^v/, "")
    .split(/[.+-]/, 3)
    .filter((part) => /^\d+$/.test(part));
  const low: Version = [Number(given[0] ?? 0), Number(given[1] ?? 0), Number(given[2] ?? 0)];
  if (given.length === 0) return true;
  switch (sign) {
    case ">=":
      return compare(version, low) >= 0;
    case ">":
      return compare(version, low) > 0;
    case "<":
      return compare(version, low) < 0;
    case "<=":
      return compare(version.slice(0, given.length), low) <= 0;
    case "^": {
      // As far as the first digit that is not zero.
      const at = low.findIndex((digit) => digit > 0);
      return compare(version, low) >= 0 && version.slice(0, at + 1).every((digit, index) => digit === low[index]);
    }
    case "~":
      return (
        compare(version, low) >= 0 && version.slice(0, Math.min(2, given.length)).every((digit, i) => digit === low[i])
      );
    default:
      return given.every((digit, index) => Number(digit) === version[index]);
  }
}

function compare(a: readonly number[], b: Version): number {
  for (const [index, digit] of a.entries()) {
    const difference = digit - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function versionOf(text: string): Version | undefined {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}
