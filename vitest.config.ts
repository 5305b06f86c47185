import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "local/test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/package/**", "test/browser/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
