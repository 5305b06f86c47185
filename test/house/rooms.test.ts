// Who may import whom: rooms.json is the lint's rule, and it has no loop.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const matrix: Record<string, string[]> = JSON.parse(read("rooms.json"));
const rooms = Object.keys(matrix);

describe("rooms.json", () => {
  it("has a row for every folder and file of src, and no other", () => {
    const found = readdirSync(join(root, "src"), { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `${entry.name}/` : entry.name,
    );
    expect([...rooms].sort()).toEqual(found.sort());
  });

  it("lets each room import only rooms that stand above it, so that no rooms can go round in a loop", () => {
    for (const [at, room] of rooms.entries()) {
      const below = matrix[room]?.filter((other) => !rooms.slice(0, at).includes(other));
      expect(below, room).toEqual([]);
    }
  });
});

describe("the lint of imports", () => {
  const folder = mkdtempSync(join(tmpdir(), "rooms-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "src"));
  for (const room of rooms) {
    if (room.endsWith("/")) mkdirSync(join(folder, "src", room));
  }
  for (const file of ["rooms.json", ".dependency-cruiser.mjs", "tsconfig.json"])
    writeFileSync(join(folder, file), read(file));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const cruise = join(root, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");

  it.each([
    [
      "a room that imports one it may not, if only a type",
      "from-wire/",
      {
        "wire/time.ts": 'import type { Live } from "../processor/live.js";\nexport type Time = Live;\n',
        "processor/live.ts": "export type Live = number;\n",
      },
    ],
    [
      "a room that loads one it may not, late",
      "from-authoring/",
      {
        "authoring/send.ts": 'export const send = () => import("../processor/live.js");\n',
        "processor/live.ts": "export const live = 1;\n",
      },
    ],
    [
      "two files that import each other",
      "no-loop",
      {
        "mapping/one.ts": 'import type { Two } from "./two.js";\nexport type One = Two;\n',
        "mapping/two.ts": 'import type { One } from "./one.js";\nexport type Two = One | 2;\n',
      },
    ],
    [
      "a file that is in no room",
      "no-room",
      {
        "lonely.ts": 'import { one } from "./wire/one.js";\nexport const two = one;\n',
        "wire/one.ts": "export const one = 1;\n",
      },
    ],
  ])(
    "fails on %s",
    async (_what, rule, files: Record<string, string>) => {
      for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, "src", path), text);
      const run = promisify(execFile)(process.execPath, [cruise, "--config", ".dependency-cruiser.mjs", "src"], {
        cwd: folder,
      });
      const failed: { code: number; stdout: string } = await run.then(
        () => expect.fail("the lint passed"),
        (error) => error,
      );
      for (const path of Object.keys(files)) rmSync(join(folder, "src", path));
      expect(failed.stdout).toContain(`error ${rule}: `);
      expect(failed.code).toBeGreaterThan(0);
    },
    60_000,
  );
});
