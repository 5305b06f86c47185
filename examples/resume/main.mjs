// A job that is killed with SIGKILL between two steps and resumed by another process from its saved reference: one tree,
// and no run left pending. `node examples/resume/main.mjs`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expectTrees, openServer, readRuns, treesOf } from "../local.mjs";

const server = await openServer("resume");
const directory = await mkdtemp(join(tmpdir(), "resume-"));
const state = join(directory, "job.json");

function startJob() {
  const file = fileURLToPath(new URL("./job.mjs", import.meta.url));
  return spawn(process.execPath, [file, state], { stdio: ["ignore", "pipe", "inherit"] });
}

try {
  const first = startJob();
  for await (const line of createInterface({ input: first.stdout })) if (line === "step 1 is done") break;
  first.kill("SIGKILL");
  const [, signal] = await once(first, "exit");
  const left = await readRuns(server.url, (runs) => runs.length === 2);
  console.log(`killed by ${signal}; the service has: ${treesOf(left).join(", ")}`);

  const second = startJob();
  second.stdout.resume();
  const [code] = await once(second, "exit");
  if (code !== 0) throw new Error(`the resumed job ended with ${code}`);
  await expectTrees(server.url, ["job(step 1, step 2)"]);
} finally {
  await rm(directory, { recursive: true, force: true });
  await server.close();
}
