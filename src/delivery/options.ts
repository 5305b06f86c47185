// What delivery can be told, and what it does when it is not.

import { resolve } from "node:path";
import type { MeterProvider } from "@opentelemetry/api";
import type { Dispatcher } from "undici";
import { OPTIONS } from "../options/table.js";
import type { SpoolOptions } from "../spool/needs.js";
import { withoutSlashesAtEnd } from "../wire/address.js";
import type { Loss } from "./operation.js";

export type { SpoolOptions } from "../spool/needs.js";

/** How delivery tries again. */
export interface RetryPolicy {
  /** Ceiling of the first pause, doubled from one to the next; the pause itself is random below it. Default 500. */
  initialDelayMillis?: number;
  /** Highest ceiling. Default 30,000. */
  maxDelayMillis?: number;
  /** How long a run is tried before it is given up (or left in the spool). Default 3,600,000, one hour. */
  maxAgeMillis?: number;
}

/** Options of one destination. */
export interface DeliveryOptions {
  /** Base URL: `https://api.smith.langchain.com`, or `https://HOST/api/v1` for self-hosted installations. */
  apiUrl: string;
  /** Sent as `x-api-key`. A function is called for every request, for keys that rotate. Never logged, never spooled. */
  apiKey?: string | (() => string | Promise<string>);
  /** Sent as `x-tenant-id`, for keys that belong to an organisation. */
  workspaceId?: string;
  /** What log lines and metrics call this destination. Default: the host of `apiUrl`. */
  destination?: string;
  /** Further request headers. */
  headers?: Record<string, string>;
  /** Uncompressed bytes a request; the server's own limit where that is lower. Default 10 MiB. */
  maxBatchBytes?: number;
  /** Operations a request; the server's own limit where that is lower. Default 100. */
  maxBatchCount?: number;
  /** How long an operation waits for others. Default 250; 0 in `immediate` mode. */
  batchDelayMillis?: number;
  /** Requests at once. Default 4. */
  maxConcurrentRequests?: number;
  /** One attempt's time, from connecting to the answer. Default 30,000. */
  requestTimeoutMillis?: number;
  /** Bound of everything held in memory. Default 64 MiB. */
  queue?: { maxBytes?: number };
  /** Bytes that are held under the same bound before they come here. */
  alsoHeld?: () => number;
  spool?: SpoolOptions;
  /** `auto` (default) is the best that both ends have. */
  compression?: "auto" | "gzip" | "zstd" | "none";
  /** undici's own: for proxies, certificates, mocks. Default: an agent that follows `HTTPS_PROXY` and `NO_PROXY`. */
  dispatcher?: Dispatcher;
  /** `immediate` sends each operation as it comes, for processes that may be frozen at any moment. Default `batch`. */
  exportMode?: "batch" | "immediate";
  /** Told of every promise that must settle before the platform may stop the process (Vercel, Cloudflare). */
  waitUntil?: (promise: Promise<unknown>) => void;
  /** Told of every loss. */
  onError?: (loss: Loss) => void;
  retry?: RetryPolicy;
  /** Where metrics go. Default: the global meter provider. */
  meterProvider?: MeterProvider;
  /** A clock in milliseconds that never goes back, for tests. Default `performance.now`. */
  now?: () => number;
}

/** Every option with its default in place. */
export interface Settings {
  apiUrl: string;
  apiKey: DeliveryOptions["apiKey"];
  workspaceId: string | undefined;
  destination: string;
  headers: Record<string, string>;
  maxBatchBytes: number;
  maxBatchCount: number;
  batchDelayMillis: number;
  maxConcurrentRequests: number;
  requestTimeoutMillis: number;
  queueMaxBytes: number;
  alsoHeld: () => number;
  spool: Required<SpoolOptions> | undefined;
  compression: "auto" | "gzip" | "zstd" | "none";
  retry: Required<RetryPolicy>;
  now: () => number;
}

/** Bound of what is held, unless another is set; bytes. */
export const DEFAULT_QUEUE_BYTES = OPTIONS["queue.maxBytes"].default;

export function settle(options: DeliveryOptions): Settings {
  const apiUrl = withoutSlashesAtEnd(options.apiUrl);
  const isImmediate = options.exportMode === "immediate";
  return {
    apiUrl,
    apiKey: options.apiKey,
    workspaceId: options.workspaceId,
    destination: options.destination ?? hostOf(apiUrl),
    headers: options.headers ?? {},
    maxBatchBytes: options.maxBatchBytes ?? OPTIONS.maxBatchBytes.default,
    maxBatchCount: options.maxBatchCount ?? OPTIONS.maxBatchCount.default,
    batchDelayMillis: isImmediate ? 0 : (options.batchDelayMillis ?? OPTIONS.batchDelayMillis.default),
    maxConcurrentRequests: options.maxConcurrentRequests ?? OPTIONS.maxConcurrentRequests.default,
    requestTimeoutMillis: options.requestTimeoutMillis ?? OPTIONS.requestTimeoutMillis.default,
    queueMaxBytes: options.queue?.maxBytes ?? DEFAULT_QUEUE_BYTES,
    alsoHeld: options.alsoHeld ?? (() => 0),
    spool: options.spool && {
      // The application may go to another directory later on.
      dir: resolve(options.spool.dir),
      maxBytes: options.spool.maxBytes ?? 512 * 1_048_576,
      mode: options.spool.mode ?? "failures",
    },
    compression: options.compression ?? "auto",
    retry: {
      initialDelayMillis: options.retry?.initialDelayMillis ?? OPTIONS["retry.initialDelayMillis"].default,
      maxDelayMillis: options.retry?.maxDelayMillis ?? OPTIONS["retry.maxDelayMillis"].default,
      maxAgeMillis: options.retry?.maxAgeMillis ?? OPTIONS["retry.maxAgeMillis"].default,
    },
    now: options.now ?? (() => performance.now()),
  };
}

function hostOf(apiUrl: string): string {
  try {
    return new URL(apiUrl).host;
  } catch {
    return apiUrl;
  }
}
