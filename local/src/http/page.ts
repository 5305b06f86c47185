// The viewer's page and its two files, under a policy that lets nothing else in.
import { readFileSync } from "node:fs";
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { pageFile } from "../page-files.js";

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export function pageRoutes(): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();
  const send = (c: Context, file: Parameters<typeof pageFile>[0], type: string): Response =>
    c.body(readFileSync(pageFile(file), "utf8"), 200, {
      "Content-Type": `${type}; charset=utf-8`,
      "Content-Security-Policy": POLICY,
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-cache",
    });
  routes.get("/", (c) => send(c, "index.html", "text/html"));
  routes.get("/traces/:id", (c) => send(c, "index.html", "text/html"));
  // Where the `langsmith` client believes runs to be shown (`getRunUrl`, `getProjectUrl`).
  routes.get("/o/:tenant/projects/p/:project", (c) =>
    c.redirect(`/?project=${encodeURIComponent(c.req.param("project"))}`),
  );
  routes.get("/o/:tenant/projects/p/:project/r/:run", (c) =>
    c.redirect(`/?run=${encodeURIComponent(c.req.param("run"))}`),
  );
  routes.get("/page/app.js", (c) => send(c, "app.js", "text/javascript"));
  routes.get("/page/style.css", (c) => send(c, "style.css", "text/css"));
  return routes;
}
