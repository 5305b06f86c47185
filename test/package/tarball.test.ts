// The packed tarball: what is in it, and whether every resolver finds code and types.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";

const run = promisify(execFile);
const packageJson = z.object({
  exports: z.record(z.string(), z.unknown()),
  sideEffects: z.array(z.string()),
  bin: z.record(z.string(), z.string()).optional(),
});

let folder: string;
let manifest: z.infer<typeof packageJson>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "otel-langsmith-unpacked-"));
  await run("tar", ["-xzf", inject("tarballs").bridge, "-C", folder]);
  manifest = packageJson.parse(JSON.parse(await readFile(join(folder, "package/package.json"), "utf8")));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function filesUnpacked(): Promise<[name: string, text: string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (path) => [path, await readFile(path, "utf8")]));
}

describe("the packed tarball", () => {
  it("holds the builds, their types and the texts, and nothing else", () => {
    const foreign = inject("packedFiles").filter(
      (path) =>
        !/^(dist\/.+\.(c?js|d\.c?ts)|package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|docs\/[\w-]+\.md)$/.test(
          path,
        ),
    );
    expect(foreign).toEqual([]);
    expect(inject("packedFiles")).toEqual(
      expect.arrayContaining(["LICENSE", "CHANGELOG.md", "SECURITY.md", "docs/warnings.md", "dist/index.js"]),
    );
  });

  it("has both formats in the target's own syntax: nothing is rewritten into calls of helpers", async () => {
    const files = await filesUnpacked();
    const textOf = (ending: RegExp) =>
      files.flatMap(([name, text]) => (ending.test(name) && !/\/(?:cli|bundled)\//.test(name) ? text : [])).join("\n");
    const [esm, cjs] = [textOf(/\.js$/), textOf(/\.cjs$/)];
    const helper =
      /\b_(?:optionalChain|nullishCoalesce)|\b__(?:async|await|spread|objRest|private|publicField|yieldStar)\w*/;
    for (const text of [esm, cjs]) expect(text).not.toMatch(helper);
    const count = (text: string, token: string) => text.split(token).length - 1;
    for (const token of ["?.", " ?? ", " ??= "]) {
      expect(count(cjs, token), token).toBe(count(esm, token));
      expect(count(cjs, token), token).toBeGreaterThan(20);
    }
  });

  it("holds every file that exports, bin and sideEffects name", () => {
    const named = [...filesNamed(manifest.exports), ...Object.values(manifest.bin ?? {}), ...manifest.sideEffects];
    const missing = named
      .map((path) => path.replace(/^\.\//, ""))
      .filter((path) => !inject("packedFiles").includes(path));
    expect(missing).toEqual([]);
  });

  it("offers every entry in both formats, with types for both, and an inert one for the edge", () => {
    for (const [entry, conditions] of Object.entries(manifest.exports)) {
      if (entry === "./package.json") continue;
      const name = entry === "." ? "index" : entry.slice(2);
      expect(conditions, entry).toMatchObject({
        "edge-light": { import: { default: "./dist/edge.js" }, require: { default: "./dist/edge.cjs" } },
        import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
        require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
      });
    }
  });

  it("names nothing of the machine it was built on", async () => {
    for (const [name, text] of await filesUnpacked()) {
      expect(text.includes(process.cwd()), `${name} names the build's folder`).toBe(false);
    }
  });

  it("holds no copy of another package: the native SDK is the application's own", async () => {
    for (const [name, text] of await filesUnpacked()) {
      expect(/^\s*\/\/ (\.\.\/)*node_modules\/.*/m.exec(text)?.[0], name).toBeUndefined();
    }
    const native = await readFile(join(folder, "package/dist/langsmith.js"), "utf8");
    expect(native).toMatch(/from "langsmith\/run_trees"/);
  });

  it("passes publint without an error, a warning or a suggestion", async () => {
    const tarball = await readFile(inject("tarballs").bridge);
    const { messages, pkg } = await publint({
      pack: { tarball: Uint8Array.from(tarball).buffer },
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg ?? {}))).toEqual([]);
  });

  it("resolves with its types under every resolver that reads exports (attw)", async () => {
    const args = [inject("tarballs").bridge, "--format", "json", "--profile", "node16"];
    const attw = join(process.cwd(), "node_modules/@arethetypeswrong/cli/dist/index.js");
    const answer = await run(process.execPath, [attw, ...args], { maxBuffer: 64 * 2 ** 20 }).catch((error) => error);
    const { analysis } = z
      .object({
        analysis: z.object({ entrypoints: z.record(z.string(), z.unknown()), problems: z.array(z.unknown()) }),
      })
      .parse(JSON.parse(String(answer.stdout)));
    const entries = Object.keys(manifest.exports).filter((entry) => entry !== "./package.json");
    expect(Object.keys(analysis.entrypoints)).toEqual(expect.arrayContaining(entries));
    // Node 10 knows no exports, and Node 20.18 is the oldest that the package runs on; TypeScript's way of that name is
    // tried in types.test.ts.
    const problems = analysis.problems.filter(
      (problem) => !JSON.stringify(problem).includes('"resolutionKind":"node10"'),
    );
    expect(problems).toEqual([]);
  });
});

/** Every path in a tree of conditions. */
function filesNamed(conditions: unknown): string[] {
  if (typeof conditions === "string") return [conditions];
  if (typeof conditions !== "object" || conditions === null) return [];
  return Object.values(conditions).flatMap(filesNamed);
}
