// Link: one request over undici, outside of any trace, and what its answer means.

import type { Dispatcher } from "undici";
import { secretsOf } from "../credentials.js";
import { codeOf, failureWords, firstError } from "../service/failure.js";
import { proxyAddresses, request } from "../service/undici.js";
import { kindOfThrown } from "../thrown.js";
import { untraced } from "../untraced.js";
import { VERSION } from "../version.js";
import { type Answered, failureOf } from "./answers.js";
import { DeliveryError } from "./errors.js";
import type { Answer, Batch, Sender } from "./item.js";
import type { Timers } from "./timers.js";

export interface HttpOptions {
  apiUrl: string;
  apiKey: string | (() => string | Promise<string>) | undefined;
  workspaceId: string | undefined;
  headers: Record<string, string>;
  requestTimeoutMillis: number;
  dispatcher: () => Dispatcher;
  timers: Timers;
  /** Told of every request when it has ended: how long it took, and as what it failed. */
  observe?: (millis: number, status: number | undefined, failure: string | undefined) => void;
  now: () => number;
}

export function createHttp(options: HttpOptions): Sender {
  return {
    async send(batch: Batch, signal: AbortSignal): Promise<Answer> {
      const body = batch.body;
      if (!body) throw new DeliveryError("malformed", "the batch was not encoded", { reach: "never_written" });
      const headers: Record<string, string> = { "content-type": body.contentType };
      if (body.encoding) headers["content-encoding"] = body.encoding;
      const began = options.now();
      let status: number | undefined;
      try {
        const answer = await exchange(options, { method: "POST", path: body.path, headers, body: body.data }, signal);
        status = answer.status;
        const error = failureOf(answer);
        if (error) throw error;
        options.observe?.(options.now() - began, status, undefined);
        return "taken";
      } catch (error) {
        const failure = error instanceof DeliveryError ? error.kind : "unavailable";
        options.observe?.(options.now() - began, status, failure);
        throw error;
      }
    },
  };
}

export interface Exchange {
  method: "GET" | "POST";
  path: string;
  headers?: Record<string, string>;
  body?: Uint8Array;
  timeoutMillis?: number;
}

/** One request and its answer, within the time allowed; rejects with a `DeliveryError` when there is no answer. */
export async function exchange(options: HttpOptions, call: Exchange, signal: AbortSignal): Promise<Answered> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  const timeoutMillis = call.timeoutMillis ?? options.requestTimeoutMillis;
  let isTimedOut = false;
  const cancel = options.timers.after(timeoutMillis, () => {
    isTimedOut = true;
    controller.abort();
  });
  try {
    const key = await within(resolveKey(options.apiKey), controller.signal);
    const response = await untraced(() =>
      request(`${options.apiUrl}${call.path}`, {
        method: call.method,
        headers: {
          "user-agent": `otel-langsmith/${VERSION}`,
          accept: "application/json",
          ...options.headers,
          ...call.headers,
          ...(key ? { "x-api-key": key } : {}),
          ...(options.workspaceId ? { "x-tenant-id": options.workspaceId } : {}),
        },
        body: call.body ?? null,
        dispatcher: options.dispatcher(),
        signal: controller.signal,
        // One clock for the whole exchange: ours.
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
    );
    return {
      status: response.statusCode,
      headers: response.headers,
      secrets: secretsOf({ ...options, apiKey: key, proxies: proxyAddresses() }),
      ...(await beginning(response.body, options.timers)),
    };
  } catch (error) {
    if (signal.aborted) throw new DeliveryError("stopped", "stopped during a request", { reach: "unknown" });
    if (isTimedOut) {
      throw new DeliveryError("unavailable", `no answer within ${timeoutMillis} ms`, { reach: "unknown" });
    }
    throw networkError(error);
  } finally {
    cancel();
    signal.removeEventListener("abort", stop);
  }
}

/** Rejects when the signal aborts, although the work itself cannot be stopped. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new DeliveryError("unavailable", "apiKey() did not answer", { reach: "never_written" }));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

async function resolveKey(apiKey: HttpOptions["apiKey"]): Promise<string | undefined> {
  if (typeof apiKey !== "function") return apiKey?.trim();
  try {
    const key: unknown = await apiKey();
    // A key out of a file ends in a line break, which no header may hold.
    return typeof key === "string" ? key.trim() : undefined;
  } catch (thrown) {
    // Its message may say anything, the key included: only its name goes on.
    throw new DeliveryError("unavailable", `apiKey() failed with ${kindOfThrown(thrown)}`, { reach: "never_written" });
  }
}

/** How much of an answer is read, and how long after its headers it may take: the status has said what counts. */
const ANSWER_MAX_BYTES = 65_536;
const ANSWER_MILLIS = 2_000;

/** An answer's text, bounded; a body that breaks off or never ends does not undo the status that came before it. */
async function beginning(
  body: AsyncIterable<unknown> & { destroy(): unknown },
  timers: Timers,
): Promise<Pick<Answered, "text" | "isUnfinished">> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let isUnfinished = false;
  const cancel = timers.after(ANSWER_MILLIS, () => body.destroy());
  try {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) continue;
      pieces.push(Buffer.from(chunk));
      bytes += chunk.byteLength;
      if (bytes > ANSWER_MAX_BYTES) break;
    }
  } catch {
    // What has come is enough.
    isUnfinished = true;
  } finally {
    cancel();
  }
  return { text: Buffer.concat(pieces).toString("utf8"), isUnfinished };
}

const NEVER_WRITTEN =
  /^(ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/;

function networkError(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error;
  const code = codeOf(firstError(error));
  if (code === "UND_ERR_INVALID_ARG" || code === "ERR_INVALID_URL" || code === "ERR_INVALID_ARG_TYPE") {
    const what = "apiUrl, apiKey, a header or the proxy's address holds what cannot be sent over HTTP";
    return new DeliveryError("misconfigured", what, { reach: "never_written" });
  }
  const reach = code && NEVER_WRITTEN.test(code) ? "never_written" : "unknown";
  return new DeliveryError("unavailable", failureWords(error), { reach });
}
