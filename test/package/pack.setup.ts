// Packs both packages once for all tests in this folder: what they install and read is what a user would get.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { z } from "zod";
import { buildIfStale } from "../../demo/build.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** Absolute paths of the packed tarballs. */
    tarballs: { bridge: string; local: string };
    /** The paths inside the bridge's tarball. */
    packedFiles: string[];
  }
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const report = z.array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })).length(1);

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await buildIfStale(root, { withTypes: true });
  const folder = await mkdtemp(join(tmpdir(), "otel-langsmith-pack-"));
  const bridge = await pack(root, folder);
  const local = await pack(join(root, "local"), folder);
  project.provide("tarballs", { bridge: bridge.path, local: local.path });
  project.provide("packedFiles", bridge.files);
  return () => rm(folder, { recursive: true, force: true });
}

async function pack(cwd: string, folder: string): Promise<{ path: string; files: string[] }> {
  const args = ["pack", "--json", "--ignore-scripts", "--workspaces=false", "--pack-destination", folder];
  const { stdout } = await promisify(execFile)("npm", args, { cwd });
  const [packed] = report.parse(JSON.parse(stdout));
  if (!packed) throw new Error(`npm pack said nothing about ${cwd}.`);
  return { path: join(folder, packed.filename), files: packed.files.map((file) => file.path) };
}
