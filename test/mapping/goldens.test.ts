// Every recording against its reviewed golden file: the whole tree, every field of every run.
// After a change that is meant: `UPDATE_GOLDENS=1 npx vitest run test/mapping/goldens.test.ts`, then read the diff.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allRecordings, loadRecording, spansFolder } from "../fixtures/load.js";
import { goldenOf, mapRecording } from "./tree.js";

describe("every recording gives the runs of its golden file", () => {
  test.each(allRecordings())("%s/%s", (folder, file) => {
    const path = join(spansFolder, folder, `${file}.golden.json`);
    const runs = `${JSON.stringify(goldenOf(mapRecording(loadRecording(folder, file))), null, 1)}\n`;
    if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(path, runs);
    expect(existsSync(path), `${path} is missing`).toBe(true);
    expect(JSON.parse(runs)).toEqual(JSON.parse(readFileSync(path, "utf8")));
  });
});
