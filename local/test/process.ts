// Runs the command line from its sources in a process of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const CLI = fileURLToPath(new URL("../src/cli.ts", import.meta.url));

// By its address, since the process may stand in a folder that has no packages.
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

export interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
  readonly line: string;
  /** Sends the signal; resolves to the exit code, or the signal that ended the process. */
  stop(signal: NodeJS.Signals): Promise<number | string | null>;
}

export function spawnCli(args: readonly string[], cwd = process.cwd(), env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, ["--import", TSX, CLI, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Starts `serve` on a free port; resolves once it has printed its line. */
export function serveIn(directory: string): Promise<Serving> {
  return serveWith(["serve", "--port", "0", "--data", directory]);
}

/** Starts the command line with arguments that make it serve; resolves once it has printed its line. */
export async function serveWith(args: readonly string[], cwd?: string, env?: NodeJS.ProcessEnv): Promise<Serving> {
  const child = spawnCli(args, cwd, env);
  let out = "";
  let err = "";
  child.stderr?.on("data", (data) => {
    err += String(data);
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (data) => {
      out += String(data);
      const [first, ...rest] = out.split("\n");
      if (first !== undefined && rest.length > 0) resolve(first);
    });
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}: ${err}`)));
  });
  const [url = ""] = /http:\/\/[\d.:]+/.exec(line) ?? [];
  return {
    child,
    url,
    line,
    async stop(signal) {
      const exit = once(child, "exit");
      child.kill(signal);
      const [code, ended] = await exit;
      return code ?? ended;
    },
  };
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = spawnCli(args);
  let out = "";
  let err = "";
  child.stdout?.on("data", (data) => {
    out += String(data);
  });
  child.stderr?.on("data", (data) => {
    err += String(data);
  });
  const [code] = await once(child, "close");
  return { code, out, err };
}
