// The viewer's page and its two files, under a policy that lets nothing else in.
import { readFileSync } from "node:fs";
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { Refusal } from "../errors.js";
import { pageFile } from "../page-files.js";
import { readRun } from "../query/runs.js";
import { ALL_FIELDS } from "../query/serialize.js";
import { viewProjects, viewTrace, viewTraces } from "../query/views.js";
import type { Db } from "../storage/database.js";

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

/** @param reading the database, for one request that has a time to end in */
export function pageRoutes(reading: () => Db): Hono<{ Bindings: HttpBindings }> {
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
  routes.get("/page/api/projects", (c) => c.json(viewProjects(reading())));
  routes.get("/page/api/traces", (c) => c.json(viewTraces(reading(), c.req.query())));
  routes.get("/page/api/traces/:id", (c) => {
    const trace = viewTrace(reading(), c.req.param("id"));
    if (!trace) throw new Refusal(404, "There is no such trace here.");
    return c.json(trace);
  });
  routes.get("/page/api/runs/:id", (c) => {
    const run = readRun(reading(), c.req.param("id"), ALL_FIELDS);
    if (!run) throw new Refusal(404, "There is no such run here.");
    return c.json(run);
  });
  return routes;
}
