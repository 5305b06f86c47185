import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Tests run the local server from its sources, so that none needs a build first.
  resolve: { alias: { "otel-langsmith-local": fileURLToPath(new URL("./local/src/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts", "local/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/package/**", "test/browser/**"],
    setupFiles: ["test/properties.setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    // A machine that CI shares may stall a process at any moment; what fails twice in a row has failed.
    retry: process.env["CI"] ? 1 : 0,
  },
});
