// A consumer of the packed tarball: a folder of its own with packages from the registry, and programs that run in it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { makeBareFolder } from "../bare-folder.js";

/** A line of OpenTelemetry's JavaScript SDK: what a service on it installs. */
export interface Line {
  name: string;
  packages: string[];
  /** The provider's class, and the package it comes from. */
  provider: { module: string; className: string };
}

export interface Consumer {
  folder: string;
  /** Runs `node` with these arguments in the folder, to its end. */
  node(args: string[], env?: Record<string, string>): Promise<Ended>;
  remove(): Promise<void>;
}

export interface Ended {
  code: number | null;
  output: string;
}

/** Installs the packages into a new folder, with the npm and under the Node that the service would use. */
export async function installConsumer(packages: string[], nodePath: string): Promise<Consumer> {
  const folder = await newFolder();
  const env = pathOf(nodePath);
  const install = await run("npm", ["install", "--no-audit", "--no-fund", ...packages], folder, env);
  if (install.code !== 0) throw new Error(`npm install ${packages.join(" ")} failed:\n${install.output}`);
  return {
    folder,
    node: (args, more = {}) => run(nodePath, args, folder, { ...env, ...more }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Lets npm choose versions for the packages, as in a new folder and under a Node, and installs nothing. */
export async function dryInstall(packages: string[], nodePath: string): Promise<Ended> {
  const folder = await newFolder();
  const args = ["install", "--dry-run", "--no-audit", "--no-fund", ...packages];
  const ended = await run("npm", args, folder, pathOf(nodePath));
  await rm(folder, { recursive: true, force: true });
  return ended;
}

async function newFolder(): Promise<string> {
  const folder = await makeBareFolder("otel-langsmith-consumer-");
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", version: "1.0.0", private: true }));
  return folder;
}

const pathOf = (nodePath: string) => ({ PATH: `${dirname(nodePath)}${delimiter}${process.env["PATH"] ?? ""}` });

/** A Node of another major, or the newest, from npm, in a folder of its own. */
export async function installNode(major: number | "latest"): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await makeBareFolder("otel-langsmith-node-");
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "runtime", private: true }));
  const install = await run("npm", ["install", "--no-audit", "--no-fund", `node@${major}`], folder, {});
  const path = join(folder, "node_modules/.bin/node");
  const version = install.code === 0 ? await run(path, ["--version"], folder, {}) : install;
  if (!version.output.startsWith(major === "latest" ? "v" : `v${major}.`))
    throw new Error(`No Node ${major}:\n${install.output}${version.output}`);
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function run(command: string, args: string[], cwd: string, env: Record<string, string>): Promise<Ended> {
  const child = spawn(command, args, { cwd, env: { ...bareEnvironment(), ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  return { code: typeof code === "number" ? code : null, output };
}

/** The environment without what npm and vitest set for their own children, and what would send runs elsewhere. */
function bareEnvironment(): Record<string, string | undefined> {
  const foreign = /^(npm_(?!config_(registry|cafile))|VITEST|NODE_|LANGSMITH_|LANGCHAIN_|OTEL_)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
