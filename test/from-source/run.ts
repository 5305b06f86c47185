// Runs programs as their users do, in processes of their own, on the packages' sources.
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const preload = pathToFileURL(fileURLToPath(new URL("./register.mjs", import.meta.url))).href;
// Found from here, since the program may lie elsewhere.
createRequire(import.meta.url).resolve("tsx");

export interface Program {
  readonly process: ChildProcess;
  readonly output: () => string;
  /** Resolves with the first line of its output that matches; rejects when it ends without one. */
  line(pattern: RegExp): Promise<RegExpMatchArray>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** The environment of a test's child: nothing of the caller's LangSmith or OpenTelemetry settings. */
export function cleanEnv(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(LANGSMITH|LANGCHAIN|OTEL|VITEST|NODE_OPTIONS|REDIS)/.test(name)) env[name] = value;
  }
  return { ...env, NODE_OPTIONS: `--import ${preload}`, ...more };
}

/** Starts `node <args>` in the checkout. */
export function startProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const child = spawn(process.execPath, args, { cwd: root, env: cleanEnv(env), stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const listeners = new Set<() => void>();
  const take = (chunk: Buffer) => {
    text += chunk.toString();
    for (const listener of [...listeners]) listener();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  return {
    process: child,
    output: () => text,
    ended,
    line(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const match = text.match(pattern);
          if (!match) return;
          listeners.delete(look);
          resolve(match);
        };
        listeners.add(look);
        ended.then(() => {
          look();
          reject(new Error(`it ended without saying ${pattern}:\n${text}`));
        }, reject);
        look();
      });
    },
  };
}
