// What kept a request from an answer, in words of our own: a dispatcher's or a proxy's error may quote anything of it.

import { isIP } from "node:net";
import { kindOfThrown } from "../thrown.js";

/** The error's code, where it has one that looks like one: `ECONNREFUSED`, `UND_ERR_CONNECT_TIMEOUT`. */
export function codeOf(error: unknown): string | undefined {
  const code = pick(error, "code");
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : undefined;
}

/**
 * Why no answer came: the error's code and, where the system says it, whom it called. Never its message.
 *
 * @example
 * ```ts
 * failureWords(error); // "ECONNREFUSED 127.0.0.1:1984"
 * ```
 */
export function failureWords(error: unknown): string {
  const one = firstError(error);
  const code = codeOf(one);
  return code === undefined ? `the request failed (${kindOfThrown(one)})` : [code, whomOf(one)].join(" ").trim();
}

/** Several addresses were tried: one of them speaks for all. A wrapper without a code speaks by its cause. */
export function firstError(error: unknown, depth = 0): unknown {
  if (codeOf(error) !== undefined || depth > 3) return error;
  const errors = pick(error, "errors");
  const inner: unknown = Array.isArray(errors) ? errors[0] : pick(error, "cause");
  return inner instanceof Error ? firstError(inner, depth + 1) : error;
}

function whomOf(error: unknown): string {
  const [address, port, hostname] = [pick(error, "address"), pick(error, "port"), pick(error, "hostname")];
  if (typeof address === "string" && isIP(address) > 0) {
    return typeof port === "number" ? `${address}:${port}` : address;
  }
  return typeof hostname === "string" && /^[\w.-]{1,253}$/.test(hostname) ? hostname : "";
}

function pick(value: unknown, key: string): unknown {
  try {
    return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  } catch {
    return undefined;
  }
}
