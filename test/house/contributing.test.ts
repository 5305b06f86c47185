// CONTRIBUTING.md: what it tells a maintainer to run is there, and every script is type checked.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(root + path, "utf8");
const page = read("CONTRIBUTING.md");
const scripts: Record<string, string> = JSON.parse(read("package.json")).scripts;

describe("CONTRIBUTING.md", () => {
  it("names only commands that are there", () => {
    const named = [...page.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !Object.hasOwn(scripts, String(name)))).toEqual([]);
  });

  it("names every suite, generator and benchmark", () => {
    const unnamed = Object.keys(scripts).filter(
      (name) => !page.includes(name === "test" ? "npm test" : `npm run ${name}`),
    );
    expect(unnamed.filter((name) => !["prepack", "demo"].includes(name))).toEqual([]);
  });

  it("names only files that are there", () => {
    const links = [...page.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => String(path));
    const paths = [...page.matchAll(/(?:src|test|scripts|local|docs)\/[\w./-]*\w/g)].map(([path]) => path);
    expect([...links, ...paths].filter((path) => !existsSync(root + path))).toEqual([]);
  });
});

it("npm run types looks at every script, configuration, benchmark and example in TypeScript, and every script in JavaScript", () => {
  const projects = [...(scripts["types"] ?? "").matchAll(/tsc --noEmit(?: -p (\w+))?/g)].map(
    ([, folder]) => folder ?? ".",
  );
  const checked = new Set(
    projects.flatMap((folder) => {
      const { config } = ts.readConfigFile(`${root}${folder}/tsconfig.json`, ts.sys.readFile);
      return ts.parseJsonConfigFileContent(config, ts.sys, `${root}${folder}`).fileNames;
    }),
  );
  const folders = ["bench", "demo", "examples", "scripts", "local/bin", "."];
  const found = folders.flatMap((folder) =>
    ts.sys
      .readDirectory(root + folder, [".ts", ".mts", ".mjs"], ["node_modules"], folder === "." ? ["*"] : ["**/*"])
      // Examples in JavaScript are run by tests, as a reader would run them.
      .filter((path) => !(folder === "examples" && path.endsWith(".mjs"))),
  );
  expect(found.length).toBeGreaterThan(40);
  expect(found.filter((path) => !checked.has(path))).toEqual([]);
});
