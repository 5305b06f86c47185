// What test/service/undici.test.ts says of this Node, over the others and over both ends of undici's range, from the
// tarball: the paths inside undici carry no promise, so here it shows when a release breaks them.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { answersExpected, ENTRIES, FORMATS, foreignIn, loadingProgram, reportIn, STATES } from "../service/loading.js";
import { type Consumer, installConsumer, installNode } from "./consumer.js";

const { dependencies } = z
  .object({ dependencies: z.object({ undici: z.string() }) })
  .parse(JSON.parse(await readFile("package.json", "utf8")));
const lowest = /^>=([\d.]+) /.exec(dependencies.undici)?.[1];

const hosts: { node: number | "latest" | "this"; undici: string }[] = [
  { node: "this", undici: lowest ?? "the range names none" },
  { node: "this", undici: dependencies.undici },
  { node: 22, undici: dependencies.undici },
  { node: 24, undici: dependencies.undici },
  { node: "latest", undici: dependencies.undici },
];

describe.each(hosts)("Node $node with undici $undici", ({ node, undici }) => {
  let consumer: Consumer;
  const undo: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    const other = node === "this" ? undefined : await installNode(node);
    if (other) undo.push(other.remove);
    const packages = ["@opentelemetry/api", "@opentelemetry/sdk-trace-base@2", "langsmith", `undici@${undici}`];
    consumer = await installConsumer([inject("tarballs").bridge, ...packages], other?.path ?? process.execPath);
    undo.push(consumer.remove);
    await writeFile(join(consumer.folder, "loading.mjs"), loadingProgram("esm"));
    await writeFile(join(consumer.folder, "loading.cjs"), loadingProgram("cjs"));
  });
  afterAll(async () => {
    for (const remove of undo) await remove();
  });

  it.each(FORMATS)("leaves an application's globals, dispatcher and fetch alone, as %s", async (format) => {
    for (const state of STATES) {
      const ended = await consumer.node([format === "esm" ? "loading.mjs" : "loading.cjs", state, ...ENTRIES]);
      expect(ended.code, ended.output).toBe(0);
      const report = reportIn(ended.output);
      expect(foreignIn(report), state).toEqual([]);
      expect(report.answers, state).toEqual(answersExpected(state));
      expect(report.dispatched, state).toBe(state === "a dispatcher of its own" ? 3 : 0);
      expect(report.asked, state).toContain("/runs/multipart");
      expect(report.tunnels, state).toBe(1);
    }
  });
});
