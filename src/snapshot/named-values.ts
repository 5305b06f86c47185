// Values that are named in a run and never written out: clients, requests, responses, headers, sockets. They hold keys
// and cookies, and say nothing of what a function was asked.

/** Properties that hold a credential. */
const CREDENTIAL =
  /^_?(?:api_?key|api_?token|auth_?token|access_?token|bearer_?token|access_?key_?id|secret_?access_?key|secret_?key|client_?secret|private_?key|password|credentials?|authorization)$/i;
/** Properties in which a client keeps what it was configured with. */
const CONFIGURATION = /^_?(?:config|configuration|options|opts|client_?options|auth|credentials|api|settings)$/i;
/** Properties in which a client says whom it calls, and by what. */
const ADDRESS = /^_?(?:base_?ur[il]|api_?url|server_?url)$/i;
const TRANSPORT = /^_?(?:transport|http|fetch|connection_?pool|dispatcher|endpoint)$/i;

/** Under these names stand the headers of a request. */
const HEADERS_KEY = /headers?$/i;
const SECRET_HEADER =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|api-key|x-[\w-]{0,60}(?:key|token|secret))$/i;
/** Headers by which a plain object shows itself as a request's, whatever name it stands under. */
const SHOWN_BY = ["authorization", "Authorization", "cookie", "Cookie", "x-api-key", "X-Api-Key", "api-key"] as const;
const SECRET_VALUE = /^(?:bearer|basic|token|digest|apikey|negotiate|aws4-hmac-sha256)\s+\S/i;

/**
 * The name of a value that is not written out, or undefined where it is data: `[OpenAI]`, `[Headers]`,
 * `[Request POST https://host/path]`, `[Response 200 https://host/path]`. An address has no query, no user and no
 * fragment. A client is a class instance that holds a credential, that knows an address to call and has methods, that
 * is named a client, or that emits events (sockets, pools, servers, Node's streams).
 *
 * @param value an object that is neither plain nor a list
 */
export function nameInsteadOf(value: object): string | undefined {
  const name = className(value);
  if (/Headers(?:List)?$|HeaderMap$/.test(name)) return `[${name}]`;
  return exchangeName(value, name) ?? (hasOwnForm(value) || !isClient(value, name) ? undefined : `[${name}]`);
}

/**
 * Whether a plain object, a list (of pairs, or of names and values by turns) or a Map is the headers of a request, a
 * credential among them: its own, or by method, as axios keeps its defaults.
 */
export function isSecretHeaders(key: string, value: object): boolean {
  if (!HEADERS_KEY.test(key)) return false;
  // Names and values by turns stand under one name alone; elsewhere a list of words is a table's head.
  if (Array.isArray(value) && /^raw/i.test(key) && value.some(isSecretHeader)) return true;
  if (namesIn(value).some(isSecretHeader)) return true;
  return (
    !(value instanceof Map) && Object.values(value).some((some) => isObject(some) && namesIn(some).some(isSecretHeader))
  );
}

function namesIn(headers: object): unknown[] {
  if (headers instanceof Map) return [...headers.keys()];
  if (!Array.isArray(headers)) return Object.keys(headers);
  return headers.map((pair) => (Array.isArray(pair) ? pair[0] : undefined));
}

function isSecretHeader(name: unknown): boolean {
  return typeof name === "string" && SECRET_HEADER.test(name);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Under these names stands what somebody is let in by. */
const CREDENTIALS_KEY = /^_?(?:(?:basic|proxy)_?)?(?:auth|credentials?)$/i;

/** Whether a plain object holds credentials: those of its place, of a cloud, of a service account, of an OAuth grant. */
export function isCredentials(key: string | undefined, value: object): boolean {
  if (key !== undefined && CREDENTIALS_KEY.test(key) && (holdsCredential(value, true) || textAt(value, "pass")))
    return true;
  // Asked of every plain object: most have none of these.
  const has = (name: string) => Object.hasOwn(value, name) && typeof Reflect.get(value, name) === "string";
  if (has("secretAccessKey")) return true;
  if (has("private_key")) return textAt(value, "private_key")?.startsWith("-----BEGIN ") === true;
  return has("access_token") && (has("refresh_token") || has("token_type"));
}

/** What stands for a plain object that is what axios was asked with, in its errors and answers too; undefined for others. */
export function requestConfigName(value: object): string | undefined {
  const isOne =
    Object.hasOwn(value, "headers") &&
    (Object.hasOwn(value, "transformRequest") || Object.hasOwn(value, "validateStatus"));
  if (!isOne) return undefined;
  const url = textAt(value, "url") ?? textAt(value, "baseURL");
  return named("Request", textAt(value, "method")?.toUpperCase(), url === undefined ? undefined : bareAddress(url));
}

/** An address that somebody is let in by, without user and password. */
export function withoutUser(url: URL): string {
  if (url.username === "" && url.password === "") return url.href;
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare.href;
}

/** Whether a plain object is a request's headers by itself: nothing but texts, and a credential among them. */
export function isHeadersLike(given: object): boolean {
  const value: object = given instanceof Map ? Object.fromEntries(given) : given;
  const shown = SHOWN_BY.find((name) => Object.hasOwn(value, name));
  if (shown === undefined) return false;
  const secret: unknown = Reflect.get(value, shown);
  if (typeof secret !== "string") return false;
  const isSecret = /cookie/i.test(shown) ? secret.includes("=") : /key/i.test(shown) || SECRET_VALUE.test(secret);
  return isSecret && Object.values(value).every((text) => typeof text !== "object" || Array.isArray(text));
}

/** The class that an object names, or the kind that it says it is. */
function className(value: object): string {
  const made: unknown = value.constructor;
  const name: unknown = typeof made === "function" ? made.name : undefined;
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (typeof name !== "string" || name === "" || name === "Object") return tag;
  // A bundler's one letter says less than the tag.
  return name.length < 3 && tag !== "Object" ? tag : name.replace(/^_+(?=.)/, "");
}

function hasOwnForm(value: object): boolean {
  return "toJSON" in value && typeof value.toJSON === "function";
}

/** A request or a response: the Fetch API's, Node's, or a framework's (Express, Fastify, Koa, Hono). */
function exchangeName(value: object, name: string): string | undefined {
  const isContext = hasRequest(value);
  if (!isContext && !hasHeaders(value)) return undefined;
  const status = numberAt(value, "status") ?? numberAt(value, "statusCode");
  const method = textAt(value, "method");
  const address = addressOf(value);
  if (method !== undefined) return named(name, method, address);
  if (status !== undefined) return named(name, String(status), address);
  return isContext ? named(name) : undefined;
}

function hasHeaders(value: object): boolean {
  return ["headers", "header", "getHeader"].some((key) => {
    if (!(key in value)) return false;
    const headers: unknown = Reflect.get(value, key);
    return (
      typeof headers === "function" || (typeof headers === "object" && headers !== null && !Array.isArray(headers))
    );
  });
}

/** A context of Koa, Hono, or a like framework: it has the request in it. */
function hasRequest(value: object): boolean {
  const request: unknown = "req" in value ? value.req : undefined;
  return typeof request === "object" && request !== null && ("raw" in request || hasHeaders(request));
}

function addressOf(value: object): string | undefined {
  const url = textAt(value, "url");
  if (url !== undefined && url !== "") return bareAddress(url);
  const path = textAt(value, "path");
  if (path === undefined) return undefined;
  const host = textAt(value, "host");
  return bareAddress(host === undefined ? path : `${textAt(value, "protocol") ?? "http:"}//${host}${path}`);
}

/** An address without user, query and fragment. */
function bareAddress(url: string): string {
  const path = url.split(/[?#]/, 1)[0] ?? "";
  return path.slice(0, 500).replace(/^([a-z][a-z0-9+.-]{0,20}:\/\/)[^/@]*@/i, "$1");
}

function named(name: string, ...words: (string | undefined)[]): string {
  return `[${[name, ...words.filter((word) => word !== undefined)].join(" ")}]`;
}

function textAt(value: object, key: string): string | undefined {
  const text: unknown = Reflect.get(value, key);
  return typeof text === "string" ? text : undefined;
}

function numberAt(value: object, key: string): number | undefined {
  const number: unknown = Reflect.get(value, key);
  return typeof number === "number" ? number : undefined;
}

function isClient(value: object, name: string): boolean {
  const keys = Object.keys(value);
  // Every event emitter of Node has these: what emits events is at work, and no data.
  if (keys.includes("_events") && keys.includes("_eventsCount")) return true;
  if (keys.some((key) => isCredential(key, value))) return true;
  if (keys.some((key) => CONFIGURATION.test(key) && holdsCredential(Reflect.get(value, key), true))) return true;
  if (hasMethods(value) && keys.some((key) => isPlainCredentials(Reflect.get(value, key)))) return true;
  const isNamedSo = /(?:Client|SDK|Credentials?)(?:V\d{1,2})?$/.test(name);
  if (!isNamedSo && !keys.some((key) => ADDRESS.test(key))) return false;
  if (!hasMethods(value)) return false;
  // A bare "Client" may be somebody's customer.
  if (!/^Client$/.test(name)) return true;
  return keys.length === 0 || keys.some((key) => [ADDRESS, CONFIGURATION, TRANSPORT].some((kind) => kind.test(key)));
}

function isCredential(key: string, of: object): boolean {
  const isAuth = /^_?auth$/i.test(key);
  if (!isAuth && !CREDENTIAL.test(key)) return false;
  const value: unknown = Reflect.get(of, key);
  if (isAuth) return typeof value === "string" && value !== "";
  return value !== undefined && value !== null && value !== "" && typeof value !== "boolean";
}

/** @param isConfiguration a client's: there a token is one, too */
function holdsCredential(configuration: unknown, isConfiguration = false): boolean {
  if (typeof configuration !== "object" || configuration === null) return false;
  return Object.keys(configuration).some(
    (key) =>
      isCredential(key, configuration) ||
      (isConfiguration && /^_?token$/i.test(key) && Reflect.get(configuration, key) !== undefined),
  );
}

/** A service account, keys of a cloud, a grant: of whoever signs with them. */
function isPlainCredentials(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return isCredentials(undefined, value) || Object.hasOwn(value, "private_key");
}

/** Methods besides the constructor, its own class's or an inherited one. */
function hasMethods(value: object): boolean {
  for (let at = Object.getPrototypeOf(value); at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [key, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (key !== "constructor" && typeof method === "function") return true;
    }
  }
  return false;
}
