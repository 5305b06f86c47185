// What bundlers make of a program with the packed bridge: one file, moved to where no package is, sends and reads.
import { cp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { makeBareFolder } from "../bare-folder.js";
import { type Consumer, installConsumer } from "./consumer.js";

const PROGRAM = `
import { createServer } from "node:http";
import { trace } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { Client, LangSmithSpanProcessor, register, traceable } from "otel-langsmith";
const asked = [];
const server = createServer((request, response) =>
  request.resume().on("end", () => {
    asked.push(request.url.replace(/[?].*/, ""));
    response.setHeader("content-type", "application/json");
    response.end("{}");
  }),
);
server.listen(0, "127.0.0.1", async () => {
  const apiUrl = "http://127.0.0.1:" + server.address().port;
  const processor = new LangSmithSpanProcessor({ apiUrl, apiKey: "any" });
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  await traceable(async () => "done", { name: "work" })();
  await processor.forceFlush();
  await new Client({ apiUrl, apiKey: "any" }).readRun("01900000-0000-7000-8000-000000000000").catch(() => {});
  await processor.shutdown();
  const dispatcher = globalThis[Symbol.for("undici.globalDispatcher.1")] !== undefined;
  console.log("report:" + JSON.stringify({ asked, dispatcher, register: typeof register }));
  server.closeAllConnections();
  server.close();
});
`;

const BUILD = `
const [bundler] = process.argv.slice(2);
const input = "main.mjs";
if (bundler.startsWith("esbuild")) {
  const { build } = await import("esbuild");
  const shared = { entryPoints: [input], bundle: true, platform: "node", logLevel: "error" };
  if (bundler === "esbuild to CommonJS") await build({ ...shared, format: "cjs", outfile: "out/main.cjs" });
  // OpenTelemetry's SDK is an ES module under "module" alone, at which esbuild does not look for Node.
  else await build({ ...shared, format: "esm", mainFields: ["module", "main"], outfile: "out/main.mjs" });
} else if (bundler === "rollup") {
  const { rollup } = await import("rollup");
  const { default: resolve } = await import("@rollup/plugin-node-resolve");
  const { default: commonjs } = await import("@rollup/plugin-commonjs");
  const { default: json } = await import("@rollup/plugin-json");
  const bundle = await rollup({ input, plugins: [resolve({ preferBuiltins: true }), commonjs(), json()], onwarn() {} });
  await bundle.write({ file: "out/main.mjs", format: "esm", inlineDynamicImports: true });
} else if (bundler === "webpack") {
  const { default: webpack } = await import("webpack");
  const output = { path: process.cwd() + "/out", filename: "main.cjs" };
  await new Promise((done, fail) =>
    webpack({ mode: "production", target: "node20", entry: "./" + input, output }, (error, stats) =>
      error || stats.hasErrors() ? fail(error ?? new Error(stats.toString({ all: false, errors: true }))) : done(),
    ),
  );
} else {
  const { build } = await import("vite");
  const rollupOptions = { output: { entryFileNames: "main.mjs" } };
  await build({ logLevel: "error", build: { ssr: input, outDir: "out", rollupOptions }, ssr: { noExternal: true } });
}
`;

let consumer: Consumer;
beforeAll(async () => {
  const bundlers = [
    "esbuild",
    "rollup@4",
    "@rollup/plugin-node-resolve",
    "@rollup/plugin-commonjs",
    "@rollup/plugin-json",
  ];
  const packages = ["@opentelemetry/api", "@opentelemetry/sdk-trace-base@2", ...bundlers, "webpack@5", "vite@7"];
  consumer = await installConsumer([inject("tarballs").bridge, ...packages, "langsmith"], process.execPath);
  await writeFile(join(consumer.folder, "main.mjs"), PROGRAM);
  await writeFile(join(consumer.folder, "build.mjs"), BUILD);
});
afterAll(() => consumer.remove());

it.each(["esbuild to CommonJS", "esbuild to ESM", "rollup", "webpack", "Vite for SSR"])(
  "a bundle of %s stands alone: it sends, reads, and sets no dispatcher",
  async (bundler) => {
    const built = await consumer.node(["build.mjs", bundler]);
    expect(built.code, built.output).toBe(0);
    const alone = await makeBareFolder("otel-langsmith-bundle-");
    const out = join(consumer.folder, "out");
    await cp(out, alone, { recursive: true });
    const main = (await readdir(alone)).find((name) => /^main\.[cm]js$/.test(name)) ?? "no main";
    const ended = await consumer.node([join(alone, main)]);
    for (const folder of [alone, out]) await rm(folder, { recursive: true, force: true });
    expect(ended.code, ended.output).toBe(0);
    const report: unknown = JSON.parse(/report:(.*)/.exec(ended.output)?.[1] ?? "null");
    const asked = ["/info", "/runs/multipart", "/runs/01900000-0000-7000-8000-000000000000"];
    expect(report).toEqual({ asked, dispatcher: false, register: "function" });
  },
);
