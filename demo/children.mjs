// The demo's child processes: started with their output kept, awaited by what they print, and stopped by their handles.
import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * @typedef {object} Child
 * @property {string} name
 * @property {Promise<string>} url  The address that the service printed; rejects when it ends without one.
 * @property {() => string} output  What it printed so far.
 * @property {() => Promise<void>} stop  SIGTERM, and SIGKILL when that does not help in time; settles when it is gone.
 */

const stopTimeoutMillis = 15_000;

/**
 * Starts a service under `node --import otel-langsmith/register`.
 * @param {string} name @param {string} script @param {Record<string, string>} env @param {string} cwd
 * @returns {Child}
 */
export function startService(name, script, env, cwd) {
  const child = spawn(process.execPath, ["--import", "otel-langsmith/register", script], {
    cwd,
    env: { ...bareEnvironment(), OTEL_SERVICE_NAME: name, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const gone = new Promise((resolve) => child.once("close", resolve));
  /** @type {Promise<string>} */
  const url = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        const address = /^listening on (http\S+)$/mu.exec(output)?.[1];
        if (address) resolve(address);
      });
    }
    child.once("error", reject);
    child.once("close", (code, signal) => {
      reject(new Error(`The service ${name} ended (${signal ?? `exit code ${code}`}) before it listened:\n${output}`));
    });
  });
  url.catch(() => {});
  return {
    name,
    url,
    output: () => output,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const impatience = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMillis);
      child.kill("SIGTERM");
      await gone;
      clearTimeout(impatience);
      if (child.signalCode === "SIGKILL") throw new Error(`The service ${name} did not end on SIGTERM:\n${output}`);
    },
  };
}

/**
 * Runs a command to its end; its output is shown only when it fails.
 * @param {string} command @param {string[]} args @param {string} cwd @param {AbortSignal} [signal]
 */
export async function runToEnd(command, args, cwd, signal) {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"], ...(signal && { signal }) });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} failed with exit code ${code}:\n${output}`);
}

/** The environment without what would send the demo's runs elsewhere or change its tree. */
function bareEnvironment() {
  const foreign = /^(LANGSMITH_|LANGCHAIN_|OTEL_|NODE_OPTIONS$|(HTTP|HTTPS|ALL)_PROXY$)/iu;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
