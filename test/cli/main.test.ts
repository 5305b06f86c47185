// The command line: help and version everywhere, and a word that is not known is an error that says so.
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { VERSION } from "../../src/version.js";
import { makeBareFolder } from "../bare-folder.js";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const TSX = createRequire(import.meta.url).resolve("tsx");

function command(args: string[], cwd?: string, env: Record<string, string> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { cwd, env: { PATH: process.env["PATH"] ?? "", ...env } };
    execFile(process.execPath, ["--import", TSX, MAIN, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

it.each([
  [["--help"]],
  [["-h"]],
  [["help"]],
  [["doctor", "--help"]],
  [["replay", "-h"]],
  [["replay", "somewhere", "--help"]],
])("%j prints how it is used", async (args) => {
  const { code, stdout } = await command(args);
  expect(code).toBe(0);
  expect(stdout).toMatch(/otel-langsmith replay DIR[\s\S]*otel-langsmith doctor/);
});

it.each([[["--version"]], [["doctor", "--version"]], [["replay", "-v"]]])("%j prints the version", async (args) => {
  expect(await command(args)).toMatchObject({ code: 0, stdout: `${VERSION}\n` });
});

it.each([
  [[], "say what to do"],
  [["docter"], "there is no command docter"],
  [["doctor", "now"], "'now'"],
  [["doctor", "--quick"], "--quick"],
  [["replay", "somewhere", "--dry"], "--dry"],
])("%j ends with 2 and names what is wrong", async (args, wrong) => {
  const { code, stdout, stderr } = await command(args);
  expect(code).toBe(2);
  expect(stdout + stderr).toContain(wrong);
});

it("doctor tells of the project: what is missing, in one command, and how each library is traced", async () => {
  const folder = await makeBareFolder("otel-langsmith-doctor-");
  const put = async (name: string, version: string) => {
    await mkdir(join(folder, "node_modules", name), { recursive: true });
    await writeFile(join(folder, "node_modules", name, "package.json"), JSON.stringify({ name, version }));
  };
  await put("openai", "7.59.1");
  await put("ai", "7.0.0");
  await writeFile(join(folder, "package.json"), JSON.stringify({ dependencies: { openai: "7", ai: "7" } }));
  // The script must not be taken for the application: so it is called as a bin is, from node_modules.
  const bin = join(folder, "node_modules/otel-langsmith");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "main.ts"), `import ${JSON.stringify(MAIN)};`);
  const { stdout } = await new Promise<{ stdout: string }>((resolve) => {
    const env = { PATH: process.env["PATH"] ?? "", LANGSMITH_ENDPOINT: "http://127.0.0.1:9" };
    // Beside a preload that is given by an absolute path packages are looked for, too.
    const tsx = relative(folder, TSX);
    execFile(process.execPath, ["--import", tsx, join(bin, "main.ts"), "doctor"], { cwd: folder, env }, (_, stdout) =>
      resolve({ stdout }),
    );
  });
  await rm(folder, { recursive: true });
  expect(stdout).toContain("openai 7.59: no instrumentation, use wrapOpenAI");
  expect(stdout).toContain("ai 7.0: not traced, install @ai-sdk/otel");
  expect(stdout).toContain(
    "npm install @opentelemetry/api @opentelemetry/sdk-trace @opentelemetry/auto-instrumentations-node @ai-sdk/otel\n",
  );
});
