// docs/porting.md against the installed langsmith package: every export of its tracing entries is in the table, and what
// the table says is here is here.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { z } from "zod";
import { manifestOf } from "../../scripts/entries.mjs";

interface Row {
  readonly from: string;
  readonly name: string;
  readonly here: string | undefined;
  readonly why: string;
}

const text = await readFile("docs/porting.md", "utf8");
const rows: Row[] = [
  ...text.matchAll(/^\| `(langsmith[^`]*)` \| `([^`]+)` \| (?:`([^`]+)`|not here) \| (.*) \|$/gm),
].map(([, from = "", name = "", here, why = ""]) => ({ from, name, here, why }));
const json = async (path: string) => JSON.parse(await readFile(path, "utf8"));
const entries = z.record(z.string(), z.string()).parse(await json("entries.json"));

async function namesOf(module: string): Promise<string[]> {
  const loaded: object = await import(module);
  return Object.keys(loaded).filter((name) => name !== "module.exports" && name !== "__esModule");
}

it.each([...new Set(rows.map(({ from }) => from))])("every export of %s is in the table, once", async (entry) => {
  const told = rows.filter(({ from }) => from === entry).map(({ name }) => name);
  expect(told.toSorted()).toEqual((await namesOf(entry)).toSorted());
});

it("every entry of the package that has to do with tracing is in the table", async () => {
  const manifest = z
    .object({ exports: z.record(z.string(), z.unknown()) })
    .parse(await json("node_modules/langsmith/package.json"));
  // The generated client of the whole API, its parts, what is no tracing, and where tests are experiments.
  const others =
    /^\.\/(?:index|api-promise|core|error|lib|pagination|resources?|sandbox|schemas|streaming|uploads|utils|version|jest|vitest|package\.json|(?:experimental|singletons|wrappers)\/\*)(?:[./]|$)/;
  const plain = Object.keys(manifest.exports).filter((entry) => !/\.m?js$/.test(entry) && !others.test(entry));
  const told = new Set(rows.map(({ from }) => from));
  expect(
    plain.map((entry) => (entry === "." ? "langsmith" : `langsmith${entry.slice(1)}`)).filter((e) => !told.has(e)),
  ).toEqual([]);
});

it.each(rows.filter(({ here }) => here !== undefined))("$name of $from is at $here", async ({ name, here = "" }) => {
  const file = entries[here === "otel-langsmith" ? "index" : here.replace("otel-langsmith/", "")];
  expect(file, `${here} is no entry`).toBeDefined();
  expect(await namesOf(pathToFileURL(resolve(file ?? "")).href)).toContain(name);
});

it.each(rows.filter(({ why }) => why.startsWith("throws")))(
  "$name of $here throws the way when it is used",
  async (row) => {
    const file = entries[(row.here ?? "").replace(/^otel-langsmith\/?/, "") || "index"] ?? "";
    const loaded: Record<string, unknown> = await import(pathToFileURL(resolve(file)).href);
    const value = loaded[row.name];
    expect(() => Reflect.apply(value as () => void, undefined, [])).toThrow(
      expect.objectContaining({
        code: "LSB_ERR_NOT_HERE",
        message: expect.stringContaining(row.name),
      }),
    );
  },
);

it.each(["jest", "vitest"])("what %s exports throws the way, also as a member", async (name) => {
  const loaded: Record<string, { each?: unknown }> = await import(pathToFileURL(resolve(entries[name] ?? "")).href);
  expect(Object.keys(loaded)).toEqual(expect.arrayContaining(["describe", "it", "test", "expect"]));
  for (const value of Object.values(loaded)) expect(() => value.each).toThrow(`langsmith/${name}`);
});

it("what is not here says why", () => {
  expect(rows.filter(({ here, why }) => here === undefined && why === "")).toEqual([]);
});

it("package.json's exports and typesVersions are made of the one list of entries", async () => {
  const { exports, typesVersions } = await json("package.json");
  expect({ exports, typesVersions }).toEqual(manifestOf(entries));
});
