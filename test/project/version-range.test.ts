// Ranges as instrumentations write them: what npm's own semver says of them is right.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInRanges } from "../../src/project/version-range.js";

const cases: [range: string, inside: string[], outside: string[]][] = [
  [">=4.19.0 <7", ["4.19.0", "6.49.0"], ["4.18.9", "7.0.0", "7.59.1"]],
  [">=4.0.0 <6.0.0-alpha", ["5.1.0"], ["6.0.0", "3.9.9"]],
  ["^5.2.0", ["5.2.0", "5.9.1"], ["5.1.9", "6.0.0"]],
  ["^0.2.3", ["0.2.4"], ["0.3.0", "1.2.3"]],
  ["~1.4.1", ["1.4.9"], ["1.5.0", "1.4.0"]],
  ["4.x || >=6", ["4.0.0", "6.1.0"], ["5.0.0"]],
  ["1.2.0 - 2", ["1.2.0", "2.9.9"], ["3.0.0", "1.1.0"]],
  [">= 3 < 5", ["3.0.0", "4.9.9"], ["5.0.0"]],
  ["=2.1.0", ["2.1.0"], ["2.1.1"]],
  ["*", ["0.0.1", "99.0.0"], []],
  ["<=2.3", ["2.3.9"], ["2.4.0"]],
];

describe("a range", () => {
  it.each(cases)("%s holds what it says, and nothing else", (range, inside, outside) => {
    expect(inside.filter((version) => !isInRanges(version, [range]))).toEqual([]);
    expect(outside.filter((version) => isInRanges(version, [range]))).toEqual([]);
  });

  it("holds a version between its bounds, whatever they are", () => {
    const part = fc.nat(30);
    fc.assert(
      fc.property(
        fc.tuple(part, part, part),
        fc.tuple(part, part, part),
        fc.tuple(part, part, part),
        (low, at, high) => {
          const less = (a: number[], b: number[]) => {
            const i = a.findIndex((digit, index) => digit !== b[index]);
            return i >= 0 && (a[i] ?? 0) < (b[i] ?? 0);
          };
          const expected = !less(at, low) && less(at, high);
          expect(isInRanges(at.join("."), [`>=${low.join(".")} <${high.join(".")}`])).toBe(expected);
        },
      ),
    );
  });

  it("takes linear time for hostile text, and holds every version where it cannot be read", () => {
    const began = performance.now();
    expect(isInRanges("1.2.3", [" ".repeat(100_000), "<".repeat(100_000)])).toBe(true);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
