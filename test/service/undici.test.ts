// Loading any entry leaves the application's `fetch` and globals as they were, in both formats. The same over other
// releases of Node and undici: test/package/loading.test.ts.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Application, layApplication, SDK } from "../register/application.js";
import { answersExpected, ENTRIES, FORMATS, foreignIn, loadingProgram, reportIn, STATES } from "./loading.js";

let application: Application;
beforeAll(async () => {
  application = await layApplication([...SDK, "langsmith"]);
  await application.write("loading.mjs", loadingProgram("esm"));
  await application.write("loading.cjs", loadingProgram("cjs"));
}, 60_000);
afterAll(() => application.remove());

const FILES = { esm: "loading.mjs", cjs: "loading.cjs" };

async function run(args: readonly string[]) {
  const { code, stdout, stderr } = await application.start(args, { LANGSMITH_TRACING: "true" }).ended();
  expect(code, stderr).toBe(0);
  return reportIn(stdout);
}

describe("an application that loads every entry", () => {
  const cases = FORMATS.flatMap((format) => STATES.map((state) => ({ format, state })));
  it.each(cases)(
    "keeps its globals, its dispatcher and its fetch, as $format with $state",
    async ({ format, state }) => {
      const report = await run([FILES[format], state, ...ENTRIES]);
      expect(Object.keys(report.changed)).toEqual([...ENTRIES, "requests"]);
      expect(foreignIn(report)).toEqual([]);
      expect(report.answers).toEqual(answersExpected(state));
      // The application's own requests, and none of the bridge's, which were made all the same.
      expect(report.dispatched).toBe(state === "a dispatcher of its own" ? 3 : 0);
      expect(report.asked).toEqual(
        expect.arrayContaining(["/runs/multipart", expect.stringMatching(/^\/runs\/01900000-/)]),
      );
      // And once more through the proxy that the environment named by then.
      expect(report.tunnels).toBe(1);
    },
  );

  it.each([
    ["--import", "loading.mjs"],
    ["--require", "loading.cjs"],
  ])("keeps its fetch under %s otel-langsmith/register", async (flag, file) => {
    const { answers } = await run([flag, "otel-langsmith/register", file, "no fetch so far"]);
    expect(answers).toEqual(answersExpected("no fetch so far"));
  });
});
