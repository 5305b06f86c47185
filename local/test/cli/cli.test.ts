// The command line in processes of its own: serving, stopping, and asking for runs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { chmod, cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startLocalServer } from "../../src/index.js";
import { runCli, serveIn, serveWith, spawnCli } from "../process.js";
import { ingest, makeRun, SECOND } from "../support.js";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "local-cli-"));
  const server = await startLocalServer({ dataDir: directory });
  const many = Array.from({ length: 450 }, (_, index) =>
    makeRun({ name: `n${index}`, session_name: "many", at: index * SECOND }),
  );
  await ingest(server.url, many);
  await ingest(server.url, [
    makeRun({ name: '=cmd, "quoted"', run_type: "llm", inputs: { a: 'x,"y"' }, tags: ["t"] }),
    makeRun({ name: "red \u001b[31m\nname", error: "broke" }),
  ]);
  await server.close();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const runs = (...args: string[]) => runCli(["runs", "--data", directory, ...args]);

test("jsonl has one run a line, all pages of them, in the order asked for", async () => {
  const { code, out } = await runs("--project", "many", "--format", "jsonl", "--order", "asc");
  const names = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).name);
  expect([code, names]).toEqual([0, Array.from({ length: 450 }, (_, index) => `n${index}`)]);
});

test("csv quotes what must be quoted and disarms formulas", async () => {
  const { out } = await runs("--filter", 'eq(run_type, "llm")', "--format", "csv");
  const [header, line = ""] = out.split("\n");
  expect(header).toMatch(/^id,trace_id,parent_run_id,name,run_type/);
  expect(line).toContain(`,"'=cmd, ""quoted""",llm,success,`);
  expect(line).toContain('"{""a"":""x,\\""y\\""""}"');
});

test("the table shows one line a run, and no control characters of theirs", async () => {
  const { out } = await runs("--filter", "neq(error, null)");
  const lines = out.trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/ error .*red �\[31m�name/);
  expect(out).not.toContain("\u001b");
});

test("--root, --limit, --since and the filters narrow", async () => {
  const count = async (...args: string[]) => (await runs("--format", "jsonl", ...args)).out.split("\n").length - 1;
  expect(await count("--limit", "3")).toBe(3);
  expect(await count("--since", "2026-01-15T12:07:00Z")).toBe(30);
  expect(await count("--root", "--tree-filter", 'has(tags, "t")')).toBe(1);
  expect(await count("--trace-filter", 'eq(status, "error")')).toBe(1);
});

test.each([
  [["runs", "--filter", "eq(nmae, 1)"], 2, "position 4"],
  [["runs", "--format", "xml"], 2, "--format must be table, jsonl or csv"],
  [["runs", "--project", "nowhere"], 2, "There is no project"],
  [["runs", "--wrong"], 2, "--wrong"],
  [["runs", "--limit", "2.5"], 2, "--limit must be a whole number above 0"],
  [["serve", "--port", "x"], 2, "--port must be a number"],
  [["dance"], 2, "There is no command dance"],
])("%j ends with %i", async ([command = "", ...args], code, message) => {
  const result = await runCli([command, ...args, ...(command === "runs" ? ["--data", directory] : [])]);
  expect(result).toMatchObject({ code, err: expect.stringContaining(message) });
});

test.each([[["--help"]], [["-h"]], [["runs", "--root", "--help"]], [["serve", "-h"]]])(
  "%j explains and ends with 0",
  async (args) => {
    const out = expect.stringContaining("--trace-filter F");
    expect(await runCli(args)).toMatchObject({ code: 0, out, err: "" });
  },
);

test("runs of a directory without data says so", async () => {
  expect(await runCli(["runs", "--data", join(directory, "none")])).toMatchObject({
    code: 1,
    err: expect.stringContaining("LSB_ERR_LOCAL_DATA_UNUSABLE"),
  });
});

test("a reader that stops early ends the command quietly", async () => {
  const child = spawnCli(["runs", "--data", directory, "--format", "jsonl"]);
  let err = "";
  child.stderr?.on("data", (data) => {
    err += String(data);
  });
  child.stdout?.once("data", () => child.stdout?.destroy());
  const [code] = await once(child, "exit");
  expect([code, err]).toEqual([0, ""]);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "serve prints one line, answers, and closes cleanly on %s",
  async (signal) => {
    const fresh = await mkdtemp(join(tmpdir(), "local-serve-"));
    const server = await serveIn(fresh);
    expect(server.line).toContain(`LANGSMITH_ENDPOINT=${server.url}`);
    expect(server.line).toContain("LANGSMITH_PROJECT");
    await ingest(server.url, [makeRun({ name: "kept" })]);
    // While the server runs, the command line reads beside it.
    expect((await runCli(["runs", "--data", fresh, "--format", "jsonl"])).out).toContain('"name":"kept"');
    expect(await server.stop(signal)).toBe(0);
    await rm(fresh, { recursive: true, force: true });
  },
);

test.each([
  [["runs", "--filter", 'eq(nmae, "x")']],
  [["runs", "--filter", "eq(name"]],
  [["runs", "--trace-filter", "nothing()"]],
  [["runs", "--tree-filter", 'gt(latency, "soon")']],
  [["runs", "--filter", `search("${"a ".repeat(1000)}")`]],
])("a wrong filter ends with 2 and points at the place: %j", async ([command = "", ...rest]) => {
  const { code, out, err } = await runCli([command, "--data", directory, ...rest]);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toMatch(/(filter|trace_filter|tree_filter), position \d+: /);
});

test.each([[["frobnicate"]], [["serve", "extra"]], [["runs", "extra"]], [["--frobnicate"]], [["runs", "--colour"]]])(
  "unknown words end with 2 and print the usage: %j",
  async (words) => {
    const { code, out, err } = await runCli(words);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("otel-langsmith-local [serve] [--port 4319]");
  },
);

test.each([
  [["--version"], /^\d+\.\d+\.\d+\n$/],
  [["-v"], /^\d+\.\d+\.\d+\n$/],
  [["serve", "--version"], /^\d+\.\d+\.\d+\n$/],
  [["--help"], /--open/],
  [["runs", "--help"], /--open/],
] as const)("%j answers and ends with 0", async (args, answer) => {
  const { code, out } = await runCli(args);
  expect([code, out]).toEqual([0, expect.stringMatching(answer)]);
});

test.skipIf(process.platform === "win32")("--open shows the page in the browser", async () => {
  const tools = await mkdtemp(join(tmpdir(), "local-open-"));
  const command = process.platform === "darwin" ? "open" : "xdg-open";
  const seen = join(tools, "seen");
  await writeFile(join(tools, command), `#!/bin/sh\necho "$1" > "${seen}.part"; mv "${seen}.part" "${seen}"\n`);
  await chmod(join(tools, command), 0o755);
  const watcher = watch(tools);
  const opened = new Promise<void>((resolve) => {
    watcher.on("change", (_event, name) => String(name) === "seen" && resolve());
  });
  const serving = await serveWith(["--port", "0", "--data", join(tools, "data"), "--open"], undefined, {
    PATH: `${tools}:${process.env["PATH"]}`,
  });
  await opened;
  watcher.close();
  expect((await readFile(seen, "utf8")).trim()).toBe(serving.url);
  expect(await serving.stop("SIGTERM")).toBe(0);
  await rm(tools, { recursive: true, force: true });
});

test("the command works from its sources, where nothing is built", async () => {
  const clone = await mkdtemp(join(tmpdir(), "local-clone-"));
  const root = fileURLToPath(new URL("../../", import.meta.url));
  for (const part of ["bin", "src", "page", "package.json"])
    await cp(join(root, part), join(clone, part), { recursive: true });
  await symlink(join(root, "..", "node_modules"), join(clone, "node_modules"));
  const child = spawn(process.execPath, [join(clone, "bin", "otel-langsmith-local.mjs"), "--version"]);
  const [[code], [out]] = await Promise.all([once(child, "close"), once(child.stdout, "data")]);
  expect([code, String(out)]).toEqual([0, expect.stringMatching(/^\d/)]);
  await rm(clone, { recursive: true, force: true });
});
