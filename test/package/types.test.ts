// The packed types in TypeScript programs: strict, every library checked, under each way in which programs resolve
// modules; `node10` is what a program of `module: commonjs` does by default.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { type Consumer, installConsumer } from "./consumer.js";

const PROGRAM = `
import { NodeSDK } from "@opentelemetry/sdk-node";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import * as bridge from "otel-langsmith";
import { joinLangSmith } from "otel-langsmith/langsmith";
import "otel-langsmith/register";
import { RunTree } from "otel-langsmith/run_trees";
import { traceable } from "otel-langsmith/traceable";
import * as worker from "otel-langsmith/worker";

const mine: bridge.Vocabulary = { name: "mine", about: "Mine.", rules: [{ keys: ["my.model"], to: "model" }] };
export const sdk = new NodeSDK({
  spanProcessors: [
    ...bridge.getSpanProcessorsFromEnv(),
    new bridge.LangSmithSpanProcessor({
      mapping: { vocabularies: [mine, ...bridge.defaultVocabularies] },
      transformRun: (run) => ({ ...run, name: run.name.trim() }),
    }),
    new bridge.RunIdentityProcessor(),
    new BatchSpanProcessor(new bridge.LangSmithSpanExporter()),
  ],
  logRecordProcessors: [new bridge.LangSmithLogRecordProcessor()],
  textMapPropagator: new bridge.LangSmithPropagator(),
});

const add = traceable((a: number, b: number) => a + b, { name: "add", run_type: "tool" });
export const sum: number = add(1, 2);
export async function main(): Promise<string> {
  const tree = new RunTree({ name: "root", inputs: { sum } });
  await tree.postRun();
  const chunks: string[] = [];
  const stream = traceable(async function* (text: string) { yield text; }, { aggregator: (all: string[]) => all.join("") });
  for await (const chunk of stream("a")) chunks.push(chunk);
  return tree.id + chunks.join("") + typeof bridge.register + typeof joinLangSmith + typeof worker;
}
`;

let consumer: Consumer;

beforeAll(async () => {
  const packages = ["@opentelemetry/api@~1.9.0", "@opentelemetry/sdk-trace-base@2", "@opentelemetry/sdk-node@0.223"];
  consumer = await installConsumer(
    [inject("tarballs").bridge, ...packages, "typescript@5.9", "@types/node@20"],
    process.execPath,
  );
  await writeFile(join(consumer.folder, "program.ts"), PROGRAM);
});
afterAll(() => consumer.remove());

it.each([
  ["nodenext", ["--module", "nodenext", "--moduleResolution", "nodenext", "--target", "es2022"]],
  ["bundler", ["--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022"]],
  ["node10", ["--module", "commonjs", "--moduleResolution", "node10", "--target", "es2020"]],
])("compiles in a strict TypeScript program that resolves as %s", async (_name, options) => {
  const tsc = join(consumer.folder, "node_modules/typescript/bin/tsc");
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--types", "node"];
  const { code, output } = await consumer.node([tsc, ...strict, ...options, "program.ts"]);
  expect(code, output).toBe(0);
});
