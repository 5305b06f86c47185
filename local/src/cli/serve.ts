// `serve`: the server in the foreground, until SIGINT or SIGTERM.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { LocalServerError } from "../errors.js";
import { type LocalServerOptions, startLocalServer } from "../server.js";

/** Beside OTLP's 4317 and 4318, so that all three can be up at once. */
export const DEFAULT_PORT = 4319;
export const DEFAULT_DATA = ".langsmith-local";

/** Serves; resolves to the exit code once it has been stopped and everything is closed. */
export async function serve(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string", default: String(DEFAULT_PORT) },
      host: { type: "string", default: "127.0.0.1" },
      data: { type: "string", default: DEFAULT_DATA },
      "allow-host": { type: "string", multiple: true },
      "max-age-days": { type: "string" },
      "max-bytes": { type: "string" },
      "max-query-millis": { type: "string" },
      open: { type: "boolean", default: false },
    },
  });
  const options: LocalServerOptions = {
    port: numberOption("--port", values.port),
    host: values.host,
    dataDir: values.data,
    allowedHosts: values["allow-host"] ?? [],
    ...(values["max-age-days"] ? { maxAgeDays: numberOption("--max-age-days", values["max-age-days"]) } : {}),
    ...(values["max-bytes"] ? { maxDataBytes: numberOption("--max-bytes", values["max-bytes"]) } : {}),
    ...(values["max-query-millis"]
      ? { maxQueryMillis: numberOption("--max-query-millis", values["max-query-millis"]) }
      : {}),
  };
  const server = await startLocalServer(options);
  process.stdout.write(
    `LangSmith-compatible server and viewer at ${server.url} (data in ${values.data}); ` +
      `send runs there with LANGSMITH_ENDPOINT=${server.url}, name their project with LANGSMITH_PROJECT\n`,
  );
  if (values.open) openPage(server.url);
  await interrupted();
  await server.close();
  return 0;
}

const OPENERS: Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

function openPage(url: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  const opener = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  opener.once("error", () => process.stderr.write(`There is no ${command} to show the page with; open ${url}\n`));
  opener.unref();
}

function numberOption(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) {
    throw new LocalServerError("LSB_ERR_LOCAL_OPTION", `${name} must be a number, not ${JSON.stringify(text)}.`);
  }
  return value;
}

// Once: a second signal while closing ends the process as it would any other.
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
      resolve();
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  });
}
