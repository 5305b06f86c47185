// Feedback: created, read, changed, deleted.
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { Refusal } from "../errors.js";
import { idText, isUuid } from "../json.js";
import type { Db } from "../storage/database.js";
import {
  deleteFeedback,
  feedbackProblem,
  listFeedback,
  readFeedback,
  storeFeedback,
  updateFeedback,
} from "../storage/feedback.js";
import { nowMicros, parseTime } from "../time.js";
import { readJson } from "./body.js";

export function feedbackRoutes(db: Db, maxBytes: number): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();

  routes.post("/feedback", async (c) => {
    const body = await readJson(c.env.incoming, maxBytes);
    const problem = feedbackProblem(body);
    if (problem) throw new Refusal(422, problem);
    if (!isUuid(body["run_id"]) && !isUuid(body["session_id"])) {
      throw new Refusal(422, "feedback needs a run_id or a session_id");
    }
    const id = db.transaction(() => storeFeedback(db, body, nowMicros()));
    return c.json(readFeedback(db, id) ?? {});
  });

  routes.get("/feedback", (c) => {
    const ids = (name: string): string[] | undefined => {
      const values = c.req.queries(name);
      const wrong = values?.find((value) => !isUuid(value));
      if (wrong !== undefined) throw new Refusal(422, `${name}: ${wrong} is not a UUID`);
      return values?.map(idText);
    };
    const flag = (name: string): boolean | undefined => {
      const value = c.req.query(name);
      return value === undefined ? undefined : value === "true";
    };
    const time = (name: string): number | undefined => {
      const value = c.req.query(name);
      const micros = value === undefined ? undefined : parseTime(value);
      if (value !== undefined && micros === undefined) throw new Refusal(422, `${name} must be an ISO 8601 time`);
      return micros;
    };
    const number = (name: string, byDefault: number, min: number, max: number): number => {
      const value = Number(c.req.query(name) ?? byDefault);
      if (Number.isInteger(value) && value >= min && value <= max) return value;
      throw new Refusal(422, `${name} must be a whole number from ${min} to ${max}`);
    };
    const level = c.req.query("level");
    if (level !== undefined && level !== "run" && level !== "session") {
      throw new Refusal(422, "level must be run or session");
    }
    return c.json(
      listFeedback(db, {
        runIds: ids("run"),
        keys: c.req.queries("key"),
        projectIds: ids("session"),
        sources: c.req.queries("source"),
        hasComment: flag("has_comment"),
        hasScore: flag("has_score"),
        level,
        minCreatedMicros: time("min_created_at"),
        maxCreatedMicros: time("max_created_at"),
        comparativeExperimentId: ids("comparative_experiment_id")?.[0],
        limit: number("limit", 100, 1, 100),
        offset: number("offset", 0, 0, Number.MAX_SAFE_INTEGER),
      }),
    );
  });

  routes.get("/feedback/:id", (c) => {
    const feedback = readFeedback(db, c.req.param("id"));
    if (!feedback) throw new Refusal(404, "Feedback not found");
    return c.json(feedback);
  });

  routes.patch("/feedback/:id", async (c) => {
    const id = c.req.param("id");
    const changes = await readJson(c.env.incoming, maxBytes);
    const problem = feedbackProblem({ ...changes, key: "unchanged" });
    if (problem) throw new Refusal(422, problem);
    if (!db.transaction(() => updateFeedback(db, id, changes, nowMicros()))) {
      throw new Refusal(404, "Feedback not found");
    }
    return c.json(readFeedback(db, id) ?? {});
  });

  routes.delete("/feedback/:id", (c) => {
    if (!deleteFeedback(db, c.req.param("id"))) throw new Refusal(404, "Feedback not found");
    return c.json({ message: "Feedback deleted" });
  });

  return routes;
}
