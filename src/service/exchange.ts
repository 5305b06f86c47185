// One request to LangSmith and its answer: the one way for runs, for reads and for the command. Outside of any trace, with
// the key as it is now, within its time, and with errors that may stand in a log line.
import { secretsOf } from "../credentials.js";
import { untraced } from "../untraced.js";
import { VERSION } from "../version.js";
import type { Answered } from "./answers.js";
import { ServiceError } from "./errors.js";
import { codeOf, failureWords, firstError } from "./failure.js";
import { type ApiKey, resolveKey } from "./key.js";
import { type Dispatcher, proxyAddresses, request } from "./undici.js";

/** Calls back after some milliseconds; what it returns cancels. */
export type After = (millis: number, callback: () => void) => () => void;

/** One deployment, and how it is spoken to. */
export interface Service {
  /** Without a slash at its end. */
  readonly apiUrl: string;
  readonly apiKey: ApiKey;
  readonly workspaceId: string | undefined;
  /** Further headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For one request, from asking for the key to the answer. */
  readonly requestTimeoutMillis: number;
  readonly dispatcher: () => Dispatcher;
  /** Timers of whoever asks. Default: ones that keep no process alive. */
  readonly timers?: { readonly after: After };
}

export interface Exchange {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the API's base address, with its leading slash; `/api/v2/…` is found beside a base that ends in `/api/v1`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Default: the service's. */
  readonly timeoutMillis?: number;
  /**
   * How much of the answer counts. Of what was sent the status says all, so `beginning` (the default) reads a bounded part
   * of the body for a bounded time, and a body that breaks off undoes nothing; what is asked for counts when it is whole.
   */
  readonly answer?: "beginning" | "whole";
}

const NEVER: AbortSignal = new AbortController().signal;

/** @throws ServiceError when there is no answer; what an answer means `failureOf` says */
export async function exchange(service: Service, call: Exchange, signal: AbortSignal = NEVER): Promise<Answered> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  const after = service.timers?.after ?? unheld;
  const timeoutMillis = call.timeoutMillis ?? service.requestTimeoutMillis;
  let isTimedOut = false;
  const cancel = after(timeoutMillis, () => {
    isTimedOut = true;
    controller.abort();
  });
  try {
    const key = await resolveKey(service.apiKey, controller.signal);
    const response = await untraced(() =>
      request(urlOf(service.apiUrl, call.path), {
        method: call.method,
        headers: {
          "user-agent": `otel-langsmith/${VERSION}`,
          accept: "application/json",
          ...service.headers,
          ...call.headers,
          ...(key ? { "x-api-key": key } : {}),
          ...(service.workspaceId ? { "x-tenant-id": service.workspaceId } : {}),
        },
        body: call.body ?? null,
        dispatcher: service.dispatcher(),
        signal: controller.signal,
        // One clock for the whole exchange: ours.
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
    );
    return {
      status: response.statusCode,
      headers: response.headers,
      secrets: secretsOf({ ...service, apiKey: key, proxies: proxyAddresses() }),
      ...(call.answer === "whole" ? { text: await response.body.text() } : await beginning(response.body, after)),
    };
  } catch (error) {
    if (signal.aborted) throw new ServiceError("stopped", "stopped during a request", { reach: "unknown" });
    if (isTimedOut) {
      throw new ServiceError("unavailable", `no answer within ${timeoutMillis} ms`, { reach: "unknown" });
    }
    throw networkError(error);
  } finally {
    cancel();
    signal.removeEventListener("abort", stop);
  }
}

/** setTimeout fires at once beyond this. */
const LONGEST_MILLIS = 2 ** 31 - 1;

function unheld(millis: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.min(millis, LONGEST_MILLIS)).unref();
  return () => clearTimeout(timer);
}

function urlOf(apiUrl: string, path: string): string {
  return `${path.startsWith("/api/") ? apiUrl.replace(/(?:\/api)?(?:\/v1)?$/, "") : apiUrl}${path}`;
}

/** How much of an answer is read, and how long after its headers it may take: the status has said what counts. */
const ANSWER_MAX_BYTES = 65_536;
const ANSWER_MILLIS = 2_000;

/** An answer's text, bounded; a body that breaks off or never ends does not undo the status that came before it. */
async function beginning(
  body: AsyncIterable<unknown> & { destroy(): unknown },
  after: After,
): Promise<Pick<Answered, "text" | "isUnfinished">> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let isUnfinished = false;
  const cancel = after(ANSWER_MILLIS, () => body.destroy());
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

function networkError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const code = codeOf(firstError(error));
  if (code === "UND_ERR_INVALID_ARG" || code === "ERR_INVALID_URL" || code === "ERR_INVALID_ARG_TYPE") {
    const what = "apiUrl, apiKey, a header or the proxy's address holds what cannot be sent over HTTP";
    return new ServiceError("misconfigured", what, { reach: "never_written" });
  }
  const reach = code && NEVER_WRITTEN.test(code) ? "never_written" : "unknown";
  return new ServiceError("unavailable", failureWords(error), { reach });
}
