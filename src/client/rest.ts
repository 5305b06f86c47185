// The service's REST interface: one request, outside of any trace, with errors that say which.

import type { Dispatcher } from "undici";
import { primaryBridge } from "../bridges.js";
import { cutSecrets } from "../credentials.js";
import { LangSmithRequestError, type RequestErrorCode } from "../errors.js";
import { isLocalAddress, type LangSmithDestination, resolveOptions } from "../options/options.js";
import { type Answered, retryAfterOf } from "../service/answers.js";
import { backoffMillis } from "../service/backoff.js";
import { isDispatcher, sharedDispatcher } from "../service/dispatcher.js";
import { type ServiceError, toServiceError } from "../service/errors.js";
import { exchange, type Service } from "../service/exchange.js";
import { withoutSlashesAtEnd } from "../wire/address.js";

export interface RestOptions extends LangSmithDestination {
  /** Milliseconds for one attempt. Default 30,000. */
  readonly timeoutMillis?: number;
  /** Attempts in all where a request may be repeated. Default 3. */
  readonly attempts?: number;
  readonly dispatcher?: Dispatcher;
}

export interface RestCall {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the API's base address, with its leading slash; `/api/v2/…` is found beside a base that ends in `/api/v1`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** What is asked for, in words, for the error: `run 0190…`. */
  readonly subject: string;
  /** Whether a second attempt does no harm. Default: true for GET. */
  readonly isRepeatable?: boolean;
}

/** One deployment's REST interface. */
export interface Rest {
  readonly apiUrl: string;
  /** The answer's JSON, or undefined where it has no body. @throws LangSmithRequestError */
  call(call: RestCall): Promise<unknown>;
}

/** Where the process's bridge sends, by its own dispatcher; else what the environment says. */
export function ownDestination(): RestOptions {
  const destination = primaryBridge()?.destination ?? resolveOptions();
  const given: unknown = Reflect.get(destination, "given");
  const dispatcher: unknown = typeof given === "object" && given !== null && Reflect.get(given, "dispatcher");
  const { apiUrl, apiKey, workspaceId } = destination;
  return { apiUrl, apiKey, workspaceId, ...(isDispatcher(dispatcher) && { dispatcher }) };
}

/**
 * Speaks to one deployment.
 *
 * @example
 * ```ts
 * const run = await createRest(ownDestination()).call({ method: "GET", path: `/runs/${id}`, subject: `run ${id}` });
 * ```
 */
export function createRest(options: RestOptions): Rest {
  const apiUrl = withoutSlashesAtEnd(options.apiUrl);
  const attempts = Math.max(1, options.attempts ?? 3);
  const service: Service = {
    apiUrl,
    apiKey: options.apiKey,
    workspaceId: options.workspaceId,
    requestTimeoutMillis: options.timeoutMillis ?? 30_000,
    dispatcher: () => options.dispatcher ?? sharedDispatcher(),
  };

  async function call(wanted: RestCall): Promise<unknown> {
    if (options.apiKey === undefined && !isLocalAddress(apiUrl)) throw keyMissing(apiUrl);
    const isRepeatable = wanted.isRepeatable ?? wanted.method === "GET";
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await once(wanted);
      if (!(outcome instanceof Failure)) return outcome;
      const { error, isTransient, afterMillis } = outcome;
      // Nobody waits here for longer than that, and before the time that the service named it is not asked again.
      const isTooLong = afterMillis !== undefined && afterMillis > BACKOFF.maxMillis;
      if (!isTransient || isTooLong || !isRepeatable || attempt + 1 >= attempts) throw error;
      await pause(backoffMillis(attempt, BACKOFF, { afterMillis }));
    }
  }

  async function once(wanted: RestCall): Promise<unknown> {
    let answered: Answered;
    try {
      answered = await exchange(service, {
        method: wanted.method,
        path: `${wanted.path}${searchOf(wanted)}`,
        ...(wanted.body !== undefined && {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(wanted.body),
        }),
        answer: "whole",
      });
    } catch (thrown) {
      return unanswered(apiUrl, wanted, toServiceError(thrown));
    }
    const { status, text, secrets = [] } = answered;
    if (status >= 200 && status < 300) return answerOf(text, apiUrl, wanted, status);
    const error = refusal(status, reasonIn(text, secrets), apiUrl, wanted);
    return new Failure(error, error.code === "LSB_ERR_UNAVAILABLE", retryAfterOf(answered.headers));
  }

  return { apiUrl, call };
}

/** Between tries of somebody who waits for the answer. */
const BACKOFF = { initialMillis: 300, maxMillis: 5_000 };

class Failure {
  constructor(
    readonly error: LangSmithRequestError,
    readonly isTransient: boolean,
    readonly afterMillis?: number | undefined,
  ) {}
}

function keyMissing(apiUrl: string): LangSmithRequestError {
  const what = `LANGSMITH_API_KEY is not set, so ${hostOf(apiUrl)} cannot be asked. Set it, or pass apiKey.`;
  return new LangSmithRequestError("LSB_ERR_ACCESS", what);
}

function searchOf({ query }: RestCall): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each));
  }
  const search = parameters.toString();
  return search ? `?${search}` : "";
}

function answerOf(text: string, apiUrl: string, { subject }: RestCall, status: number): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return new Failure(
      new LangSmithRequestError(
        "LSB_ERR_REQUEST",
        `${hostOf(apiUrl)} answered for ${subject} with something that is no JSON; is LANGSMITH_ENDPOINT the API's address?`,
        status,
      ),
      false,
    );
  }
}

function refusal(
  status: number,
  reason: string | undefined,
  apiUrl: string,
  { subject }: RestCall,
): LangSmithRequestError {
  const host = hostOf(apiUrl);
  const error = (code: RequestErrorCode, message: string) => new LangSmithRequestError(code, message, status, reason);
  switch (status) {
    case 404:
      return error(
        "LSB_ERR_NOT_FOUND",
        `${host} knows no ${subject}. Check the id, the workspace and the project; what was just sent can be read after a moment.`,
      );
    case 401:
    case 403:
      return error(
        "LSB_ERR_ACCESS",
        `${host} gives no access to ${subject}: HTTP ${status}. Check LANGSMITH_API_KEY, and LANGSMITH_WORKSPACE_ID where the key belongs to an organisation.`,
      );
    case 410:
    case 501:
      return error("LSB_ERR_GONE", `${host} no longer answers this call for ${subject}.`);
    case 408:
    case 425:
    case 429:
      return error(
        "LSB_ERR_UNAVAILABLE",
        `${host} is too busy to answer for ${subject}: HTTP ${status}. Try again later.`,
      );
    default:
      return status < 500
        ? error(
            "LSB_ERR_REQUEST",
            `${host} refused the request for ${subject}: HTTP ${status}. What it says of it is in the error's reason.`,
          )
        : error("LSB_ERR_UNAVAILABLE", `${host} is down: HTTP ${status} when asked for ${subject}. Try again later.`);
  }
}

function unanswered(apiUrl: string, { subject }: RestCall, error: ServiceError): Failure {
  if (error.isWithoutKey) return new Failure(new LangSmithRequestError("LSB_ERR_ACCESS", error.message), false);
  if (error.kind === "misconfigured") {
    const what = `${hostOf(apiUrl)} cannot be asked for ${subject}: ${error.message}.`;
    return new Failure(new LangSmithRequestError("LSB_ERR_REQUEST", what), false);
  }
  const what = `${hostOf(apiUrl)} cannot be reached (${error.message}) to ask for ${subject}. Check LANGSMITH_ENDPOINT and the network.`;
  return new Failure(new LangSmithRequestError("LSB_ERR_UNAVAILABLE", what), true);
}

function reasonIn(text: string, secrets: readonly string[]): string | undefined {
  const reason = sentenceIn(text);
  return reason === undefined ? undefined : cutSecrets(reason.slice(0, 2_000), secrets).slice(0, 200);
}

function sentenceIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== "object" || answer === null) return undefined;
    for (const key of ["detail", "error", "message", "title"]) {
      const value: unknown = Reflect.get(answer, key);
      if (typeof value === "string" && value !== "") return value;
      if (Array.isArray(value)) return JSON.stringify(value);
    }
  } catch {
    // A proxy's page says nothing that helps.
  }
  return undefined;
}

function hostOf(apiUrl: string): string {
  return new URL(apiUrl).host;
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
