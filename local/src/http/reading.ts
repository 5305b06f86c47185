// The v1 routes that read runs.
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { Refusal } from "../errors.js";
import { isUuid } from "../json.js";
import { groupRuns, threadPreview } from "../query/groups.js";
import { queryRuns, readRun } from "../query/runs.js";
import { ALL_FIELDS } from "../query/serialize.js";
import { runStats } from "../query/stats.js";
import { readAttachment } from "../storage/attachments.js";
import type { Db } from "../storage/database.js";
import { readJson } from "./body.js";

const MAX_QUERY_BYTES = 4 * 1024 * 1024;

/** @param reading the database, for one request that has a time to end in */
export function readRoutes(reading: () => Db): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();

  routes.post("/runs/query", async (c) =>
    c.json(queryRuns(reading(), await readJson(c.env.incoming, MAX_QUERY_BYTES))),
  );
  routes.post("/runs/stats", async (c) => c.json(runStats(reading(), await readJson(c.env.incoming, MAX_QUERY_BYTES))));
  routes.post("/runs/group", async (c) =>
    c.json(groupRuns(reading(), await readJson(c.env.incoming, MAX_QUERY_BYTES))),
  );

  routes.get("/runs/threads/:thread", (c) => {
    const project = c.req.query("session_id");
    if (!isUuid(project)) throw new Refusal(422, "session_id must be the project's UUID");
    return c.json(threadPreview(reading(), project, c.req.param("thread"), c.req.queries("select") ?? []));
  });

  // A share link names a run by its trace id, which is the root run's id.
  routes.get("/runs/:id", (c) => {
    const id = c.req.param("id");
    if (!isUuid(id)) throw new Refusal(422, `${id} is not a run id`);
    const fields = new Set(ALL_FIELDS);
    if (c.req.query("exclude_serialized") === "true") fields.delete("serialized");
    const run = readRun(reading(), id, fields);
    if (!run) throw new Refusal(404, `Run ${id} not found`);
    return c.json(run);
  });

  routes.get("/runs/:id/attachments/:name", (c) => {
    const attachment = readAttachment(reading(), c.req.param("id"), c.req.param("name"));
    if (!attachment) throw new Refusal(404, "there is no such attachment");
    // Whatever a run brought: it is handed out as a file, never shown as a page of this address.
    return c.body(new Uint8Array(attachment.data), 200, {
      "Content-Type": /^[\w.+-]+\/[\w.+-]+/.test(attachment.mimeType)
        ? attachment.mimeType
        : "application/octet-stream",
      "Content-Disposition": "attachment",
      "Content-Security-Policy": "default-src 'none'; sandbox",
      "X-Content-Type-Options": "nosniff",
    });
  });

  return routes;
}
