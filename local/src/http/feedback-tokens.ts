// Presigned feedback: a link is made for a run and a key, and whoever has it may leave a score or a comment.
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { Refusal } from "../errors.js";
import { idText, isObject, isUuid, type JsonObject, numberOf, objectOf, stringOf } from "../json.js";
import type { Db } from "../storage/database.js";
import { feedbackProblem, readFeedback, storeFeedback } from "../storage/feedback.js";
import {
  createFeedbackToken,
  dropFeedbackTokens,
  type FeedbackToken,
  feedbackTokensOf,
  readFeedbackToken,
} from "../storage/feedback-tokens.js";
import { formatTime, nowMicros, parseTime } from "../time.js";
import { parseJsonText, readBody, readJson } from "./body.js";

type Env = { Bindings: HttpBindings };

const MAX_BYTES = 1024 * 1024;
const DEFAULT_MICROS = 3 * 3_600_000_000;

export function feedbackTokenRoutes(db: Db): Hono<Env> {
  const routes = new Hono<Env>();

  // One, or a list of them, as the Python client sends.
  routes.post("/feedback/tokens", async (c) => {
    const text = (await readBody(c.env.incoming, MAX_BYTES)).toString("utf8");
    const body = parseJsonText(text, "the body");
    const orders: unknown[] = Array.isArray(body) ? body : [body];
    const now = nowMicros();
    const tokens = db.transaction(() => {
      dropFeedbackTokens(db, now);
      return orders.map((order) => tokenAnswer(c, createToken(db, order, now)));
    });
    return c.json(Array.isArray(body) ? tokens : tokens[0]);
  });

  routes.get("/feedback/tokens", (c) => {
    const run = c.req.query("run_id");
    if (!isUuid(run)) throw new Refusal(422, "run_id must be the run's UUID");
    const offset = Number(c.req.query("offset") ?? 0);
    return c.json(
      feedbackTokensOf(db, idText(run))
        .slice(Number.isInteger(offset) && offset >= 0 ? offset : 0)
        .map((token) => tokenAnswer(c, token)),
    );
  });

  routes.get("/feedback/tokens/:token", (c) => {
    const { score, value, comment, correction } = c.req.query();
    const number = score === undefined || score === "" ? undefined : Number(score);
    if (Number.isNaN(number)) throw new Refusal(422, "score must be a number; words go into value");
    return leave(c, { score: number, value, comment, correction });
  });

  routes.post("/feedback/tokens/:token", async (c) => leave(c, await readJson(c.env.incoming, MAX_BYTES)));

  const leave = (c: Context<Env>, said: JsonObject): Response => {
    const token = readFeedbackToken(db, c.req.param("token") ?? "");
    const now = nowMicros();
    if (!token || token.expiresMicros < now) throw new Refusal(404, "This feedback link is unknown, or has expired.");
    const { score, value, comment, correction, metadata } = said;
    const feedback = {
      run_id: token.runId,
      key: token.key,
      ...{ score, value, comment, correction },
      feedback_source: { type: "presigned", metadata: objectOf(metadata) ?? {} },
    };
    const problem = feedbackProblem(feedback);
    if (problem) throw new Refusal(422, problem);
    const id = db.transaction(() => storeFeedback(db, feedback, now));
    return c.json(readFeedback(db, id) ?? {});
  };

  return routes;
}

function createToken(db: Db, order: unknown, now: number): FeedbackToken {
  if (!isObject(order)) throw new Refusal(422, "the body must be a JSON object, or a list of them");
  const run = order["run_id"];
  const key = stringOf(order["feedback_key"]);
  if (!isUuid(run)) throw new Refusal(422, "run_id must be the run's UUID");
  const problem = feedbackProblem({ key });
  if (problem || key === undefined) throw new Refusal(422, problem ?? "feedback_key is missing");
  return createFeedbackToken(db, idText(run), key, expiryOf(order, now));
}

const UNIT_MICROS = { days: 86_400_000_000, hours: 3_600_000_000, minutes: 60_000_000, seconds: 1_000_000 } as const;

function expiryOf(order: JsonObject, now: number): number {
  if (order["expires_at"] != null) {
    const at = parseTime(order["expires_at"]);
    if (at === undefined) throw new Refusal(422, "expires_at must be an ISO 8601 time");
    return at;
  }
  const spans = objectOf(order["expires_in"]);
  if (!spans) return now + DEFAULT_MICROS;
  const micros = Object.entries(UNIT_MICROS).reduce(
    (sum, [unit, size]) => sum + (numberOf(spans[unit]) ?? 0) * size,
    0,
  );
  const at = now + Math.round(micros);
  if (parseTime(Math.round(at / 1000)) === undefined) throw new Refusal(422, "expires_in is beyond the calendar");
  return at;
}

function tokenAnswer(c: Context<Env>, token: FeedbackToken): JsonObject {
  const { origin } = new URL(c.req.url);
  return {
    id: token.id,
    url: `${origin}/feedback/tokens/${token.id}`,
    expires_at: formatTime(token.expiresMicros),
  };
}
