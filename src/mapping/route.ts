// The name of a request's run: its method, and the route where it is known.
import type { Mapped } from "./mapped.js";

const methodAlone = /^(?:HTTP )?(CONNECT|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT|QUERY|TRACE)$/;

/** `POST` and `/chat/:id` are `POST /chat/:id`; undefined where the name says more already, or the route nothing. */
export function nameWithRoute(name: string, route: unknown): string | undefined {
  const [, method] = methodAlone.exec(name) ?? [];
  // A middleware's own pattern is no route.
  if (method === undefined || typeof route !== "string" || route === "" || /^\/?\*$/.test(route)) return undefined;
  return `${method} ${route}`;
}

/** Names a request's run by a route that only a span below it knew: a framework's inside an HTTP server's. */
export function asRouted(mapped: Mapped, route: unknown): Mapped {
  const { content } = mapped;
  const name = nameWithRoute(content.name, route);
  if (name === undefined) return mapped;
  const metadata = { ...content.extra.metadata };
  metadata["otel.span.name"] ??= content.name;
  metadata["http.route"] ??= route;
  return { ...mapped, content: { ...content, name, extra: { ...content.extra, metadata } } };
}
