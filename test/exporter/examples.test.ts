// The exporter's examples, each run by its one command against the local server; each asserts its own tree.
import { describe, expect, it } from "vitest";
import { startProgram } from "../from-source/run.js";

const trees = {
  "exporter-node-sdk": "answer(chat, look up)",
  "exporter-batch": "answer(chat Oslo, chat Lima, chat Pune)",
};

describe("the exporter's examples", () => {
  it.each([
    ["NodeSDK({ traceExporter })", "exporter-node-sdk"],
    ["BatchSpanProcessor", "exporter-batch"],
  ] as const)("%s runs against the local server and sends one tree: %s", { timeout: 90_000 }, async (_, name) => {
    const program = startProgram([`examples/${name}/main.mjs`]);
    const { code } = await program.ended;
    expect(code, program.output()).toBe(0);
    expect(program.output().split("\n")).toContain(trees[name]);
  });
});
