// What a newcomer types: packages without versions, under an older Node and a newer one, for which npm chooses different
// lines of OpenTelemetry. The lines are the documents' own.
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { dryInstall, installNode } from "./consumer.js";

/** The packages behind `npm install otel-langsmith` in a document. */
async function documented(file: string): Promise<string[]> {
  const line = /^npm install otel-langsmith (.+)$/m.exec(await readFile(file, "utf8"))?.[1];
  if (line === undefined) throw new Error(`${file}: no line that installs otel-langsmith`);
  return line.split(" ");
}

describe.each(["this Node", "Node 24"])("under %s", (name) => {
  let nodePath = process.execPath;
  let remove = async () => {};

  beforeAll(async () => {
    if (name === "Node 24") ({ path: nodePath, remove } = await installNode(24));
  });
  afterAll(() => remove());

  it.each<[string, () => string[] | Promise<string[]>]>([
    ["what the README says", () => documented("README.md")],
    ["what the page on register says", () => documented("docs/register.md")],
    ["nothing else", () => []],
    ["an SDK whose newest line is 2.x", () => ["@opentelemetry/sdk-trace-node"]],
    ["automatic instrumentations", () => ["@opentelemetry/auto-instrumentations-node"]],
    ["the native SDK", () => ["@opentelemetry/sdk-node", "langsmith", "@langchain/core", "@langchain/langgraph"]],
    ["Vercel's OpenTelemetry", () => ["@vercel/otel"]],
  ])("npm finds versions that go together with %s", async (_, packages) => {
    const { code, output } = await dryInstall([inject("tarballs").bridge, ...(await packages())], nodePath);
    expect(code, output).toBe(0);
  });
});
