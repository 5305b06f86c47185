// `npm run test:browser`: the local server's page in a real browser. It needs Chromium (CHROMIUM_PATH, or
// /usr/bin/chromium), so it is not among `npm test`.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
