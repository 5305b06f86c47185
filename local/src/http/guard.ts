// Keeps web pages out: a name that was rebound to this address, and requests that another site's page sends.
import type { HonoRequest, MiddlewareHandler } from "hono";
import { Refusal } from "../errors.js";

/**
 * Refuses a Host that is neither an address, `localhost` nor allowed (DNS rebinding works through names), and what the
 * page of another site sends: it could change data, and keep the server busy with queries. A link to the viewer that is
 * followed is no such request, and a feedback link may be used from anywhere.
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
    const isOfOther = origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
    const isEmbedded = /^(cross|same)-site$/.test(c.req.header("sec-fetch-site") ?? "") && !isFollowed(c.req);
    if ((isOfOther || isEmbedded) && !/^(\/api)?(\/v1)?\/feedback\/tokens\/[^/]+$/.test(c.req.path)) {
      throw new Refusal(403, `Requests from pages of ${(origin ?? "other sites").slice(0, 100)} are not taken.`);
    }
    await next();
  };
}

// Into a window of its own: a frame, and a window opened on a query, would be asked for by the other page.
function isFollowed(request: HonoRequest): boolean {
  const [mode, dest = "document"] = [request.header("sec-fetch-mode"), request.header("sec-fetch-dest")];
  const isPage = /^\/($|traces\/|o\/)/.test(request.path);
  return request.method === "GET" && mode === "navigate" && dest === "document" && isPage;
}

function isLocalName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

function isAddress(name: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name);
}
