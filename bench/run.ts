// Runs the programs of this folder: `npm run bench` all of them, `npm run bench -- mapping-cost` one, with what follows
// as its arguments. They are bundled first, since tsx names every function at run time, which no user pays for.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));
/** The local server's is for itself: it fills a server with 200,000 runs. */
const PROGRAMS = ["traced-call", "mapping-cost", "processor-cost", "delivery-throughput"];

const [wanted, ...rest] = process.argv.slice(2);
for (const program of wanted === undefined ? PROGRAMS : [wanted]) {
  const outfile = `${root}node_modules/.cache/bench/${program}.mjs`;
  await build({
    entryPoints: [`${root}bench/${program}.ts`],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  console.log(`--- ${program}`);
  const { status } = spawnSync(process.execPath, ["--expose-gc", outfile, ...rest], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
