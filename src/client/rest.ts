// The service's REST interface: one request, outside of any trace, with errors that say which.

import type { Dispatcher } from "undici";
import { primaryBridge } from "../bridges.js";
import { cutSecrets, secretsOf } from "../credentials.js";
import { LangSmithRequestError, type RequestErrorCode } from "../errors.js";
import { isLocalAddress, type LangSmithDestination, resolveOptions } from "../options/options.js";
import { failureWords } from "../service/failure.js";
import { createAgent, isProxied, proxyAddresses, request } from "../service/undici.js";
import { kindOfThrown } from "../thrown.js";
import { untraced } from "../untraced.js";
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

/** By shape: the application may have an undici of its own. */
function isDispatcher(value: unknown): value is Dispatcher {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "dispatch") === "function";
}

const agents = new Map<boolean, Dispatcher>();

/** The way that delivery goes without a dispatcher of the application's: one a process, made at the first call. */
function ownAgent(): Dispatcher {
  const key = isProxied();
  const agent = agents.get(key) ?? createAgent();
  agents.set(key, agent);
  return agent;
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

  async function call(wanted: RestCall): Promise<unknown> {
    const isRepeatable = wanted.isRepeatable ?? wanted.method === "GET";
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await once(wanted);
      if (!(outcome instanceof Failure)) return outcome;
      if (!outcome.isTransient || !isRepeatable || attempt >= attempts) throw outcome.error;
      await pause(Math.min(5_000, outcome.afterMillis ?? 100 * 2 ** attempt * (0.5 + Math.random())));
    }
  }

  async function once(wanted: RestCall): Promise<unknown> {
    const key = await keyOf(options, apiUrl);
    let status: number;
    let headers: Record<string, string | string[] | undefined>;
    let text: string;
    try {
      const response = await untraced(() =>
        request(urlOf(apiUrl, wanted), {
          method: wanted.method,
          headers: {
            accept: "application/json",
            ...(wanted.body !== undefined && { "content-type": "application/json" }),
            ...(key !== undefined && { "x-api-key": key }),
            ...(options.workspaceId !== undefined && { "x-tenant-id": options.workspaceId }),
          },
          body: wanted.body === undefined ? null : JSON.stringify(wanted.body),
          signal: AbortSignal.timeout(options.timeoutMillis ?? 30_000),
          dispatcher: options.dispatcher ?? ownAgent(),
        }),
      );
      status = response.statusCode;
      headers = response.headers;
      text = await response.body.text();
    } catch (cause) {
      return new Failure(unreachable(apiUrl, wanted, cause), true);
    }
    if (status >= 200 && status < 300) return answerOf(text, apiUrl, wanted, status);
    const error = refusal(
      status,
      reasonIn(text, secretsOf({ ...options, apiUrl, apiKey: key, proxies: proxyAddresses() })),
      apiUrl,
      wanted,
    );
    return new Failure(error, error.code === "LSB_ERR_UNAVAILABLE", retryAfterMillis(headers["retry-after"]));
  }

  return { apiUrl, call };
}

class Failure {
  constructor(
    readonly error: LangSmithRequestError,
    readonly isTransient: boolean,
    readonly afterMillis?: number | undefined,
  ) {}
}

async function keyOf({ apiKey }: RestOptions, apiUrl: string): Promise<string | undefined> {
  if (apiKey === undefined && !isLocalAddress(apiUrl)) {
    throw new LangSmithRequestError(
      "LSB_ERR_ACCESS",
      `LANGSMITH_API_KEY is not set, so ${hostOf(apiUrl)} cannot be asked. Set it, or pass apiKey.`,
    );
  }
  if (typeof apiKey !== "function") return apiKey;
  try {
    return await apiKey();
  } catch (cause) {
    // Its message may say anything, the key included.
    throw new LangSmithRequestError("LSB_ERR_ACCESS", `apiKey() failed with ${kindOfThrown(cause)}`);
  }
}

function urlOf(apiUrl: string, { path, query }: RestCall): string {
  const base = path.startsWith("/api/") ? apiUrl.replace(/(?:\/api)?(?:\/v1)?$/, "") : apiUrl;
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each));
  }
  const search = parameters.toString();
  return `${base}${path}${search ? `?${search}` : ""}`;
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

function unreachable(apiUrl: string, { subject }: RestCall, thrown: unknown): LangSmithRequestError {
  return new LangSmithRequestError(
    "LSB_ERR_UNAVAILABLE",
    `${hostOf(apiUrl)} cannot be reached (${failureWords(thrown)}) to ask for ${subject}. Check LANGSMITH_ENDPOINT and the network.`,
  );
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

function retryAfterMillis(value: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(value) ? value[0] : (value ?? Number.NaN));
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis));
}
