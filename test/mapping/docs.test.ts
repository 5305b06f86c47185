// The pages on the mapping: that they are what the tables and the recordings say.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { mappingPage } from "../../scripts/mapping-docs.js";
import { librariesTable } from "../../scripts/mapping-libraries.js";
import { contentSwitches } from "../../src/mapping/content-off.js";
import { instrumentations } from "../fixtures/load.js";

function page(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");
}

describe("docs", () => {
  test("docs/mapping.md is what the tables say; else run `npm run docs:mapping`", () => {
    expect(page("mapping.md")).toBe(mappingPage());
  });

  test("docs/libraries.md holds the table that the recordings give", () => {
    expect(page("libraries.md")).toContain(librariesTable());
  });

  test("docs/libraries.md tells for each recorded library what to switch on", () => {
    const libraries = page("libraries.md");
    for (const library of instrumentations().keys()) expect(libraries).toContain(`\`${library}\``);
    for (const { setting } of contentSwitches) expect(libraries).toContain(setting);
  });
});
