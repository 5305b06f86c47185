// Projects as the newer interface lists them, and the project that an address names.
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { Refusal } from "../errors.js";
import { projectName } from "../ingest/address.js";
import { type JsonObject, objectOf, parseJson, stringOf } from "../json.js";
import type { Db } from "../storage/database.js";
import { type Project, projectById, projectByName } from "../storage/projects.js";
import { chooseProjects, refuseLacking, sessionOf, sortProjects, wholeNumber } from "./projects.js";

type Env = { Bindings: HttpBindings };

const TYPES = ["PROJECT", "AGENT", "EXPERIMENT"];

/** `GET /api/v2/sessions`: a page of projects, by the parameters of the client's `sessions.listV2`. */
export function v2ProjectRoutes(reading: () => Db): Hono<Env> {
  const routes = new Hono<Env>();
  routes.get("/sessions", (c) => {
    const db = reading();
    const query = (name: string): string | undefined => c.req.query(name) || undefined;
    refuseLacking(query);
    const types = listOf(c, "type");
    const wrong = types?.find((type) => !TYPES.includes(type));
    if (wrong !== undefined) throw new Refusal(422, `type must be among ${TYPES.join(", ")}, not ${wrong}`);
    const limit = wholeNumber(query("page_size") ?? query("limit"), 20, 1, 100, "page_size");
    const from = readCursor(query("cursor"));
    const sortBy = (query("sort_by") ?? "START_TIME").toLowerCase();
    const needsStats = query("include_stats") === "true" || /^(error_rate|latency_)/.test(sortBy);
    const stats = { filter: query("stats_filter"), start: query("stats_start_time") };
    const datasets = listOf(c, "reference_dataset_id");
    const sessions = chooseProjects(db, listOf(c, "id"), (name) =>
      name === "reference_dataset" || name === "reference_free" ? undefined : query(name),
    )
      .filter((project) => !types || types.includes(typeOf(project)))
      .filter((project) => !datasets || datasets.includes(project.referenceDatasetId ?? ""))
      .map((project) => v2SessionOf(db, project, needsStats ? stats : undefined));
    sortProjects(sessions, sortBy, (query("sort_order") ?? "desc").toLowerCase() !== "asc");
    const next = from + limit;
    return c.json({
      items: sessions.slice(from, next),
      next_cursor: next < sessions.length ? Buffer.from(JSON.stringify([next])).toString("base64url") : null,
    });
  });
  return routes;
}

/** `GET /sessions/resolutions`: the project that an agent's, an experiment's address names. */
export function resolutionRoutes(db: Db): Hono<Env> {
  const routes = new Hono<Env>();
  routes.get("/sessions/resolutions", (c) => {
    const kind = c.req.query("kind")?.toUpperCase();
    const id = c.req.query("id") ?? "";
    const environment = c.req.query("environment") ?? "";
    const name = c.req.query("name") ?? c.req.query("session_name") ?? c.req.query("project_name");
    if (kind === undefined && name !== undefined) {
      const named = projectByName(db, name);
      if (!named) throw new Refusal(404, `There is no project ${name}`);
      return c.json({ session_id: named.id });
    }
    if (kind === "EVALUATOR") throw new Refusal(501, "Evaluators are not part of the local server.");
    if (kind !== "AGENT" && kind !== "EXPERIMENT") {
      throw new Refusal(422, "kind must be AGENT, with id and environment, or EXPERIMENT, with id");
    }
    const project = kind === "AGENT" ? projectByName(db, projectName(id, environment)) : projectById(db, id);
    if (!project) throw new Refusal(404, `No project has this address: ${kind} ${id} ${environment}`.trim());
    return c.json({ session_id: project.id });
  });
  return routes;
}

/** Several values of a parameter, repeated or (as some clients write lists) in one with commas. */
function listOf(c: Context<Env>, name: string): string[] | undefined {
  const values = [...(c.req.queries(name) ?? []), ...(c.req.queries(`${name}[]`) ?? [])];
  return values.length === 0 ? undefined : values.flatMap((value) => value.split(","));
}

function readCursor(text: string | undefined): number {
  if (text === undefined) return 0;
  const value = parseJson(Buffer.from(text, "base64url").toString("utf8"));
  const [from]: unknown[] = Array.isArray(value) ? value : [];
  if (typeof from === "number" && Number.isSafeInteger(from) && from >= 0) return from;
  throw new Refusal(400, "cursor is not one that this server gave out");
}

function typeOf(project: Project): string {
  if (project.referenceDatasetId !== null) return "EXPERIMENT";
  return stringOf(objectOf(project.extra)?.["address"]) === undefined ? "PROJECT" : "AGENT";
}

// The newer form has money as numbers, and a tier in capitals.
function v2SessionOf(db: Db, project: Project, stats: Parameters<typeof sessionOf>[2]): JsonObject {
  const session = sessionOf(db, project, stats);
  const money = Object.fromEntries(
    ["total_cost", "prompt_cost", "completion_cost"].flatMap((name) =>
      typeof session[name] === "string" ? [[name, Number(session[name])]] : [],
    ),
  );
  return { ...session, ...money, type: typeOf(project), trace_tier: project.traceTier?.toUpperCase() ?? null };
}
