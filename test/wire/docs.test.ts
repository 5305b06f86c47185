// docs/wire.md says what src/wire knows.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { RUN_TYPES } from "../../src/wire/run.js";
import { threadKeysOf } from "../../src/wire/thread.js";

const page = readFileSync(new URL("../../docs/wire.md", import.meta.url), "utf8");
const rowOf = (start: string) => page.split("\n").find((line) => line.startsWith(`| ${start}`)) ?? "";
const quoted = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name);

it("docs/wire.md names the run types and the thread keys that the code knows, in their order", () => {
  expect(quoted(rowOf("Run types:")).sort()).toEqual([...RUN_TYPES].sort());
  const keys = quoted(rowOf("The thread is the first of"));
  expect(keys).toEqual(["session_id", "conversation_id", "thread_id"]);
  expect(threadKeysOf(Object.fromEntries(keys.map((key) => [key, "1"])))).toBeDefined();
});

it("docs/wire.md names a source for each fact", () => {
  const tables = page.split("\n\n").filter((block) => /^\|.*source \|$/m.test(block));
  const rows = tables.flatMap((table) => table.trim().split("\n").slice(2));
  expect(rows.length).toBeGreaterThan(45);
  expect(rows.filter((row) => !/\| (?:(?:api|docs|sdk|seen)(?:, )?)+ \|$/.test(row))).toEqual([]);
});
