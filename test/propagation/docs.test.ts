// The pages on crossing processes: every block short, every name real, and the page on references run as a program.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startLocalServer } from "otel-langsmith-local";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import * as main from "../../src/index.js";
import * as langsmith from "../../src/langsmith.js";
import * as worker from "../../src/worker.js";
import { root, startProgram } from "../from-source/run.js";
import { draw, readRuns } from "../interop/trees.js";

const pages = ["across-processes.md", "runtree-and-references.md"] as const;

function blocksOf(page: string): string[] {
  const text = readFileSync(join(root, "docs", page), "utf8");
  return [...text.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1] ?? "");
}

const exported = new Set([...Object.keys(main), ...Object.keys(langsmith), ...Object.keys(worker)]);

describe("the pages", () => {
  for (const page of pages) {
    it(`${page} shows each thing in under ten lines that parse, with names that are there`, () => {
      const blocks = blocksOf(page);
      expect(blocks.length).toBeGreaterThan(5);
      for (const block of blocks) {
        expect(block.trim().split("\n").length, block).toBeLessThan(10);
        const { diagnostics } = ts.transpileModule(block, { reportDiagnostics: true });
        expect(diagnostics, block).toEqual([]);
        for (const [, names = ""] of block.matchAll(/import \{([^}]*)\} from "otel-langsmith/g)) {
          for (const name of names.split(",")) expect(exported).toContain(name.trim());
        }
      }
    });
  }

  it("across-processes.md names only functions that are there", () => {
    const text = readFileSync(join(root, "docs/across-processes.md"), "utf8");
    const ours = ["LangSmithPropagator", "withRun", "setRun", "getRunReference", "endRun", "startTrace"];
    for (const name of [
      ...ours,
      "tracingContext",
      "tracePool",
      "traceWorker",
      "traced",
      "onMessage",
      "joinLangSmith",
    ]) {
      expect(text).toContain(name);
      expect(exported).toContain(name);
    }
  });

  it("runtree-and-references.md is a program that does what it says", { timeout: 60_000 }, async () => {
    const local = await startLocalServer();
    const dir = mkdtempSync(join(root, "test/propagation/.docs-"));
    try {
      const blocks = blocksOf("runtree-and-references.md");
      // The run is ended by another process, from what this one has saved.
      const isEnding = (block: string) => block.includes("endRun");
      const first = blocks.filter((block) => !isEnding(block)).join("\n");
      const tail = `
        import { writeFile } from "node:fs/promises";
        await writeFile(${JSON.stringify(join(dir, "job.json"))}, JSON.stringify({ run: JSON.parse(saved) }));
        await register().shutdown();`;
      const second = `import { readFile } from "node:fs/promises";
        import { register } from "otel-langsmith";
        ${blocks.find(isEnding)?.replace('"job.json"', JSON.stringify(join(dir, "job.json")))}
        await register().shutdown();`;
      for (const [name, text] of [
        ["first.mts", first + tail],
        ["second.mts", second],
      ] as const) {
        const file = join(dir, name);
        writeFileSync(file, text);
        const program = startProgram(["--import", "otel-langsmith/register", file], {
          LANGSMITH_ENDPOINT: local.url,
          LANGSMITH_PROJECT: "docs",
        });
        expect((await program.ended).code, program.output()).toBe(0);
      }
      const runs = await readRuns(local.url, "docs");
      expect(draw(runs)).toEqual(["job(step 1, step 2, step 3)"]);
      expect(runs[0]).toMatchObject({ outputs: { answer: 42 } });
      expect(runs.every((run) => run.end_time)).toBe(true);
      const feedback = (await (await fetch(`${local.url}/feedback?run=${runs[0]?.id}`)).json()) as { key: string }[];
      expect(feedback.map(({ key }) => key)).toEqual(["user_score"]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
      await local.close();
    }
  });
});
