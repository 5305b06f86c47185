// `npm run test:random`: the property tests with random seeds; `SEEDS=200 npm run test:random` with 200 of them. One file
// only, or one seed again: `PROPERTY_SEED=… npm run test:random -- test/identity`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, mergeConfig } from "vitest/config";
import base from "./vitest.config.js";

process.env["PROPERTY_SEED"] ??= String(Math.floor(Math.random() * 2 ** 31));
console.log(`PROPERTY_SEED=${process.env["PROPERTY_SEED"]}`);

const files = ["test", "local/test"]
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)))
  .filter((file) => file.endsWith(".test.ts") && readFileSync(file, "utf8").includes("fc.assert("));

export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({
    test: {
      include: files,
      runner: "./test/properties.runner.ts",
      includeTaskLocation: true,
      retry: 0,
      // For tests that name none of their own.
      testTimeout: 120_000,
    },
  }),
);
