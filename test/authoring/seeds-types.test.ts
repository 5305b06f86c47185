// The TypeScript programs of LangSmith's pages, type-checked strictly: what the langsmith package's types take, ours take.
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const seeds = `${root}test/fixtures/seeds/`;

/** `file:line code` of every error in the programs, their imports changed or not. */
async function errorsWith(change: (source: string) => string): Promise<string[]> {
  const entries = JSON.parse(await readFile(`${root}entries.json`, "utf8")) as Record<string, string>;
  const paths = Object.fromEntries(
    Object.entries(entries).map(([name, file]) => [
      `otel-langsmith${name === "index" ? "" : `/${name}`}`,
      [root + file],
    ]),
  );
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const host = ts.createCompilerHost({ ...options, paths });
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version, ...rest) => {
    const source = name.startsWith(seeds) ? ts.sys.readFile(name) : undefined;
    return source === undefined
      ? read(name, version, ...rest)
      : ts.createSourceFile(name, change(source), version, true);
  };
  const files = (await readdir(seeds)).map((name) => seeds + name);
  const program = ts.createProgram(files, { ...options, paths }, host);
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    return program.getSemanticDiagnostics(source).map(({ start = 0, code }) => {
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `${file.slice(seeds.length)}:${line} ${code}`;
    });
  });
}

it("a program compiles strictly with its import specifiers changed, wherever it does with the langsmith package", async () => {
  const [theirs, ours] = [
    await errorsWith((source) => source),
    await errorsWith((source) => source.replaceAll(/(from\s+")langsmith(?=["/])/g, "$1otel-langsmith")),
  ];
  // What the pages themselves forgot: an import, and the type of a role.
  expect(theirs).toContain("flush.ts:5 2304");
  expect(ours.filter((error) => !theirs.includes(error))).toEqual([]);
}, 120_000);
