// The table of options: what is made of it, what it takes, and from which variables.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { optionsPage, optionTypes } from "../../scripts/options-docs.js";
import { LangSmithOptionError } from "../../src/errors.js";
import { resolveOptions } from "../../src/options/options.js";
import { OPTIONS, type Row } from "../../src/options/table.js";
import { startBridge } from "../processor/bridge.js";

const rows: [string, Row][] = Object.entries(OPTIONS);

/** Options with one value, at its place. */
function optionsWith(name: string, value: unknown): object {
  const [group = "", inner] = name.split(".");
  if (inner === undefined) return { [group]: value };
  return { [group]: { ...(group === "spool" && { dir: "failed" }), [inner]: value } };
}

describe("what is made of the table (else run `npm run docs:options`)", () => {
  it("docs/options.md is what the table says", () => {
    const page = readFileSync(new URL("../../docs/options.md", import.meta.url), "utf8");
    expect(page).toBe(optionsPage(page));
  });

  it("src/options/given.ts is what the table says", () => {
    const words = (text: string) =>
      text
        .replace(/\s+|(?<=\()\|/g, " ")
        .replace(/\s+/g, " ")
        .trim();
    const file = readFileSync(new URL("../../src/options/given.ts", import.meta.url), "utf8");
    expect(words(file)).toBe(words(optionTypes()));
  });
});

describe("an option", () => {
  it.each<[string, unknown]>([
    ["maxBatchCount", 0],
    ["maxBatchCount", 2.5],
    ["maxBatchCount", Number.NaN],
    ["maxBatchBytes", 0],
    ["maxConcurrentRequests", 0],
    ["maxConcurrentRequests", 1.5],
    ["requestTimeoutMillis", 0],
    ["batchDelayMillis", Number.NaN],
    ["queue.maxBytes", 0],
    ["spool.maxBytes", -1],
    ["spool.mode", "sometimes"],
    ["spool.dir", 7],
    ["retry.initialDelayMillis", Number.NaN],
    ["samplingRate", Number.NaN],
    ["mapping.withVectors", "yes"],
    ["dispatcher", "http://127.0.0.1:1"],
    ["meterProvider", true],
    ["flushBeforeExit", 1],
  ])("%s: %j is out of its range", (name, value) => {
    const take = () => resolveOptions(optionsWith(name, value), {});
    expect(take).toThrow(LangSmithOptionError);
    expect(take).toThrow(`LSB_ERR_OPTION: ${name} must be `);
  });

  it.each<[string, unknown]>([
    ["maxBatchCount", 1],
    ["maxBatchCount", Number.POSITIVE_INFINITY],
    ["maxBatchBytes", 1],
    ["maxConcurrentRequests", 1],
    ["requestTimeoutMillis", Number.POSITIVE_INFINITY],
    ["batchDelayMillis", 0],
    ["held.maxTraces", 0],
    ["retry.maxAgeMillis", 0],
    ["samplingRate", 0],
    ["spool.mode", "always"],
    ["apiUrl", '"http://127.0.0.1:1"\n'],
    ["apiUrl", ""],
  ])("%s takes %j", (name, value) => {
    expect(() => resolveOptions(optionsWith(name, value), {})).not.toThrow();
  });

  it.each<[string, object, string]>([
    ["spool", { spool: {} }, "an object with dir"],
    ["replicas[1]", { replicas: [{}, null] }, "an object"],
    ["replicas[0].apiKey", { replicas: [{ apiKey: 7 }] }, "a string"],
    ["replicas[0].primary", { replicas: [{ primary: "yes" }] }, "true or false"],
  ])("%s in %j must be %s", (name, options, takes) => {
    expect(() => resolveOptions(options, {})).toThrow(`LSB_ERR_OPTION: ${name} must be ${takes}`);
  });

  const fromVariables: [string, string, string, (env: Record<string, string>) => unknown, unknown][] = [
    ["samplingRate", "0.5", "", (env) => resolveOptions({}, env).samplingRate, 0.5],
    ["enabled", "false", "maybe", (env) => resolveOptions({}, env).enabled, false],
    ["hideOutputs", "1", "perhaps", (env) => resolveOptions({}, env).hideOutputs, true],
    ["apiKey", '"key"', '""', (env) => resolveOptions({}, env).apiKey, "key"],
    ["spool.dir", "failed", " ", (env) => resolveOptions({}, env).spool?.dir, "failed"],
    ["projectName", "'mine'", "''", (env) => resolveOptions({}, env).projectName, "mine"],
  ];
  it.each(fromVariables)(
    "%s is read from every variable of its row, the first that says anything",
    (name, text, nothing, read, value) => {
      const variables = rows.find(([each]) => each === name)?.[1].variables ?? [];
      expect(variables.length).toBeGreaterThan(1);
      for (const [at, variable] of variables.entries()) {
        const before = Object.fromEntries(variables.slice(0, at).map((earlier) => [earlier, nothing]));
        expect(read({ ...before, [variable]: text })).toEqual(value);
      }
    },
  );
});

it("mapping.withVectors keeps the vectors of embeddings, and without it their number and size stand there", async () => {
  const attributes = {
    "openinference.span.kind": "EMBEDDING",
    "embedding.model_name": "m",
    "embedding.embeddings.0.embedding.vector": [0.25, 0.5],
    "embedding.embeddings.0.embedding.text": "a",
  };
  for (const withVectors of [true, false]) {
    const bridge = await startBridge({ mapping: { withVectors } });
    bridge.genai.startSpan("embed", { attributes }).end();
    const [run] = (await bridge.finish()).byName("embed");
    expect(run?.outputs).toMatchObject({ count: 1, dimensions: 2 });
    expect(run?.outputs?.["embeddings"]).toEqual(withVectors ? [[0.25, 0.5]] : undefined);
  }
});
