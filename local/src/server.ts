// Starts and stops the local server.
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createAdaptorServer, type ServerType } from "@hono/node-server";
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
  /** Operations a request that `/info` asks clients for: a hint; up to 5000 are taken. Default 100. */
  readonly maxOperations?: number;
  /** Bytes a request, uncompressed. Default 20971520. */
  readonly maxBodyBytes?: number;
  /** Runs a trace. Default 25000. */
  readonly maxRunsPerTrace?: number;
  /** Traces without news for so many days are deleted. Default 30; `Infinity` keeps them. */
  readonly maxAgeDays?: number;
  /** Beyond so many bytes on disk the oldest traces are deleted. Default 5368709120 (5 GiB). */
  readonly maxDataBytes?: number;
  /** What one request asks may take so many milliseconds; beyond it the answer is 400. Default 2000. */
  readonly maxQueryMillis?: number;
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
  /**
   * Lets requests under way finish, for a second at most, and closes the data: a client that sends half a request, or
   * reads no answer, holds nothing up. Safe to call twice.
   */
  close(): Promise<void>;
}

const RETENTION_INTERVAL_MILLIS = 60_000;

/** How long requests may take to finish once the server is closing. */
const CLOSE_GRACE_MILLIS = 1000;

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
    maxQueryMillis: options.maxQueryMillis ?? 2000,
    allowedHosts: options.allowedHosts ?? [],
    version: VERSION,
    onStored,
    onError,
  });
  const atWork = new Set<Promise<Response>>();
  const server = createAdaptorServer({
    fetch: (request, env) => {
      const work = Promise.resolve(app.fetch(request, env));
      atWork.add(work);
      const done = (): boolean => atWork.delete(work);
      work.then(done, done);
      return work;
    },
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
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
      closing ??= endConnections(server, sockets)
        .then(() =>
          Promise.race([Promise.allSettled(atWork), sleep(CLOSE_GRACE_MILLIS / 2, undefined, { ref: false })]),
        )
        .then(() => data.close());
      return closing;
    },
  };
}

function endConnections(server: ServerType, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, CLOSE_GRACE_MILLIS);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    if ("closeIdleConnections" in server) server.closeIdleConnections();
  });
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

const NUMBERS = [
  "maxOperations", "maxBodyBytes", "maxRunsPerTrace", "maxAgeDays", "maxDataBytes", "maxQueryMillis",
] as const; // biome-ignore format: a list

function checkOptions(options: LocalServerOptions): void {
  const bad = (name: string, takes: string): never => {
    throw new LocalServerError("LSB_ERR_LOCAL_OPTION", `${name} must be ${takes}.`);
  };
  const { port } = options;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) bad("port", "from 0 to 65535");
  for (const name of NUMBERS) {
    const value = options[name];
    if (value !== undefined && !(typeof value === "number" && value > 0)) bad(name, "a number above 0");
  }
}
