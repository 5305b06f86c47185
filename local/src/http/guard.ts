// Keeps web pages out: a name that was rebound to this address, and requests that another site's page sends.
import type { MiddlewareHandler } from "hono";
import { Refusal } from "../errors.js";

/**
 * Refuses a Host that is neither an address, `localhost` nor allowed (DNS rebinding works through names), and a
 * changing request whose Origin is another site.
 */
export function guard(allowedHosts: readonly string[]): MiddlewareHandler {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  return async (c, next) => {
    const host = c.req.header("host") ?? "";
    const name = host.replace(/:\d+$/, "").toLowerCase();
    if (!isLocalName(name) && !isAddress(name) && !allowed.has(name)) {
      throw new Refusal(
        403,
        `Host ${host.slice(0, 100)} is not served here. Use 127.0.0.1, or allow the name (allowedHosts).`,
      );
    }
    const origin = c.req.header("origin");
    if (origin && origin !== `http://${host}` && c.req.method !== "GET" && c.req.method !== "HEAD") {
      throw new Refusal(403, `Requests from pages of ${origin.slice(0, 100)} are not taken.`);
    }
    await next();
  };
}

function isLocalName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

function isAddress(name: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name);
}
