// The tables of docs/design.md: who may import whom, and what stands on each entry.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { tablesOfDesign } from "../../scripts/design-tables.js";

const design = readFileSync(new URL("../../docs/design.md", import.meta.url), "utf8");

it("docs/design.md has a row for each room of rooms.json with what it may import, and one for each entry of entries.json with every value of it", () => {
  for (const { heading, rows } of tablesOfDesign()) {
    const [, section = ""] = design.split(`### ${heading}\n`);
    const shown = section
      .split(/^#/m)[0]
      ?.split("\n")
      .filter((line) => line.startsWith("| "));
    // Where they differ: npm run docs:design.
    expect(shown, heading).toEqual(rows);
  }
}, 60_000);
