// Starts and stops the local server.
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { LocalServerError } from "./errors.js";
import { createApp } from "./http/app.js";
import { openDataDirectory } from "./storage/open.js";
import { retain, shrink } from "./storage/retention.js";
import { nowMicros } from "./time.js";
import { VERSION } from "./version.js";

/** What the local server can be told. */
export interface LocalServerOptions {
  /** The port; 0 takes a free one. Default 0. */
  readonly port?: number;
  /** The address to listen on. Default `127.0.0.1`: this machine alone. */
  readonly host?: string;
  /** The directory of the data, made when missing, or `:memory:`. Default `:memory:`. */
  readonly dataDir?: string;
  /** Names besides `localhost` and addresses that the Host header may hold. Default none. */
  readonly allowedHosts?: readonly string[];
  /** Operations a request. Default 100. */
  readonly maxOperations?: number;
  /** Bytes a request, uncompressed. Default 20971520. */
  readonly maxBodyBytes?: number;
  /** Runs a trace. Default 25000. */
  readonly maxRunsPerTrace?: number;
  /** Traces without news for so many days are deleted. Default 30; `Infinity` keeps them. */
  readonly maxAgeDays?: number;
  /** Beyond so many bytes on disk the oldest traces are deleted. Default 5368709120 (5 GiB). */
  readonly maxDataBytes?: number;
  /** Called with errors that became a 500. Default: printed on stderr. */
  readonly onError?: (error: unknown) => void;
}

/** A running local server. */
export interface LocalServer {
  /** Without a slash at its end: what `LANGSMITH_ENDPOINT` wants. */
  readonly url: string;
  readonly port: number;
  /** Deletes what is beyond `maxAgeDays` and `maxDataBytes` now; answers how many traces that were. */
  retain(): number;
  /** Lets requests under way finish, and closes the data. Safe to call twice. */
  close(): Promise<void>;
}

const RETENTION_INTERVAL_MILLIS = 60_000;

/**
 * Starts a LangSmith-compatible server on this machine.
 * @throws LocalServerError when an option is bad, the data cannot be used or the port is taken.
 *
 * @example
 * ```ts
 * import { startLocalServer } from "otel-langsmith-local";
 *
 * const server = await startLocalServer({ dataDir: ":memory:" });
 * const info = await fetch(`${server.url}/info`);
 * console.log(info.status);
 * await server.close();
 * ```
 */
export async function startLocalServer(options: LocalServerOptions = {}): Promise<LocalServer> {
  checkOptions(options);
  const host = options.host ?? "127.0.0.1";
  const data = openDataDirectory(options.dataDir ?? ":memory:", "serve");
  const limits = {
    maxAgeMillis: (options.maxAgeDays ?? 30) * 86_400_000,
    maxBytes: options.maxDataBytes ?? 5 * 1024 ** 3,
  };
  const onError = options.onError ?? ((error: unknown) => console.error("otel-langsmith-local:", error));
  let retainedAt = 0;
  const retainSome = (): { deleted: number; isMore: boolean } => {
    retainedAt = Date.now();
    const result = retain(data.db, limits, nowMicros());
    if (result.deleted > 0) shrink(data.db);
    return result;
  };
  // Beside the requests that bring data, since without them nothing grows; bounded, so that none waits for long.
  const onStored = (): void => {
    if (Date.now() - retainedAt < RETENTION_INTERVAL_MILLIS) return;
    if (retainSome().isMore) retainedAt = 0;
  };
  const app = createApp({
    db: data.db,
    limits: {
      maxOperations: options.maxOperations ?? 100,
      maxBytes: options.maxBodyBytes ?? 20_971_520,
      maxRunsPerTrace: options.maxRunsPerTrace ?? 25_000,
    },
    allowedHosts: options.allowedHosts ?? [],
    version: VERSION,
    onStored,
    onError,
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port ?? 0, host, () => resolve());
    });
  } catch (cause) {
    data.close();
    throw cannotListen(host, options.port ?? 0, cause);
  }
  const { port } = addressOf(server.address());
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    retain() {
      let deleted = 0;
      for (let more = true; more; ) {
        const result = retainSome();
        deleted += result.deleted;
        more = result.isMore;
      }
      return deleted;
    },
    close() {
      closing ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeIdleConnections" in server) server.closeIdleConnections();
      }).then(() => data.close());
      return closing;
    },
  };
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address;
}

function cannotListen(host: string, port: number, cause: unknown): LocalServerError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  const hint = code === "EADDRINUSE" ? "Something else listens there; choose another port." : "Choose another address.";
  return new LocalServerError("LSB_ERR_LOCAL_LISTEN", `Cannot listen on ${host}:${port} (${code}). ${hint}`, { cause });
}

function checkOptions(options: LocalServerOptions): void {
  const bad = (name: string, takes: string): never => {
    throw new LocalServerError("LSB_ERR_LOCAL_OPTION", `${name} must be ${takes}.`);
  };
  const { port } = options;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) bad("port", "from 0 to 65535");
  for (const name of ["maxOperations", "maxBodyBytes", "maxRunsPerTrace", "maxAgeDays", "maxDataBytes"] as const) {
    const value = options[name];
    if (value !== undefined && !(typeof value === "number" && value > 0)) bad(name, "a number above 0");
  }
}
