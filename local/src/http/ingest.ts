// The ingestion routes: check everything, then store everything, or nothing.
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { Refusal } from "../errors.js";
import { placedByOrder, spelled } from "../ingest/arrival.js";
import { validateOperation } from "../ingest/rules.js";
import { isObject, isUuid, type JsonObject, uuidFrom } from "../json.js";
import type { Db } from "../storage/database.js";
import { feedbackProblem } from "../storage/feedback.js";
import { placed } from "../storage/placing.js";
import { type Intake, type Operation, store } from "../storage/writer.js";
import { nowMicros } from "../time.js";
import { readBody, readJson } from "./body.js";
import { readMultipart } from "./multipart.js";

/** The bounds of ingestion. Source of the defaults: `batch_ingest_config` in `/info`, and the wire reference. */
export interface IngestLimits {
  /** Operations a request that clients are asked for in `/info`: a hint, as the service's is. Default 100. */
  readonly maxOperations: number;
  /** Bytes a request, uncompressed. Default 20971520. */
  readonly maxBytes: number;
  /** Runs a trace. Default 25000. */
  readonly maxRunsPerTrace: number;
}

/** Operations a request that are taken, whatever clients were asked for. */
export const MAX_OPERATIONS = 5_000;

// What multipart adds around its parts is not counted against the service's limit.
const FRAMING_BYTES = 2 * 1024 * 1024;

export function ingestRoutes(db: Db, limits: IngestLimits, onStored: () => void): Hono<{ Bindings: HttpBindings }> {
  const routes = new Hono<{ Bindings: HttpBindings }>();
  const take = (arrived: Intake): void => {
    const intake = { ...arrived, operations: arrived.operations.map(read) };
    check(intake, Math.max(limits.maxOperations, MAX_OPERATIONS));
    store(db, intake, limits.maxRunsPerTrace);
    onStored();
  };

  routes.post("/runs/multipart", async (c) => {
    const { incoming } = c.env;
    const body = await readBody(incoming, limits.maxBytes + FRAMING_BYTES);
    take(readMultipart(body, incoming.headers["content-type"]));
    return c.json({ message: "Accepted" }, 202);
  });

  routes.post("/runs/batch", async (c) => {
    const body = await readJson(c.env.incoming, limits.maxBytes + FRAMING_BYTES);
    const operations = [...runsIn(body, "post"), ...runsIn(body, "patch")];
    take({ operations, feedback: [], attachments: [] });
    return c.json({ message: "Runs batch ingested" }, 202);
  });

  routes.post("/runs", async (c) => {
    const run = await readJson(c.env.incoming, limits.maxBytes);
    const complete = placed(db, spelled(run), nowMicros());
    take({ operations: [{ kind: "post", ...complete }], feedback: [], attachments: [] });
    // The id is for whoever left it to the server.
    return c.json({ message: "Run created", id: String(complete.run["id"]) }, 202);
  });

  routes.patch("/runs/:id", async (c) => {
    const id = uuidFrom(c.req.param("id"));
    if (id === undefined) throw new Refusal(422, `${c.req.param("id")} is not a run id`);
    const run = { ...(await readJson(c.env.incoming, limits.maxBytes)), id };
    take({ operations: [{ kind: "patch", run, isPartial: true }], feedback: [], attachments: [] });
    return c.json({ message: "Run updated" }, 202);
  });

  return routes;
}

function runsIn(body: JsonObject, kind: Operation["kind"]): Operation[] {
  const runs = body[kind] ?? [];
  if (!Array.isArray(runs)) throw new Refusal(422, `${kind} must be a list of runs`);
  return runs.map((run): Operation => {
    if (!isObject(run)) throw new Refusal(422, `${kind} holds something that is not a run`);
    return { kind, run };
  });
}

function read(operation: Operation): Operation {
  const asSpelled = spelled(operation.run);
  const run = operation.kind === "patch" ? placedByOrder(asSpelled) : asSpelled;
  return run === operation.run ? operation : { ...operation, run };
}

function check(intake: Intake, maxOperations: number): void {
  if (intake.operations.length > maxOperations) {
    throw new Refusal(
      422,
      `the request holds ${intake.operations.length} operations; at most ${maxOperations} are taken`,
    );
  }
  for (const operation of intake.operations) {
    const [worst] = validateOperation(operation).toSorted((a, b) => a.status - b.status);
    if (worst)
      throw new Refusal(worst.status, `${operation.kind} of run ${String(operation.run["id"])}: ${worst.message}`);
  }
  for (const feedback of intake.feedback) {
    const problem = feedbackProblem(feedback);
    if (problem) throw new Refusal(422, problem);
    if (!isUuid(feedback["trace_id"])) throw new Refusal(422, "feedback in a multipart request needs its trace_id");
  }
}
