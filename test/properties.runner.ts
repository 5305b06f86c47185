// Runs the tests that check a property, each as often as SEEDS says, and skips the others of their files.
import { readFileSync } from "node:fs";
import { type RunnerTask, type RunnerTestCase, type RunnerTestFile, TestRunner } from "vitest";

export default class PropertyRunner extends TestRunner {
  onCollected(files: RunnerTestFile[]): void {
    for (const file of files) {
      const tests = testsOf(file).sort((a, b) => lineOf(a) - lineOf(b));
      const lines = readFileSync(file.filepath, "utf8").split("\n");
      const asserted = lines.flatMap((line, at) => (line.includes("fc.assert(") ? at + 1 : []));
      for (const test of tests) {
        const from = lineOf(test);
        const to = tests.map(lineOf).find((line) => line > from) ?? Number.POSITIVE_INFINITY;
        if (asserted.some((line) => line >= from && line < to)) test.repeats = Number(process.env["SEEDS"] ?? 1) - 1;
        else test.mode = "skip";
      }
    }
  }
}

function testsOf(task: RunnerTask): RunnerTestCase[] {
  return task.type === "test" ? [task] : task.tasks.flatMap(testsOf);
}

function lineOf(test: RunnerTestCase): number {
  return test.location?.line ?? 0;
}
