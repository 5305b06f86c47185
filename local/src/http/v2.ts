// The v2 routes: runs, traces and threads as the newer interface asks for them.
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { Refusal } from "../errors.js";
import { idText, isUuid, type JsonObject, uuidFrom } from "../json.js";
import { appPath } from "../query/run-fields.js";
import { readRun } from "../query/runs.js";
import { parseV2Selects, readV2Run, v2Page, v2TraceRuns } from "../query/v2-runs.js";
import { v2AggregateStats, v2ThreadStats, v2Threads, v2ThreadTraces, v2Traces } from "../query/v2-threads.js";
import type { Db } from "../storage/database.js";
import { projectById } from "../storage/projects.js";
import { readJson } from "./body.js";

const MAX_BYTES = 4 * 1024 * 1024;

type Env = { Bindings: HttpBindings };

/** @param reading the database, for one request that has a time to end in */
export function v2Routes(reading: () => Db): Hono<Env> {
  const routes = new Hono<Env>();
  const body = async (c: Context<Env>): Promise<JsonObject> => {
    const value = await readJson(c.env.incoming, MAX_BYTES);
    // A deployment without a language model says so, as the service's own do.
    if (value["ai_search"] != null || value["ai_query"] != null) {
      throw new Refusal(501, "Natural-language search is not part of the local server. Use filter.");
    }
    return value;
  };

  routes.post("/runs/query", async (c) => {
    const query = await body(c);
    requireProjects(reading(), query["project_ids"]);
    return pageAnswer(c, v2Page(reading(), query));
  });

  routes.get("/runs/:id", (c) => {
    const id = uuidParam(c, "id");
    const project = projectParam(reading(), c, "project_id");
    const run = readV2Run(reading(), id, project, parseV2Selects(c.req.queries("selects")));
    if (!run) throw new Refusal(404, `Run ${id} not found in this project`);
    return c.json(run);
  });

  // Where the viewer shows the run.
  routes.get("/runs/:id/url", (c) => {
    const id = uuidParam(c, "id");
    const known = readRun(reading(), id, new Set(["trace_id"] as const));
    const trace = uuidFrom(known?.["trace_id"]) ?? uuidFrom(c.req.query("trace_id")) ?? id;
    const { origin } = new URL(c.req.url);
    return c.json({ url: `${origin}${appPath(trace, id)}` });
  });

  routes.get("/traces/:id/runs", (c) => {
    const project = projectParam(reading(), c, "project_id");
    return c.json(
      v2TraceRuns(reading(), uuidParam(c, "id"), project, c.req.query(), parseV2Selects(c.req.queries("selects"))),
    );
  });

  routes.post("/traces/query", async (c) => {
    const query = await body(c);
    requireProjects(reading(), [query["project_id"]]);
    return pageAnswer(c, v2Traces(reading(), query));
  });

  routes.post("/threads/query", async (c) => {
    const query = await body(c);
    requireProjects(reading(), [query["project_id"]]);
    return pageAnswer(c, v2Threads(reading(), query));
  });

  routes.post("/threads/stats", async (c) => {
    const query = await body(c);
    requireProjects(reading(), [query["project_id"]]);
    return c.json(v2AggregateStats(reading(), query));
  });

  routes.get("/threads/:id/stats", (c) => {
    // The contract says session_id, the newer client project_id.
    const name = c.req.query("session_id") === undefined ? "project_id" : "session_id";
    const project = projectParam(reading(), c, name);
    return c.json(
      v2ThreadStats(reading(), project, c.req.param("id"), c.req.queries("selects") ?? [], c.req.query("filter")),
    );
  });

  routes.get("/threads/:id/traces", (c) => {
    const project = projectParam(reading(), c, "project_id");
    return c.json(v2ThreadTraces(reading(), project, c.req.param("id"), c.req.query(), c.req.queries("selects") ?? []));
  });

  return routes;
}

// The client's `streaming` calls read a page as events of JSON patches; taken for one, plain JSON is a page of nothing.
function pageAnswer(c: Context<Env>, page: JsonObject): Response {
  if (!c.req.header("accept")?.includes("text/event-stream")) return c.json(page);
  const patch = [{ op: "add", path: "", value: page }];
  return c.body(`event: data\ndata: ${JSON.stringify(patch)}\n\nevent: end\ndata: {}\n\n`, 200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
  });
}

function uuidParam(c: Context<Env>, name: string): string {
  const id = uuidFrom(c.req.param(name));
  if (id === undefined) throw new Refusal(422, `${name} must be a UUID`);
  return id;
}

function projectParam(db: Db, c: Context<Env>, name: string): string {
  const value = c.req.query(name);
  if (value === undefined) throw new Refusal(400, `${name} is missing: the UUID of the project`);
  requireProjects(db, [value]);
  return idText(value);
}

function requireProjects(db: Db, ids: unknown): void {
  if (!Array.isArray(ids) || ids.length === 0 || ids[0] == null) {
    throw new Refusal(400, "project_ids is missing: the UUIDs of the projects to query");
  }
  for (const id of ids) {
    if (!isUuid(id)) throw new Refusal(422, `a project's id must be a UUID, not ${JSON.stringify(id)}`);
    if (!projectById(db, id)) throw new Refusal(404, `session not found: ${id}`);
  }
}
