// The page of promises names only tests that are there, and quotes only what the README says.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Promised {
  readonly promise: string;
  readonly tests: readonly { readonly path: string; readonly title: string }[];
}

/** The rows of all tables; a line of a table that is no such row is an error. */
function rowsOf(page: string): Promised[] {
  const lines = page.split("\n").filter((line) => line.startsWith("|"));
  return lines
    .filter((line) => line !== "| promise | tests |" && line !== "| --- | --- |")
    .map((line) => {
      const [promise, tests, ...more] = line
        .slice(2, -2)
        .split(/ (?<!\\)\| /)
        .map((cell) => cell.replaceAll("\\|", "|"));
      if (!promise || !tests || more.length > 0) throw new Error(`test/promises.md: not a row of two cells: ${line}`);
      return { promise, tests: tests.split("<br>").map(testOf) };
    });
}

function testOf(cell: string): Promised["tests"][number] {
  const [, , path, title] = /^(`+) ?(\S+) › (.+?) ?\1$/.exec(cell) ?? [];
  if (!path || !title) throw new Error(`test/promises.md: not \`path › title\`: ${cell}`);
  return { path, title };
}

/** A title stands in quotation marks of its own, so that a part of another title or of a comment is none. */
function holdsTitle(source: string, title: string): boolean {
  return ['"', "'", "`"].some((mark) => source.includes(mark + title.replaceAll(mark, `\\${mark}`) + mark));
}

/** Text without what Markdown adds to it. */
function plain(markdown: string): string {
  return markdown
    .replace(/\]\([^)]*\)/g, "")
    .replace(/[`*|[\]]/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

const rows = rowsOf(readFileSync("test/promises.md", "utf8"));
/** The README, and the pages that hold what was too long for it. */
const PAGES = [
  "README.md",
  "docs/options.md",
  "docs/security.md",
  "docs/reliability.md",
  "docs/nextjs.md",
  "docs/exporter.md",
];
const readme = plain(PAGES.map((page) => readFileSync(page, "utf8")).join("\n\n"));
const sources = new Map<string, string>();

function sourceOf(path: string): string {
  const source = sources.get(path) ?? readFileSync(path, "utf8");
  sources.set(path, source);
  return source;
}

describe("test/promises.md", () => {
  it("names a test for each promise, and each promise once", () => {
    expect(rows.length).toBeGreaterThan(100);
    const promises = rows.map(({ promise }) => promise);
    expect(promises.filter((promise, at) => promises.indexOf(promise) !== at)).toEqual([]);
  });

  it("names only test files that are there", () => {
    const paths = new Set(rows.flatMap(({ tests }) => tests.map(({ path }) => path)));
    expect([...paths].filter((path) => !/^(local\/)?test\//.test(path) || !existsSync(path))).toEqual([]);
  });

  it("names only tests that stand in their files", () => {
    const missing = rows
      .flatMap(({ tests }) => tests)
      .filter(({ path, title }) => existsSync(path) && !holdsTitle(sourceOf(path), title));
    expect(missing.map(({ path, title }) => `${path} › ${title}`)).toEqual([]);
  });

  it("quotes only what the README and its pages say", () => {
    const quotes = rows.flatMap(({ promise }) => [...promise.matchAll(/“([^”]+)”/g)].map(([, quote = ""]) => quote));
    expect(quotes.length).toBeGreaterThan(20);
    expect(quotes.filter((quote) => !readme.includes(plain(quote)))).toEqual([]);
  });
});
