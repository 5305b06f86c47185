// The parts of undici that the bridge uses. Its index is never loaded: that sets the global dispatcher, and with it what
// the application's built-in `fetch` runs on. The paths inside carry no promise, so package.json's range ends where the
// tests ended.
import type { Dispatcher } from "undici";
import { Agent, DispatcherClass, EnvHttpProxyAgent, methods } from "./undici-parts.js";

export type { Dispatcher };

// As undici's index does: dispatchers have their methods (`request`, and what its proxies open tunnels with) from here.
Object.assign(DispatcherClass.prototype, methods);

/** One request. The dispatcher is always named: there is no global one to fall back to. */
export type RequestOptions = Omit<Dispatcher.RequestOptions, "origin" | "path" | "method"> & {
  method: Dispatcher.HttpMethod;
  dispatcher: Dispatcher;
};

/** Sends a request; rejects when no answer came, whatever its status. */
export async function request(url: string, options: RequestOptions): Promise<Dispatcher.ResponseData> {
  const { dispatcher, ...rest } = options;
  const { origin, pathname, search } = new URL(url);
  return dispatcher.request({ ...rest, origin, path: `${pathname}${search}` });
}

/** Set here, so that NODE_TLS_REJECT_UNAUTHORIZED does not undo it: whoever wants that passes a dispatcher of their own. */
const VERIFIED = { rejectUnauthorized: true };

/** A new dispatcher, which goes through the proxy that the environment names, where it names one. */
export function createAgent(): Dispatcher {
  return isProxied()
    ? new EnvHttpProxyAgent({ keepAliveTimeout: 4_000, connect: VERIFIED, requestTls: VERIFIED, proxyTls: VERIFIED })
    : new Agent({ keepAliveTimeout: 4_000, connect: { ...VERIFIED, timeout: 10_000 } });
}

/** Whether the environment names a proxy. */
export function isProxied(): boolean {
  return proxyAddresses().length > 0;
}

/** The proxies that the environment names. */
export function proxyAddresses(): string[] {
  const { env } = process;
  return ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].flatMap((name) => env[name] || []);
}
