// The demo with its page kept up, for those who look at it with a browser: the browser test, and the README's picture.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * Runs the demo with `--serve`; settles when the page is up.
 * @returns {Promise<{ url: string, stop(): Promise<void> }>}
 */
export async function serveDemo() {
  const script = fileURLToPath(new URL("run.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, "--serve"], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  let output = "";
  /** @type {Promise<string>} */
  const url = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        const address = /trace's page: (http\S+)/u.exec(output)?.[1];
        if (address) resolve(address);
      });
    }
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`The demo ended with exit code ${code}:\n${output}`)));
  });
  const stop = async () => {
    child.kill("SIGINT");
    await ended;
  };
  return { url: await url, stop };
}
