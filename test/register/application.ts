// An application of its own: a folder with the bridge built into it, and links to the packages it is said to have.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";
import { forBundlers, forNode } from "../../tsdown.config.js";
import { makeBareFolder } from "../bare-folder.js";

const repository = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** What the bridge itself installs. */
const OWN = ["@opentelemetry/api", "@opentelemetry/context-async-hooks", "undici"];

export interface Application {
  readonly folder: string;
  /** Starts `node` in the folder; `files` are written first. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  write(name: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

export interface Running {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  /** Waits until standard output has a text. */
  saw(text: string): Promise<void>;
  ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>;
}

/** Builds the bridge as it is published, but for its types, and lays it into a folder beside `packages`. */
export async function layApplication(packages: readonly string[]): Promise<Application> {
  const folder = await makeBareFolder("otel-langsmith-application-");
  const bridge = join(folder, "node_modules/otel-langsmith");
  await mkdir(bridge, { recursive: true });
  await cp(join(repository, "package.json"), join(bridge, "package.json"));
  for (const config of [forNode, forBundlers]) {
    await build({
      ...config,
      config: false,
      cwd: repository,
      outDir: join(bridge, "dist"),
      clean: false,
      logLevel: "silent",
      dts: false,
    });
  }
  for (const name of new Set([...OWN, ...packages])) {
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(repository, "node_modules", name), link, "dir");
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "application", private: true }));
  return {
    folder,
    start: (args, env = {}) => run(folder, args, env),
    write: (name, text) => writeFile(join(folder, name), text),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function run(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, args, { cwd, env: { ...bareEnvironment(), ...env } });
  const output = { stdout: "", stderr: "" };
  const exit = once(child, "close");
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  return {
    child,
    output,
    saw: async (text) => {
      while (!output.stdout.includes(text)) {
        const [event] = await Promise.race([once(child.stdout, "data"), exit.then(() => ["ended"])]);
        if (event === "ended" && !output.stdout.includes(text)) {
          throw new Error(`ended without saying ${text}: ${JSON.stringify(output)}`);
        }
      }
    },
    ended: async () => {
      await exit;
      return { code: child.exitCode, signal: child.signalCode, ...output };
    },
  };
}

/** The environment without what vitest sets, and what would send anything elsewhere. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(VITEST|NODE_|LANGSMITH_|LANGCHAIN_|OTEL_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** The packages of an application that is on the SDK's 2.x line, with exporters. */
export const SDK = ["@opentelemetry/sdk-trace-base", "@opentelemetry/exporter-trace-otlp-proto"];

/** Source text that makes one GenAI span, with a child; `%` is its name. */
export const ASK = `
function ask(name) {
  const tracer = trace.getTracer("app");
  tracer.startActiveSpan(name, { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" } }, (span) => {
    tracer.startSpan(name + " child").end();
    span.end();
  });
}
`;
