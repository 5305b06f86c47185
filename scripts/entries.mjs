// Writes package.json's `exports` and `typesVersions` from entries.json, the one list of entries: `npm run entries`.
import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

/**
 * The `exports` and `typesVersions` of a list of entries.
 *
 * @param {Record<string, string>} entries
 */
export function manifestOf(entries) {
  const names = Object.keys(entries);
  /** @param {string} name */
  const conditions = (name) => ({
    "edge-light": {
      import: { types: `./dist/${name}.d.ts`, default: "./dist/edge.js" },
      require: { types: `./dist/${name}.d.cts`, default: "./dist/edge.cjs" },
    },
    import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
    require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
  });
  const exported = names.map((name) => [name === "index" ? "." : `./${name}`, conditions(name)]);
  const typed = names.filter((name) => name !== "index").map((name) => [name, [`./dist/${name}.d.cts`]]);
  return {
    typesVersions: { "*": Object.fromEntries(typed) },
    exports: { ...Object.fromEntries(exported), "./package.json": "./package.json" },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const entries = JSON.parse(await readFile("entries.json", "utf8"));
  const manifest = JSON.parse(await readFile("package.json", "utf8"));
  await writeFile("package.json", `${JSON.stringify({ ...manifest, ...manifestOf(entries) }, null, 2)}\n`);
}
