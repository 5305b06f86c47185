// What the server says of itself at /info: limits, endpoints, compression. Nothing depends on it being there or right.

import { exchange } from "../service/exchange.js";
import type { Encoding } from "./compress.js";
import { zstdCompress } from "./compress.js";
import type { HttpOptions } from "./http.js";

export interface ServerLimits {
  /** Operations a request. */
  readonly maxCount: number;
  /** Uncompressed bytes a request. */
  readonly maxBytes: number;
  readonly isMultipartOff: boolean;
  readonly takesGzip: boolean;
  readonly takesZstd: boolean;
}

/** What holds while the server has said nothing. Source: `BatchIngestConfig` in LangSmith's OpenAPI description. */
export const DEFAULT_LIMITS: ServerLimits = {
  maxCount: 100,
  maxBytes: 20_971_520,
  isMultipartOff: false,
  takesGzip: false,
  takesZstd: false,
};

export interface ServerInfo {
  /** What is known now. */
  readonly limits: ServerLimits;
  /** Asks, once, and resolves when there is an answer or waiting for one is not worth it. */
  ready(signal: AbortSignal): Promise<void>;
}

/** How long the first batch waits for the answer, and how long the answer may take at all. */
const PATIENCE_MILLIS = 2_000;
const TIMEOUT_MILLIS = 10_000;
/** After a failure, the next batch after this time asks again. */
const AGAIN_MILLIS = 60_000;

export function createServerInfo(options: HttpOptions): ServerInfo {
  let limits = DEFAULT_LIMITS;
  let asked: Promise<void> | undefined;
  let again = Number.NEGATIVE_INFINITY;

  async function ask(signal: AbortSignal): Promise<void> {
    try {
      const answer = await exchange(options, { method: "GET", path: "/info", timeoutMillis: TIMEOUT_MILLIS }, signal);
      if (answer.status === 200) {
        limits = readLimits(JSON.parse(answer.text));
        again = Number.POSITIVE_INFINITY;
        return;
      }
    } catch {
      // Sending goes on with the defaults; a service that is down will be noticed by the requests themselves.
    }
    again = options.now() + AGAIN_MILLIS;
    asked = undefined;
  }

  return {
    get limits() {
      return limits;
    },
    async ready(signal) {
      const isFirst = again === Number.NEGATIVE_INFINITY;
      if (!asked && options.now() >= again) asked = ask(signal);
      if (!asked || !isFirst) return;
      // Not a sleep: a flush ends those early, and would be sent without knowing the limits.
      await new Promise<void>((resolve) => {
        const done = () => {
          cancel();
          signal.removeEventListener("abort", done);
          resolve();
        };
        const cancel = options.timers.after(PATIENCE_MILLIS, done);
        signal.addEventListener("abort", done);
        asked?.then(done);
      });
    },
  };
}

/** Reads an answer of `/info`; what is missing or makes no sense keeps its default. */
export function readLimits(answer: unknown): ServerLimits {
  const batch = field(answer, "batch_ingest_config");
  const flags = field(answer, "instance_flags");
  return {
    maxCount: sensible(field(batch, "size_limit"), 1, 10_000) ?? DEFAULT_LIMITS.maxCount,
    maxBytes: sensible(field(batch, "size_limit_bytes"), 65_536, 1_073_741_824) ?? DEFAULT_LIMITS.maxBytes,
    isMultipartOff: field(batch, "use_multipart_endpoint") === false,
    takesGzip: field(flags, "gzip_body_enabled") === true,
    takesZstd: field(flags, "zstd_compression_enabled") === true,
  };
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function sensible(value: unknown, least: number, most: number): number | undefined {
  return typeof value === "number" && value >= least && value <= most ? Math.floor(value) : undefined;
}

/** The compression to use: the one asked for, or the best that both ends have. */
export function chooseEncoding(wanted: "auto" | Encoding | "none", limits: ServerLimits): Encoding | undefined {
  if (wanted === "none") return undefined;
  if (wanted !== "zstd" && wanted !== "auto") return wanted;
  if (zstdCompress && (wanted === "zstd" || limits.takesZstd)) return "zstd";
  return limits.takesGzip ? "gzip" : undefined;
}
