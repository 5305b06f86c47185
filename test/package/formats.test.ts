// The two builds and the inert one beside each other: the same names everywhere, state shared, nothing of Node at the edge.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const run = promisify(execFile);
const manifest = z
  .object({ exports: z.record(z.string(), z.unknown()) })
  .parse(JSON.parse(await readFile("package.json", "utf8")));
const entries = Object.keys(manifest.exports)
  .filter((entry) => entry !== "./package.json")
  .map((entry) => `otel-langsmith${entry.slice(1)}`);

describe.each(entries)("%s", (entry) => {
  it("exports the same names as an ES module, as CommonJS and at the edge", async () => {
    const esm = await namesOf(["--input-type=module"], importing(entry));
    const cjs = await namesOf(["--input-type=commonjs"], requiring(entry));
    const edge = await namesOf(["--conditions=edge-light", "--input-type=module"], importing(entry));
    expect(cjs).toEqual(esm);
    expect(esm.filter((name) => !edge.includes(name))).toEqual([]);
  });

  it("loads at the edge without anything of Node", async () => {
    const bundle = await edgeBundle(entry);
    expect(bundle).not.toMatch(/\bnode:|\brequire\(|async_hooks|undici/);
  });
});

function importing(entry: string): string {
  return `const names = Object.keys(await import(${JSON.stringify(entry)})); ${printed}`;
}

function requiring(entry: string): string {
  return `const names = Object.keys(require(${JSON.stringify(entry)})); ${printed}`;
}

const printed = `console.log("names:" + JSON.stringify(names));`;

async function namesOf(flags: string[], program: string): Promise<string[]> {
  // Switched off, so that loading the entry that registers itself starts nothing.
  const env = { ...process.env, LANGSMITH_TRACING: "false" };
  const { stdout } = await run(process.execPath, [...flags, "--eval", program], { env });
  const names = z.array(z.string()).parse(JSON.parse(stdout.split("names:")[1] ?? ""));
  return names.filter((name) => name !== "__esModule" && name !== "default" && name !== "module.exports").sort();
}

/** What a bundler for the edge makes of the entry. */
async function edgeBundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from ${JSON.stringify(entry)};`, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    conditions: ["edge-light"],
  });
  return outputFiles.map((file) => file.text).join("\n");
}
