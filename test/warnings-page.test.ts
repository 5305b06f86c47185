// docs/warnings.md: every code that the sources name stands there once, with cause and remedy, and no other.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const page = readFileSync("docs/warnings.md", "utf8");
const rows = page.split("\n").flatMap((line) => {
  const [, code, rest = ""] = /^\| `(LSB_\w+)` \| (.*) \|$/.exec(line) ?? [];
  return code === undefined ? [] : [{ code, cells: rest.split(" | ") }];
});

function sourcesOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(({ name }) =>
    name.endsWith(".ts"),
  );
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8")).join("\n");
}

/** The words of a union type, as codes spell them. */
function wordsOf(source: string, type: string): string[] {
  const [, union = ""] = new RegExp(`export type ${type} =([^;]*);`).exec(source) ?? [];
  return [...union.matchAll(/"(\w+)"/g)].map(([, word = ""]) => word.toUpperCase());
}

describe("docs/warnings.md", () => {
  const source = sourcesOf("src") + sourcesOf("local/src");
  const spelled = [...source.matchAll(/LSB_(?:WARN|ERR|INFO)_[A-Z0-9_]*[A-Z0-9]\b(?!_)/g)].map(([code]) => code);
  // Codes that are put together from a cause.
  const made = [
    ...wordsOf(source, "LossCause").map((cause) => `LSB_ERR_LOST_${cause}`),
    ...wordsOf(source, "RefusalCause").map((cause) => `LSB_WARN_INBOUND_${cause}`),
    ...wordsOf(source, "FailureKind").map((kind) => `LSB_ERR_${kind}`),
  ];
  const codes = [...new Set([...spelled, ...made])].sort();

  it("has every code once, and none that nobody prints", () => {
    expect(made.length).toBeGreaterThan(20);
    expect(rows.map(({ code }) => code).sort()).toEqual(codes);
  });

  it("says cause and remedy of every warning", () => {
    const bare = rows.filter(({ code, cells }) => code.startsWith("LSB_WARN_") && cells.filter(Boolean).length !== 2);
    expect(bare).toEqual([]);
  });
});
